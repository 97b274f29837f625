#include "trimtab/simulation/simulated_cluster.h"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "trimtab/simulation/testing/three_tiers.h"

namespace trimtab {
namespace {

using std::chrono::seconds;

struct Seen {
  std::vector<WindowRecord> windows;
  std::uint64_t digest = 0;
};

// Ten minutes with a change of allocation and an anomaly on the way.
Seen RunTenMinutes(SimulatedClusterOptions options) {
  Seen seen;
  options.load = StepSeries::Constant(150);
  options.on_window = [&seen](const WindowRecord& record) { seen.windows.push_back(record); };
  auto cluster = SimulatedCluster::Create(ThreeTiers(), std::move(options));
  EXPECT_TRUE(cluster.ok()) << cluster.status();
  (*cluster)->clock().WaitUntil(Instant(seconds(100)));
  const MicroserviceAllocation from = (*(*cluster)->actuator().State())[1].desired;
  MicroserviceAllocation to = from;
  to.replicas += 2;
  EXPECT_TRUE((*cluster)->actuator().Apply({MicroserviceId(1), from, to}).ok());
  EXPECT_TRUE((*cluster)
                  ->anomalies()
                  .Inject({HostId(0), InterferenceKind::kCpu, Ratio(0.9), Instant(seconds(200)),
                           Instant(seconds(300))})
                  .ok());
  (*cluster)->clock().WaitUntil(Instant(seconds(600)));
  seen.digest = (*cluster)->latency_digest();
  return seen;
}

TEST(SimulatedClusterTest, WhatIsSeenChangesNothing) {
  SimulatedClusterOptions blind;
  blind.span_share = 0;
  blind.scrape_interval = Duration(0);
  SimulatedClusterOptions curious;
  curious.span_share = 0.5;
  curious.scrape_interval = seconds(1);
  const Seen one = RunTenMinutes(blind);
  const Seen two = RunTenMinutes(curious);
  EXPECT_EQ(one.digest, two.digest);
  ASSERT_EQ(one.windows.size(), 10U);
  for (std::size_t w = 0; w < 10; ++w) EXPECT_EQ(one.windows[w].p95, two.windows[w].p95);
}

TEST(SimulatedClusterTest, AWindowAddsUp) {
  const Seen seen = RunTenMinutes({});
  for (const WindowRecord& window : seen.windows) {
    EXPECT_EQ(window.end - window.start, Duration(seconds(60)));
    std::uint64_t requests = 0;
    for (const OperationRecord& operation : window.operations) requests += operation.requests;
    EXPECT_EQ(requests, window.requests);
    EXPECT_EQ(window.end_to_end.total() + window.failures, window.requests);
    EXPECT_LE(window.p50, window.p95);
    EXPECT_LE(window.p95, window.p99);
    // 9,000 arrivals expected; 5 standard deviations of the Poisson count.
    EXPECT_NEAR(static_cast<double>(window.arrivals), 9000, 475);
    for (const MicroserviceWindow& microservice : window.microservices) {
      std::uint64_t served = 0;
      for (const PodWindow& pod : microservice.pods) served += pod.requests;
      EXPECT_EQ(served, microservice.requests);
      EXPECT_LE(microservice.cpu_usage, microservice.mean_cores * 1.02);
    }
  }
  EXPECT_EQ(seen.windows[0].microservices[1].pods.size(), 3U);
  EXPECT_EQ(seen.windows[3].microservices[1].pods.size(), 5U);
}

// The anomaly leaves 1.6 of the first host's 16 cores: the tail of its minute is worse than of the
// one after it.
TEST(SimulatedClusterTest, AnAnomalyIsFelt) {
  ClusterScenario scenario = ThreeTiers();
  scenario.hosts.pop_back();
  std::vector<WindowRecord> windows;
  SimulatedClusterOptions options;
  options.load = StepSeries::Constant(150);
  options.on_window = [&](const WindowRecord& record) { windows.push_back(record); };
  auto cluster = SimulatedCluster::Create(std::move(scenario), std::move(options));
  ASSERT_TRUE(cluster.ok());
  ASSERT_TRUE((*cluster)
                  ->anomalies()
                  .Inject({HostId(0), InterferenceKind::kCpu, Ratio(0.9), Instant(seconds(60)),
                           Instant(seconds(120))})
                  .ok());
  (*cluster)->clock().WaitUntil(Instant(seconds(240)));
  EXPECT_GT(windows[1].p95, 1.5 * windows[0].p95);
  EXPECT_NEAR(windows[3].p95 / windows[0].p95, 1, 0.35);
}

// Two policies see the same requests: a change of allocation moves no arrival.
TEST(SimulatedClusterTest, ArrivalsDoNotDependOnTheCluster) {
  const Seen seen = RunTenMinutes({});
  SimulatedClusterOptions options;
  options.load = StepSeries::Constant(150);
  std::vector<std::uint64_t> arrivals;
  options.on_window = [&](const WindowRecord& record) { arrivals.push_back(record.arrivals); };
  auto cluster = SimulatedCluster::Create(ThreeTiers(), std::move(options));
  ASSERT_TRUE(cluster.ok());
  (*cluster)->clock().WaitUntil(Instant(seconds(600)));
  for (std::size_t w = 0; w < 10; ++w) EXPECT_EQ(seen.windows[w].arrivals, arrivals[w]);
}

TEST(SimulatedClusterTest, RefusesAnInvalidScenarioWithEveryViolation) {
  ClusterScenario scenario = ThreeTiers();
  scenario.microservices[0].parallelism = -1;
  scenario.microservices[2].name = "front";
  scenario.entries[0].endpoint = "nothing";
  const auto cluster = SimulatedCluster::Create(std::move(scenario), {});
  ASSERT_EQ(cluster.status().code(), absl::StatusCode::kInvalidArgument);
  const std::string message(cluster.status().message());
  EXPECT_NE(message.find("microservice 'front': parallelism is -1, must be between 0.001 and"),
            std::string::npos)
      << message;
  EXPECT_NE(message.find("microservice 'front': the name is taken twice"), std::string::npos);
  EXPECT_NE(message.find("calls 'nothing' of 'front', which is not declared"), std::string::npos);
  EXPECT_NE(message.find("calls 'serve' of 'store', which is not declared"), std::string::npos);
}

TEST(SimulatedClusterTest, RefusesACycleOfCalls) {
  ClusterScenario scenario = ThreeTiers();
  scenario.microservices[2].endpoints[0].program.push_back(Call({"middle"}));
  const absl::Status status = scenario.Validate();
  ASSERT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(status.message().find("is called by itself"), std::string::npos) << status;
}

TEST(SimulatedClusterTest, RefusesImpossibleOptions) {
  SimulatedClusterOptions options;
  options.span_share = 1.5;
  options.window = Duration(0);
  EXPECT_EQ(options.Validate().message(),
            "span share is 1.5, must be between 0 and 1\nwindow is 0s, must be at least 1ms");
}

}  // namespace
}  // namespace trimtab
