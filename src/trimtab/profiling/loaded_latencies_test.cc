#include "trimtab/profiling/loaded_latencies.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "fmt/format.h"
#include "trimtab/tracing/testing/trace_text.h"

namespace trimtab {
namespace {

using ::testing::HasSubstr;

class LoadedLatenciesTest : public ::testing::Test {
 protected:
  // A trace at `seconds`: front for 3 ms, of which back takes 1 ms, in `pod`.
  void Trace(LoadCollector& collector, double seconds, std::string_view pod = "back-pod") {
    const auto start = std::llround(seconds * 1e6);
    auto spans = testing::SpansOf(fmt::format("1 0 front {} {}\n2 1 back {} {}", start,
                                              start + 3000, start + 1000, start + 2000),
                                  names_);
    spans[1].pod = names_.Intern(pod);
    collector.AcceptTrace({0, ++trace_}, spans);
  }
  // `count` traces at `rate` from `begin` on.
  void Stretch(LoadCollector& collector, double begin, double rate, int count) {
    for (int i = 0; i < count; ++i) Trace(collector, begin + i / rate);
  }

  NameTable names_;
  std::uint64_t trace_ = 0;
};

TEST_F(LoadedLatenciesTest, StretchesOfOneRateAreOneLoad) {
  LoadCollector collector(names_);
  Stretch(collector, 1000, 20, 401);
  Stretch(collector, 2000, 50, 501);
  Stretch(collector, 3000, 21, 421);  // within 15 % of the first
  const auto latencies = collector.Collect();
  ASSERT_TRUE(latencies.ok()) << latencies.status();
  ASSERT_EQ(latencies->loads.size(), 2U);
  // 400 intervals in 20 s and 420 in 20 s.
  EXPECT_NEAR(latencies->loads[0].traces_per_second, 20.5, 1e-6);
  EXPECT_NEAR(latencies->loads[0].seconds, 40, 1e-6);
  EXPECT_NEAR(latencies->loads[1].traces_per_second, 50, 1e-6);
  ASSERT_EQ(latencies->microservices.size(), 2U);
  const auto& front = latencies->microservices[1];
  EXPECT_EQ(front.name, "front");
  ASSERT_EQ(front.loads.size(), 2U);
  EXPECT_EQ(front.loads[0].seconds.size(), 822U);
  EXPECT_NEAR(front.loads[0].seconds[0], 0.002, 1e-9);
  EXPECT_NEAR(front.loads[0].container_load, 822 / 40.0, 1e-6);
}

// Every tenth front calls back twice at once, 1 ms each in the same millisecond: 1.5 ms less 2 ms
// by plain subtraction, which drops it, 0.5 ms that no call covers. The others are alike in both.
TEST_F(LoadedLatenciesTest, PlainSubtractionDropsWhatIsNotAboveZero) {
  for (const OwnLatencyRule rule : {OwnLatencyRule::kUncovered, OwnLatencyRule::kPlain}) {
    LoadCollector collector(names_, {.own_latency = rule});
    for (int i = 0; i < 401; ++i) {
      if (i % 10 != 0) {
        Trace(collector, i / 20.0);
        continue;
      }
      const auto start = std::llround(i / 20.0 * 1e6);
      const auto spans = testing::SpansOf(
          fmt::format("1 0 front {} {}\n2 1 back {} {}\n3 1 back {} {}", start, start + 1500,
                      start + 200, start + 1200, start + 200, start + 1200),
          names_);
      collector.AcceptTrace({0, ++trace_}, spans);
    }
    const auto latencies = collector.Collect();
    ASSERT_TRUE(latencies.ok());
    const LatenciesAtLoad& front = latencies->microservices[1].loads[0];
    EXPECT_NEAR(front.container_load, 401 / 20.0, 1e-6);
    if (rule == OwnLatencyRule::kPlain) {
      EXPECT_EQ(front.seconds.size(), 360U);  // 401 less the 41 that are dropped
      EXPECT_NEAR(front.seconds[0], 0.002, 1e-9);
    } else {
      EXPECT_EQ(front.seconds.size(), 401U);
      EXPECT_NEAR(front.seconds[0], 0.0005, 1e-9);
    }
  }
}

TEST_F(LoadedLatenciesTest, LongStretchesAreCutWhereTheLoadChanges) {
  LoadCollector collector(names_);
  Stretch(collector, 0, 10, 600);    // the first minute
  Stretch(collector, 60, 40, 2400);  // the second, without a pause
  const auto latencies = collector.Collect();
  ASSERT_TRUE(latencies.ok());
  ASSERT_EQ(latencies->loads.size(), 2U);
  EXPECT_NEAR(latencies->loads[0].traces_per_second, 10, 0.2);
  EXPECT_NEAR(latencies->loads[1].traces_per_second, 40, 0.2);
}

TEST_F(LoadedLatenciesTest, PodsShareTheLoad) {
  LoadCollector collector(names_, {.sampling = 0.5});
  for (int i = 0; i < 401; ++i) Trace(collector, i / 20.0, i % 2 == 0 ? "a" : "b");
  const auto latencies = collector.Collect();
  ASSERT_TRUE(latencies.ok());
  // 401 calls in 20 s to two containers, of which every second one was traced.
  EXPECT_EQ(latencies->microservices[0].name, "back");
  EXPECT_NEAR(latencies->microservices[0].loads[0].container_load, 401 / 20.0 / 2 / 0.5, 1e-6);
}

TEST_F(LoadedLatenciesTest, NoMoreLoadsThanAskedFor) {
  LoadCollector collector(names_, {.most_loads = 3});
  for (int i = 0; i < 8; ++i) Stretch(collector, 1000 * i, 10 * std::pow(1.4, i), 300);
  const auto latencies = collector.Collect();
  ASSERT_TRUE(latencies.ok());
  EXPECT_EQ(latencies->loads.size(), 3U);
}

TEST_F(LoadedLatenciesTest, AShortStretchJoinsItsNeighbour) {
  LoadCollector collector(names_);
  Stretch(collector, 0, 10, 300);
  Stretch(collector, 1000, 30, 20);
  Stretch(collector, 2000, 200, 300);
  const auto latencies = collector.Collect();
  ASSERT_TRUE(latencies.ok());
  EXPECT_EQ(latencies->loads.size(), 2U);
}

TEST_F(LoadedLatenciesTest, RefusesWhatHasNoLoad) {
  LoadCollector nothing(names_);
  EXPECT_THAT(std::string(nothing.Collect().status().message()), HasSubstr("no whole trace"));
  LoadCollector instant(names_);
  Trace(instant, 5);
  Trace(instant, 5);
  EXPECT_THAT(std::string(instant.Collect().status().message()),
              HasSubstr("all 2 traces start at one instant"));
  LoadCollector small(names_, {.most_visits = 3});
  Trace(small, 1);
  Trace(small, 2);
  EXPECT_THAT(std::string(small.Collect().status().message()), HasSubstr("more than 3 visits"));
}

}  // namespace
}  // namespace trimtab
