#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "trimtab/graphdynamics/graph_predictor.h"
#include "trimtab/graphdynamics/matrix_product.h"
#include "trimtab/graphdynamics/share_blend.h"
#include "trimtab/graphdynamics/share_network_model.h"
#include "trimtab/graphdynamics/share_network_trainer.h"
#include "trimtab/graphdynamics/testing/synthetic_dynamics.h"
#include "trimtab/neural/aligned_floats.h"

namespace trimtab {
namespace {

// The paper's size: 12 argument classes, 36 graphs, window 5, 62,000 samples.
ShareSeries PaperSeries() {
  return testing::SyntheticDynamics{.blocks = 40, .steps = 1555, .requests_per_step = 60}.Make();
}

// Budget: 62,000 samples trained within 60 s on two cores (Derm VIII-B: 10 minutes).
void BM_TrainShareNetworkOn62000Samples(benchmark::State& state) {
  const ShareSeries series = PaperSeries();
  ShareTrainingOptions options;
  options.threads = 2;
  ShareTrainingReport report;
  for (auto _ : state) {
    auto model = TrainShareNetwork(series, options, &report);
    benchmark::DoNotOptimize(model);
  }
  state.counters["samples"] =
      static_cast<double>(report.training_samples + report.validation_samples);
  state.counters["passes"] = report.passes;
  state.counters["validation_loss"] = report.validation_loss;
}
BENCHMARK(BM_TrainShareNetworkOn62000Samples)
    ->Unit(benchmark::kSecond)
    ->Iterations(1)
    ->MeasureProcessCPUTime()
    ->UseRealTime();

// Budget: one prediction within 50 us on one core.
void BM_PredictShares(benchmark::State& state) {
  const ShareSeries series = testing::SyntheticDynamics{.blocks = 8, .steps = 40}.Make();
  ShareTrainingOptions options;
  options.samples_read = 64;
  options.batch = 64;
  const auto predictor = MakeNetworkPredictor(TrainShareNetwork(series, options).value()).value();
  std::vector<double> shares(series.space.graphs());
  std::size_t step = 5;
  for (auto _ : state) {
    predictor->Predict(series.Before(0, step, 5), shares);
    benchmark::DoNotOptimize(shares.data());
    step = step == 39 ? 5 : step + 1;
  }
}
BENCHMARK(BM_PredictShares)->Unit(benchmark::kMicrosecond);

// The largest product of training, a layer's recurrent step. Argument: rows.
void BM_AddMatrixProduct(benchmark::State& state) {
  const auto rows = static_cast<std::size_t>(state.range(0));
  AlignedFloats a(rows * 128);
  AlignedFloats b(128 * 512);
  AlignedFloats c(rows * 512);
  AlignedFloats scratch(kMatrixScratch);
  for (auto _ : state) {
    AddMatrixProduct({.rows = rows,
                      .columns = 512,
                      .depth = 128,
                      .a = a.data(),
                      .a_row = 128,
                      .a_step = 1,
                      .b = b.data(),
                      .b_row = 512,
                      .c = c.data(),
                      .c_row = 512},
                     scratch.data(), SimdLevel::kNative);
    benchmark::DoNotOptimize(c.data());
  }
  state.counters["flop_per_second"] = benchmark::Counter(
      2.0 * 128 * 512 * static_cast<double>(rows), benchmark::Counter::kIsIterationInvariantRate);
}
BENCHMARK(BM_AddMatrixProduct)->Arg(1)->Arg(5)->Arg(32)->Arg(160);

}  // namespace
}  // namespace trimtab
