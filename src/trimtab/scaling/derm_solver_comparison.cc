// Derm's continuous optimum, from cold, against NLopt's CCSAQ and MMA to the same relative cost.
#include "bench/comparison.h"
#include "fmt/format.h"
#include "trimtab/scaling/derm/derm_instance_generator.h"
#include "trimtab/scaling/derm/derm_solver.h"
#include "trimtab/scaling/testing/nlopt_reference.h"

namespace trimtab {
namespace {

// Budgets for ours, one core from cold: 0.5, 3 and 20 ms.
int Compare(int microservices, bool parallel, double tightness, nlopt_algorithm algorithm) {
  const DermProblem problem = *MakeDermInstance({.microservices = microservices,
                                                 .graphs = 12,
                                                 .parallel = parallel,
                                                 .tightness = tightness,
                                                 .seed = 1});
  const DermSolution ours = *SolveDerm(problem);
  const testing::ReferenceOptions options{
      .algorithm = algorithm, .tail = ours.model_tail, .most_evaluations = 2000, .tolerance = 1e-6};
  const auto peer = testing::SolveByNlopt(problem, options);
  const char* const name = algorithm == NLOPT_LD_MMA ? "MMA" : "CCSAQ";
  Comparison comparison;
  comparison.what = fmt::format("derm optimum, {}/12 {}, SLA {} x idle P95", microservices,
                                parallel ? "trees" : "sequences", tightness);
  comparison.unit = "solves/s";
  comparison.peer_name =
      peer ? fmt::format("NLopt {}, its cost {:+.1e}", name, peer->total / ours.total - 1)
           : fmt::format("NLopt {}, no feasible end in 2,000 evaluations", name);
  comparison.rounds = 3;
  return RunComparison(
      comparison, [&] { static_cast<void>(SolveDerm(problem)); },
      [&] { static_cast<void>(testing::SolveByNlopt(problem, options)); });
}

}  // namespace
}  // namespace trimtab

int main() {
  for (const bool parallel : {false, true}) {
    for (const int microservices : {50, 400, 2500}) {
      for (const double tightness : {1.3, 2.0}) {
        const nlopt_algorithm algorithm = tightness < 1.5 ? NLOPT_LD_MMA : NLOPT_LD_CCSAQ;
        if (trimtab::Compare(microservices, parallel, tightness, algorithm) != 0) return 1;
      }
    }
  }
  return 0;
}
