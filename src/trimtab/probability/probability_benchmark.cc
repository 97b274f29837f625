#include <benchmark/benchmark.h>

#include <cmath>
#include <cstddef>
#include <vector>

#include "trimtab/probability/cumulant_tail.h"
#include "trimtab/probability/grid_tail.h"
#include "trimtab/probability/paper_tail.h"
#include "trimtab/probability/random_stream.h"
#include "trimtab/probability/sequence_tail.h"
#include "trimtab/probability/testing/hypoexponential_reference.h"
#include "trimtab/probability/testing/random_latency_tree.h"

namespace trimtab {
namespace {

// Rates of spread 0.7, in 1/s.
std::vector<Stage> Sequence(const benchmark::State& state) {
  RandomStream random(1, "stages");
  std::vector<Stage> stages(static_cast<std::size_t>(state.range(0)));
  for (Stage& stage : stages) stage.rate = 100 * std::exp(0.7 * random.Normal());
  return stages;
}

double P95(const std::vector<Stage>& stages) {
  SequenceWorkspace workspace;
  return SequenceQuantile(stages, 0.95, workspace);
}

// Budgets: 0.8, 2 and 7 us for the value, 0.9, 3.3 and 13 us with all slopes.
void BM_SequenceByContour(benchmark::State& state) {
  const std::vector<Stage> stages = Sequence(state);
  const double time = P95(stages);
  SequenceWorkspace workspace;
  for (auto _ : state) benchmark::DoNotOptimize(SequenceTailAt(stages, time, workspace));
}
BENCHMARK(BM_SequenceByContour)->Arg(5)->Arg(50)->Arg(400)->Unit(benchmark::kMicrosecond);

void BM_SequenceByContourWithSlopes(benchmark::State& state) {
  const std::vector<Stage> stages = Sequence(state);
  const double time = P95(stages);
  SequenceWorkspace workspace;
  std::vector<double> slopes(stages.size());
  for (auto _ : state) {
    benchmark::DoNotOptimize(SequenceTailAt(stages, time, workspace, slopes));
    benchmark::DoNotOptimize(slopes.data());
  }
}
BENCHMARK(BM_SequenceByContourWithSlopes)->Arg(5)->Arg(50)->Arg(400)->Unit(benchmark::kMicrosecond);

// The peer: uniformisation of the chain of phases, in long double, value only.
void BM_SequenceByUniformisation(benchmark::State& state) {
  const std::vector<Stage> stages = Sequence(state);
  const double time = P95(stages);
  for (auto _ : state) benchmark::DoNotOptimize(testing::UniformisedTail(stages, time));
}
BENCHMARK(BM_SequenceByUniformisation)->Arg(5)->Arg(50)->Arg(400)->Unit(benchmark::kMicrosecond);

// Equation 10 as the paper has it, right or wrong.
void BM_SequenceByEquationTen(benchmark::State& state) {
  const std::vector<Stage> stages = Sequence(state);
  const double time = P95(stages);
  for (auto _ : state) benchmark::DoNotOptimize(PaperWithin(stages, time));
}
BENCHMARK(BM_SequenceByEquationTen)->Arg(5)->Arg(50)->Arg(400)->Unit(benchmark::kMicrosecond);

void BM_TreeByCumulantsWithSlopes(benchmark::State& state) {
  RandomStream random(2, "trees");
  const testing::RandomLatencyTree drawn(random, static_cast<std::size_t>(state.range(0)));
  std::vector<Cumulants> stages;
  for (const Stage& stage : drawn.stages) {
    stages.push_back(ShiftedExponentialCumulants(stage.rate, stage.offset));
  }
  CumulantEvaluator evaluator(drawn.tree);
  evaluator.Within(stages, 0);
  const double time = evaluator.total().mean + 1.8 * std::sqrt(evaluator.total().variance);
  std::vector<Cumulants> slopes(stages.size());
  for (auto _ : state) {
    benchmark::DoNotOptimize(evaluator.WithinAndSlopes(stages, time, slopes));
    benchmark::DoNotOptimize(slopes.data());
  }
}
BENCHMARK(BM_TreeByCumulantsWithSlopes)->Arg(5)->Arg(50)->Arg(400)->Unit(benchmark::kMicrosecond);

void BM_TreeByGrid(benchmark::State& state) {
  RandomStream random(2, "trees");
  const testing::RandomLatencyTree drawn(random, static_cast<std::size_t>(state.range(0)));
  const std::vector<StageLaw> laws(drawn.stages.begin(), drawn.stages.end());
  const double time = GridQuantile(drawn.tree, laws, 0.95).value();
  for (auto _ : state) benchmark::DoNotOptimize(GridWithin(drawn.tree, laws, time));
}
BENCHMARK(BM_TreeByGrid)->Arg(5)->Arg(50)->Arg(400)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace trimtab
