// What every `MetricSource` keeps to. A world runs it with INSTANTIATE_TEST_SUITE_P(World,
// MetricSourceContract, testing::Values(factory)).
#pragma once

#include <functional>
#include <memory>
#include <set>

#include "gtest/gtest.h"
#include "trimtab/monitoring/metric_source.h"

namespace trimtab {

// A world in which an application is under steady load.
class MetricSourceWorld {
 public:
  virtual ~MetricSourceWorld() = default;
  virtual MetricSource& source() = 0;
  virtual Instant Now() = 0;
  virtual void LetPass(Duration time) = 0;
  virtual int containers() = 0;  // that run and are ready
  virtual RequestsPerSecond load() = 0;
};
using MetricSourceWorldFactory = std::function<std::unique_ptr<MetricSourceWorld>()>;

class MetricSourceContract : public testing::TestWithParam<MetricSourceWorldFactory> {
 protected:
  static constexpr Duration kWindow = std::chrono::seconds(60);

  MetricSnapshot Read() {
    auto snapshot = world_->source().Read(world_->Now(), kWindow);
    EXPECT_TRUE(snapshot.ok()) << snapshot.status();
    return *std::move(snapshot);
  }
  static double Rate(const MetricSeries& counter) {
    const double seconds = InSeconds(counter.back().at - counter.front().at);
    return (counter.back().value - counter.front().value) / seconds;
  }
  static void ExpectCounter(const MetricSeries& series) {
    for (std::size_t i = 1; i < series.size(); ++i) {
      EXPECT_GE(series[i].value, series[i - 1].value);
    }
  }
  std::unique_ptr<MetricSourceWorld> world_ = GetParam()();
};

TEST_P(MetricSourceContract, PointsLieInTheWindowInOrder) {
  for (int i = 0; i < 3; ++i) {
    world_->LetPass(std::chrono::seconds(45));
    const MetricSnapshot snapshot = Read();
    const auto expect_inside = [&](const MetricSeries& series) {
      ASSERT_FALSE(series.empty());
      for (std::size_t k = 0; k < series.size(); ++k) {
        EXPECT_GT(series[k].at, world_->Now() - kWindow);
        EXPECT_LE(series[k].at, world_->Now());
        if (k > 0) {
          EXPECT_GT(series[k].at, series[k - 1].at);
        }
      }
    };
    expect_inside(snapshot.application_requests);
    for (const auto& container : snapshot.containers) expect_inside(container.cpu_seconds);
    for (const auto& host : snapshot.hosts) expect_inside(host.cpu_seconds);
  }
}

TEST_P(MetricSourceContract, CountersDoNotFallAndGaugesAreNotNegative) {
  world_->LetPass(std::chrono::seconds(120));
  const MetricSnapshot snapshot = Read();
  ExpectCounter(snapshot.application_requests);
  for (const auto& container : snapshot.containers) {
    ExpectCounter(container.cpu_seconds);
    ExpectCounter(container.requests);
    for (const MetricPoint& point : container.memory_working_set) EXPECT_GE(point.value, 0);
  }
  for (const auto& host : snapshot.hosts) ExpectCounter(host.cpu_seconds);
}

TEST_P(MetricSourceContract, ListsEveryReadyContainerOnceWithItsHost) {
  world_->LetPass(std::chrono::seconds(90));
  const MetricSnapshot snapshot = Read();
  std::set<std::string> pods;
  int ready = 0;
  for (const auto& container : snapshot.containers) {
    EXPECT_TRUE(pods.insert(container.pod).second) << container.pod;
    EXPECT_GT(container.limits.cpu, Millicores(0));
    EXPECT_GT(container.limits.memory, Bytes(0));
    ready += container.ready ? 1 : 0;
    bool known = false;
    for (const auto& host : snapshot.hosts) known |= host.host == container.host;
    EXPECT_TRUE(known) << container.pod;
  }
  EXPECT_EQ(ready, world_->containers());
}

// A host's use is at least that of the containers on it, which is at most their limits.
TEST_P(MetricSourceContract, HostsCountWhatTheirContainersUse) {
  world_->LetPass(std::chrono::seconds(120));
  const MetricSnapshot snapshot = Read();
  for (const auto& host : snapshot.hosts) {
    double used = 0;
    for (const auto& container : snapshot.containers) {
      if (container.host != host.host) continue;
      used += Rate(container.cpu_seconds);
      EXPECT_LE(Rate(container.cpu_seconds), InCores(container.limits.cpu) * 1.05);
    }
    EXPECT_GE(Rate(host.cpu_seconds), used - 1e-9) << host.name;
  }
}

// Poisson: the count of n requests has standard deviation sqrt(n); 5 of them.
TEST_P(MetricSourceContract, TheApplicationCounterFollowsTheLoad) {
  world_->LetPass(std::chrono::seconds(120));
  const MetricSnapshot snapshot = Read();
  const MetricSeries& series = snapshot.application_requests;
  const double expected = world_->load().value() * InSeconds(series.back().at - series.front().at);
  EXPECT_NEAR(series.back().value - series.front().value, expected, 5 * std::sqrt(expected));
}

TEST_P(MetricSourceContract, ReadingAgainGivesTheSame) {
  world_->LetPass(std::chrono::seconds(70));
  const MetricSnapshot one = Read();
  const MetricSnapshot two = Read();
  ASSERT_EQ(one.containers.size(), two.containers.size());
  for (std::size_t i = 0; i < one.containers.size(); ++i) {
    EXPECT_EQ(one.containers[i].pod, two.containers[i].pod);
    EXPECT_EQ(one.containers[i].cpu_seconds.back().value,
              two.containers[i].cpu_seconds.back().value);
  }
}

}  // namespace trimtab
