#include "trimtab/latency/feature_ranges.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "trimtab/application/interference.h"
#include "trimtab/latency/latency_sample.h"
#include "trimtab/quantity/quantity.h"

namespace trimtab {
namespace {

LatencyFeatures Features(int millicores, int mib, double load, double cpu_interference) {
  LatencyFeatures features{{Millicores(millicores), Mebibytes(mib)}, RequestsPerSecond(load), {}};
  features.interference.Set(InterferenceKind::kCpu, Ratio(cpu_interference));
  return features;
}

// 20 requests/s on 0.1 core and 100 on 1 core: 100 to 200 requests/s per core.
FeatureRanges Ranges() {
  std::vector<LatencySample> samples(2);
  samples[0].features = Features(100, 100, 20, 0);
  samples[1].features = Features(1000, 800, 100, 0.5);
  return FeatureRanges::Of(samples);
}

TEST(FeatureRangesTest, SpansTheSamples) {
  const FeatureRanges ranges = Ranges();
  EXPECT_EQ(ranges.cpu_cores, (FeatureInterval{0.1, 1}));
  EXPECT_EQ(ranges.memory_mib, (FeatureInterval{100, 800}));
  EXPECT_EQ(ranges.container_load, (FeatureInterval{20, 100}));
  EXPECT_EQ(ranges.load_per_core, (FeatureInterval{100, 200}));
  EXPECT_EQ(ranges.interference[0], (FeatureInterval{0, 0.5}));
  EXPECT_EQ(ranges.interference[3], FeatureInterval{});
}

TEST(FeatureRangesTest, ContainsTheCornersAndTheInside) {
  const FeatureRanges ranges = Ranges();
  EXPECT_TRUE(ranges.Contains(Features(100, 100, 20, 0)));
  EXPECT_TRUE(ranges.Contains(Features(1000, 800, 100, 0.5)));
  EXPECT_TRUE(ranges.Contains(Features(500, 400, 60, 0.3)));
  EXPECT_EQ(ranges.Violations(Features(500, 400, 60, 0.3)), "");
}

TEST(FeatureRangesTest, NamesEveryFeatureOutside) {
  const FeatureRanges ranges = Ranges();
  EXPECT_FALSE(ranges.Contains(Features(2000, 50, 300, 0.9)));
  EXPECT_EQ(ranges.Violations(Features(2000, 50, 300, 0.9)),
            "cpu is 2 cores, profiled 0.1 to 1; memory is 50 MiB, profiled 100 to 800; container "
            "load is 300 requests/s, profiled 20 to 100; cpu interference is 0.9, profiled 0 to "
            "0.5");
}

TEST(FeatureRangesTest, LabelsEveryFeatureOutside) {
  const FeatureRanges ranges = Ranges();
  EXPECT_TRUE(ranges.Outside(Features(500, 400, 60, 0.3)).empty());
  EXPECT_EQ(ranges.Outside(Features(2000, 50, 300, 0.9)),
            (std::vector<std::string>{"cpu", "memory", "container_load", "interference_cpu"}));
  EXPECT_EQ(ranges.Outside(Features(200, 400, 80, 0)), std::vector<std::string>{"load_per_core"});
}

TEST(FeatureRangesTest, ALoadThatOnlyLargeContainersSawIsOutsideForASmallOne) {
  const FeatureRanges ranges = Ranges();
  EXPECT_FALSE(ranges.Contains(Features(200, 400, 80, 0)));
  EXPECT_EQ(ranges.Violations(Features(200, 400, 80, 0)),
            "load per core is 400 requests/s, profiled 100 to 200");
}

TEST(FeatureRangesTest, AbsentInterferenceIsNowhereOutside) {
  LatencyFeatures features = Features(500, 400, 60, 0);
  features.interference = Interference();
  EXPECT_TRUE(Ranges().Contains(features));
}

}  // namespace
}  // namespace trimtab
