// What a decision costs. Budgets: 30 steps over 36 microservices 100 us (paper) and 300 us
// (corrected), over 2,500 10 ms and 40 ms, on one core with AVX-512.
#include "benchmark/benchmark.h"
#include "trimtab/scaling/plan_json.h"
#include "trimtab/scaling/testing/thirty_steps.h"

namespace trimtab {
namespace {

void Plan(benchmark::State& state, GradFidelity fidelity, GradEvaluation evaluation) {
  testing::ThirtySteps problem(fidelity, static_cast<int>(state.range(0)), evaluation);
  for (auto _ : state) benchmark::DoNotOptimize(problem.MakePlan());
}

void PaperPlan(benchmark::State& state) {
  Plan(state, GradFidelity::kPaper, GradEvaluation::kIncremental);
}
void CorrectedPlan(benchmark::State& state) {
  Plan(state, GradFidelity::kCorrected, GradEvaluation::kIncremental);
}
void PaperPlanFullRecompute(benchmark::State& state) {
  Plan(state, GradFidelity::kPaper, GradEvaluation::kFullRecompute);
}
void CorrectedPlanFullRecompute(benchmark::State& state) {
  Plan(state, GradFidelity::kCorrected, GradEvaluation::kFullRecompute);
}
BENCHMARK(PaperPlan)->Arg(36)->Arg(2500)->Unit(benchmark::kMicrosecond);
BENCHMARK(CorrectedPlan)->Arg(36)->Arg(2500)->Unit(benchmark::kMicrosecond);
BENCHMARK(PaperPlanFullRecompute)->Arg(36)->Unit(benchmark::kMicrosecond);
BENCHMARK(CorrectedPlanFullRecompute)->Arg(36)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace trimtab
