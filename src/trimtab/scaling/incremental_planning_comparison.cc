// Grad's incremental planning against working everything out anew after each step.
#include <string>

#include "bench/comparison.h"
#include "fmt/format.h"
#include "trimtab/scaling/testing/thirty_steps.h"

namespace trimtab {
namespace {

int Compare(GradFidelity fidelity, int microservices, int plans) {
  testing::ThirtySteps ours(fidelity, microservices, GradEvaluation::kIncremental);
  testing::ThirtySteps peer(fidelity, microservices, GradEvaluation::kFullRecompute);
  if (ours.MakePlan().target != peer.MakePlan().target) return 1;
  Comparison comparison;
  comparison.what = fmt::format("grad {}, 30 steps over {} microservices",
                                GradFidelityName(fidelity), microservices);
  comparison.unit = "plans/s";
  comparison.peer_name = "own full recomputation, same plan";
  comparison.work = plans;
  comparison.rounds = microservices > 100 ? 3 : 7;
  return RunComparison(
      comparison,
      [&] {
        for (int i = 0; i < plans; ++i) ours.MakePlan();
      },
      [&] {
        for (int i = 0; i < plans; ++i) peer.MakePlan();
      });
}

}  // namespace
}  // namespace trimtab

int main() {
  int code = 0;
  for (const auto fidelity : {trimtab::GradFidelity::kPaper, trimtab::GradFidelity::kCorrected}) {
    if (code == 0) code = trimtab::Compare(fidelity, 36, 100);
    if (code == 0) code = trimtab::Compare(fidelity, 2500, 1);
  }
  return code;
}
