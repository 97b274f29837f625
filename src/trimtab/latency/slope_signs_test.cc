#include "trimtab/latency/slope_signs.h"

#include <gtest/gtest.h>

#include <vector>

#include "trimtab/latency/latency_sample.h"
#include "trimtab/latency/testing/formula_model.h"
#include "trimtab/quantity/quantity.h"

namespace trimtab {
namespace {

TEST(SlopeSignsTest, CountsTheSharesApart) {
  // Four samples of load 0, 1, 2, 3. CPU is right (at most 0) at the first, memory at the first
  // two, load (at least 0) at the last three.
  const testing::FormulaModel model([](const LatencyFeatures& features) {
    const double x = features.container_load.value();
    return LatencyPrediction{Latency(1), {.by_cpu = x, .by_memory = x - 1, .by_load = x - 1}};
  });
  std::vector<LatencySample> samples(4);
  for (std::size_t i = 0; i < 4; ++i) {
    samples[i].features.container_load = RequestsPerSecond(static_cast<double>(i));
  }
  const SlopeSigns right = RightSlopeSigns(model, samples);
  EXPECT_DOUBLE_EQ(right.cpu, 0.25);
  EXPECT_DOUBLE_EQ(right.memory, 0.5);
  EXPECT_DOUBLE_EQ(right.load, 0.75);
}

}  // namespace
}  // namespace trimtab
