#include "trimtab/profiling/distribution_sweep.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "fmt/format.h"
#include "trimtab/probability/random_stream.h"
#include "trimtab/profiling/testing/fake_source.h"

namespace trimtab {
namespace {

using ::testing::HasSubstr;

constexpr ContainerConfig kContainer{Millicores(200), Mebibytes(1024)};

Application Services(std::size_t count) {
  std::vector<Microservice> microservices;
  for (std::size_t m = 0; m < count; ++m) {
    microservices.push_back({.name = std::string(1, static_cast<char>('a' + m)), .bounds = {}});
  }
  return *Application::Create("letters", microservices, {{"get", "a"}});
}

DistributionSweepOptions WithSamples(std::int64_t paper_samples, std::int64_t samples) {
  DistributionSweepOptions options;
  options.paper_samples = paper_samples;
  options.samples = samples;
  return options;
}

DistributionSweepOptions Alone(std::int64_t samples = 20'000) {
  DistributionSweepOptions options;
  options.samples = samples;
  options.trees.utilizations.clear();
  return options;
}

absl::StatusOr<DistributionProfile> Measured(const FakeSource& source, std::size_t count,
                                             const DistributionSweepOptions& options = {},
                                             int threads = 1) {
  const std::vector<ContainerConfig> containers(count, kContainer);
  return MeasureDistributions(Services(count), "hash", containers, source, options,
                              {.threads = threads});
}

// FakeSource: 1 ms and an exponential of mean demand / (cpu (1 - u)) = 5 ms / (1 - u) at 1 ms of
// CPU on 0.2 core; u = load / 200. So the rate is 200 - load in 1/s: slope -1, intercept 200.
// 16,000 samples a load know each rate to 0.8 %, ten loads the line to about 1 %.
TEST(DistributionSweepTest, FindsTheLawOfTheSource) {
  const FakeSource source(2);
  const auto profile = Measured(source, 2, Alone());
  ASSERT_TRUE(profile.ok()) << profile.status();
  EXPECT_EQ(profile->application, "letters");
  ASSERT_EQ(profile->microservices.size(), 2U);
  const ProfiledDistribution& of = profile->microservices[0];
  EXPECT_EQ(of.name, "a");
  EXPECT_EQ(of.container, kContainer);
  ASSERT_EQ(of.levels.size(), 4U);
  const LatencyLaws& laws = of.levels[0];
  for (const ConditionalExponential& law : {laws.moments, laws.tail}) {
    EXPECT_NEAR(law.slope, -1, 0.06);
    EXPECT_NEAR(law.intercept, 200, 8);
    EXPECT_NEAR(law.offset_seconds, 0.001, 0.0004);
  }
  // 1,600 samples a load.
  EXPECT_NEAR(laws.paper.slope, -1, 0.2);
  EXPECT_NEAR(laws.paper.intercept, 200, 30);
  // A utilisation of 0.08 to 0.8.
  EXPECT_NEAR(laws.paper.lowest_load, 16, 1e-9);
  EXPECT_NEAR(laws.cumulants.highest_load(), 160, 1e-9);
  EXPECT_NEAR(laws.cumulants.At(80).mean, 0.001 + 1 / 120.0, 0.0004);
  EXPECT_EQ(laws.quality.loads, 10);
  EXPECT_EQ(laws.quality.samples, 40'000);
  EXPECT_LT(laws.quality.tail_p95_error, 0.05);
  EXPECT_LT(laws.quality.cumulants_p95_error, 0.06);
  // CPU interference of 0.6 makes a request take 1.3 times as much: fewer loads.
  EXPECT_NEAR(of.levels[3].paper.highest_load, 160 / 1.3, 1e-6);
}

TEST(DistributionSweepTest, ThreadsChangeNothing) {
  const FakeSource source(5);
  const DistributionSweepOptions quick = WithSamples(2'000, 2'000);
  const auto one = Measured(source, 5, quick, 1);
  const auto three = Measured(source, 5, quick, 3);
  ASSERT_TRUE(one.ok() && three.ok());
  EXPECT_EQ(DistributionProfileToJson(*one), DistributionProfileToJson(*three));
}

// Its pool is full for u - 0.5 of the time: 0.6 is too much alone, 0.42 the next that is tried.
TEST(DistributionSweepTest, LoadsOfAContainerAloneEndWhereThePoolIsFull) {
  const FakeSource source(1, false);
  const auto profile = Measured(source, 1, Alone(2'000));
  ASSERT_TRUE(profile.ok());
  EXPECT_NEAR(profile->microservices[0].levels[0].cumulants.highest_load(), 0.42 * 200, 1e-9);
  EXPECT_EQ(source.tree_calls, 0);
}

// Alone: a tenth to all of a utilisation of 0.42, 8.4 to 84 requests/s at 1 ms of CPU and 0.2 core.
// In the tree: six containers that carry 6 * 180 requests/s at 0.9, and of that 0.5 / 0.9 and
// 0.7 / 0.9: 100 and 140 each, which leaves the ten loads alone. With the latencies of the formula:
// 1 ms and a mean of 5 ms / (1 - u).
TEST(DistributionSweepTest, LoadsOfTheWholeTreeStandForTheirRange) {
  const FakeSource source(1, false);
  DistributionSweepOptions options;
  options.trees.utilizations = {0.5, 0.7, 0.9};
  options.trees.requests = 20'000;
  const auto profile = Measured(source, 1, options);
  ASSERT_TRUE(profile.ok()) << profile.status();
  const auto& points = profile->microservices[0].levels[0].cumulants.points();
  ASSERT_EQ(points.size(), 13U);
  const double expected[] = {100, 140, 180};
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_NEAR(points[10 + i].container_load, expected[i], 1e-9);
    const double mean = 0.001 + 0.005 / (1 - expected[i] / 200);
    // 16,000 exponentials know their mean to 0.8 %; labels scatter by 1 %.
    EXPECT_NEAR(points[10 + i].cumulants.mean, mean, 0.04 * mean);
  }
  EXPECT_EQ(source.tree_calls, 12);

  // From 0.1 on: 20 requests/s stand for 25.2 and all above, so only 8.4 and 16.8 are left alone.
  options.trees.utilizations.insert(options.trees.utilizations.begin(), 0.1);
  const auto wide = Measured(source, 1, options);
  ASSERT_TRUE(wide.ok()) << wide.status();
  EXPECT_EQ(wide->microservices[0].levels[0].cumulants.points().size(), 6U);
}

TEST(DistributionSweepTest, AContainerThatCannotRunIsNamed) {
  const FakeSource source(1);
  const std::vector<ContainerConfig> small = {{Millicores(200), Mebibytes(100)}};
  const auto profile =
      MeasureDistributions(Services(1), "hash", small, source, DistributionSweepOptions(), {});
  EXPECT_THAT(std::string(profile.status().message()),
              HasSubstr("distributions of 'a': memory 100 MiB is below 150 MiB"));
}

TEST(DistributionSweepTest, StopsWhenAsked) {
  const FakeSource source(1);
  const std::vector<ContainerConfig> containers(1, kContainer);
  const std::atomic<bool> stop = true;
  EXPECT_TRUE(absl::IsCancelled(MeasureDistributions(Services(1), "hash", containers, source,
                                                     DistributionSweepOptions(), {.stop = &stop})
                                    .status()));
}

TEST(DistributionSweepTest, OptionsOutOfBoundAreAllNamed) {
  DistributionSweepOptions options = WithSamples(2'000, 5);
  options.loads = 1;
  options.trees.utilizations = {0.5, 1};
  options.trees.requests = 3;
  options.held_out = 1;
  options.levels = {0.5, 0.2};
  const auto status = options.Validate();
  for (const char* part : {"utilisation 1 is 1", "tree requests is 3", "loads is 1", "samples is 5",
                           "held out share is 1", "level 1 is 0.2"}) {
    EXPECT_THAT(std::string(status.message()), HasSubstr(part));
  }
}

// Rates of a law that falls faster than a line reach 0: `paper` falls back to the constraints.
TEST(DistributionSweepTest, EveryMixOfLatenciesHasLaws) {
  RandomStream random(3, "laws");
  for (int run = 0; run < 50; ++run) {
    std::vector<DrawnLoad> loads;
    for (int i = 1; i <= 4; ++i) {
      DrawnLoad load{.container_load = static_cast<double>(i), .seconds = {}};
      const double mean = std::exp(4 * random.Normal());
      for (int k = 0; k < 200; ++k) {
        load.seconds.push_back(mean * std::exp(2 * random.Normal()));
      }
      loads.push_back(std::move(load));
    }
    const auto laws = FitLaws(loads, WithSamples(100, 200));
    ASSERT_TRUE(laws.ok()) << laws.status();
    EXPECT_GT(laws->paper.LatencyRate(4), 0);
    EXPECT_GT(laws->tail.LatencyRate(4), 0);
  }
}

// D21: what plain subtraction leaves, 1 ms less here, is `paper`'s alone.
TEST(DistributionSweepTest, PaperIsFittedToPlainSubtraction) {
  RandomStream random(5, "plain");
  std::vector<DrawnLoad> covered;
  std::vector<DrawnLoad> plain;
  for (int i = 1; i <= 3; ++i) {
    DrawnLoad& load = covered.emplace_back(DrawnLoad{.container_load = 1.0 * i, .seconds = {}});
    for (int k = 0; k < 1'000; ++k)
      load.seconds.push_back(0.004 - 0.005 * std::log(random.Uniform()));
    plain.push_back(load);
    for (const double seconds : load.seconds) plain.back().plain_seconds.push_back(seconds - 0.001);
  }
  const auto without = FitLaws(covered, WithSamples(1'000, 1'000));
  const auto with = FitLaws(plain, WithSamples(1'000, 1'000));
  ASSERT_TRUE(without.ok() && with.ok());
  EXPECT_NEAR(with->paper.offset_seconds, without->paper.offset_seconds - 0.001, 1e-9);
  EXPECT_NEAR(with->paper.LatencyRate(2), without->paper.LatencyRate(2), 1e-6);
  EXPECT_EQ(with->tail.offset_seconds, without->tail.offset_seconds);
  EXPECT_EQ(with->cumulants.At(2).mean, without->cumulants.At(2).mean);
}

TEST(DistributionSweepTest, TooFewLatenciesAreRefusedWithTheirLoad) {
  for (const std::size_t count : {0U, 1U, 3U}) {
    const std::vector<DrawnLoad> loads = {
        {.container_load = 50, .seconds = std::vector<double>(count, 0.002)}};
    const auto laws = FitLaws(loads, WithSamples(100, 200));
    EXPECT_EQ(laws.status().message(),
              fmt::format("{} latencies at 50 calls/s, expected 4 or more", count));
  }
}

TEST(DistributionSweepTest, LatenciesThatNeverVaryGetALeastDeviation) {
  std::vector<DrawnLoad> loads;
  for (int i = 1; i <= 3; ++i) {
    loads.push_back({static_cast<double>(i), std::vector<double>(1'000, 0.002)});
  }
  const auto laws = FitLaws(loads, WithSamples(500, 1'000));
  ASSERT_TRUE(laws.ok()) << laws.status();
  EXPECT_NEAR(laws->cumulants.At(2).mean, 0.002, 1e-5);
  EXPECT_NEAR(std::sqrt(laws->cumulants.At(2).variance), 2e-6, 2e-7);
}

}  // namespace
}  // namespace trimtab
