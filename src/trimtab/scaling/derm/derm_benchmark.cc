// What a Derm decision costs, from cold on one core. Budgets for 50, 400 and 2,500 microservices in
// 12 graphs, SLA 1.3 and 2 times the idle P95: continuous 0.5, 3, 20 ms; rounding 3, 50, 100 ms.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "benchmark/benchmark.h"
#include "trimtab/scaling/derm/derm_instance_generator.h"
#include "trimtab/scaling/derm/derm_paper.h"
#include "trimtab/scaling/derm/derm_rounding.h"
#include "trimtab/scaling/derm/derm_solver.h"

namespace trimtab {
namespace {

// Arguments: microservices, ten times the tightness, whether graphs have parallel calls.
DermProblem Problem(const benchmark::State& state) {
  return *MakeDermInstance({.microservices = static_cast<int>(state.range(0)),
                            .graphs = 12,
                            .parallel = state.range(2) != 0,
                            .tightness = static_cast<double>(state.range(1)) / 10,
                            .seed = 1});
}

void DermContinuous(benchmark::State& state) {
  const DermProblem problem = Problem(state);
  for (auto _ : state) benchmark::DoNotOptimize(SolveDerm(problem));
}
void DermWarm(benchmark::State& state) {
  DermProblem problem = Problem(state);
  const DermSolution before = *SolveDerm(problem);
  problem.application_load *= 1.3;
  for (auto _ : state) benchmark::DoNotOptimize(SolveDerm(problem, {}, &before));
}
void DermRounded(benchmark::State& state) {
  const DermProblem problem = Problem(state);
  const DermSolution solution = *SolveDerm(problem);
  for (auto _ : state) benchmark::DoNotOptimize(RoundDerm(problem, solution));
}
// The published procedure on ten instances at once. The paper says that five iterations suffice for
// 50 microservices. Arguments: graphs, ten times the tightness, whether they have parallel calls.
void DermPaper(benchmark::State& state) {
  std::vector<DermProblem> problems;
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    problems.push_back(*MakeDermInstance({.microservices = 50,
                                          .graphs = static_cast<int>(state.range(0)),
                                          .parallel = state.range(2) != 0,
                                          .tightness = static_cast<double>(state.range(1)) / 10,
                                          .seed = seed}));
  }
  std::vector<int> iterations;  // of those that converged
  for (auto _ : state) {
    iterations.clear();
    for (const DermProblem& problem : problems) {
      const DermPaperPlan plan = *PlanAsPaper(problem);
      if (plan.solution.feasible && plan.solution.converged) iterations.push_back(plan.iterations);
    }
  }
  std::ranges::sort(iterations);
  const std::size_t count = iterations.size();
  state.counters["converged"] = static_cast<double>(count);
  if (count == 0) return;
  state.counters["iterations"] = 0.5 * (iterations[(count - 1) / 2] + iterations[count / 2]);
}
BENCHMARK(DermContinuous)
    ->ArgsProduct({{50, 400, 2500}, {13, 20}, {0, 1}})
    ->Unit(benchmark::kMillisecond);
BENCHMARK(DermPaper)->ArgsProduct({{1, 12}, {13, 20}, {0, 1}})->Unit(benchmark::kMillisecond);
BENCHMARK(DermWarm)->ArgsProduct({{50, 400, 2500}, {13}, {0, 1}})->Unit(benchmark::kMillisecond);
BENCHMARK(DermRounded)
    ->ArgsProduct({{50, 400, 2500}, {13, 20}, {0, 1}})
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace trimtab
