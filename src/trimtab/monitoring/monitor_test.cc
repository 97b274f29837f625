// Tests the join of a snapshot into an observation, with numbers worked out by hand.
#include "trimtab/monitoring/monitor.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace trimtab {
namespace {

using std::chrono::seconds;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Instant At(int second) { return Instant(seconds(second)); }

// Points every 15 s from `first` to `last`, growing by `per_second`.
MetricSeries Counter(double per_second, int first = 60, int last = 90) {
  MetricSeries series;
  for (int t = first; t <= last; t += 15)
    series.push_back({At(t), 1000 + per_second * (t - first)});
  return series;
}
MetricSeries Gauge(double value, int at = 90) { return {{At(at), value}}; }

constexpr double kMebibyte = 1048576.0;

Application TwoMicroservices() {
  return *Application::Create("hotel", {{"frontend", {}}, {"search", {}}},
                              {{"hotels", "frontend"}});
}

// Use in cores, MiB, MiB/s, MiB/s and requests/s.
struct Use {
  double cpu = 0;
  double memory = 0;
  double traffic = 0;
  double network = 0;
  double requests = 0;
};

ContainerMetrics ContainerAt(std::string pod, std::size_t microservice, std::size_t host,
                             const Use& use) {
  ContainerMetrics container;
  container.pod = std::move(pod);
  container.microservice = MicroserviceId(microservice);
  container.host = HostId(host);
  container.ready = true;
  container.limits = {Millicores(500), Mebibytes(200)};
  container.cpu_seconds = Counter(use.cpu);
  container.memory_working_set = Gauge(use.memory * kMebibyte);
  container.memory_traffic_bytes = Counter(use.traffic * kMebibyte);
  container.network_bytes = Counter(use.network * kMebibyte);
  container.requests = Counter(use.requests);
  return container;
}

// 10 cores, 1000 MiB, 100 MiB/s to memory, 50 MiB/s to the network.
HostMetrics HostAt(std::size_t id, const Use& use) {
  HostMetrics host;
  host.host = HostId(id);
  host.name = "node-" + std::to_string(id);
  host.allocatable_cpu = Cores(10);
  host.allocatable_memory = Mebibytes(1000);
  host.memory_bandwidth = 100 * kMebibyte;
  host.network_bandwidth = 50 * kMebibyte;
  host.cpu_seconds = Counter(use.cpu);
  host.memory_used = Gauge(use.memory * kMebibyte);
  host.memory_traffic_bytes = Counter(use.traffic * kMebibyte);
  host.network_bytes = Counter(use.network * kMebibyte);
  return host;
}

class MonitorTest : public testing::Test {
 protected:
  // One host that uses 5 cores, 600 MiB, 40 and 20 MiB/s, of which frontend-0 uses 1 core, 100 MiB,
  // 10 and 5 MiB/s and search-0 2 cores, 200 MiB, 10 and 5 MiB/s.
  MonitorTest() {
    snapshot_.at = At(95);
    snapshot_.containers = {ContainerAt("frontend-0", 0, 0, {1, 100, 10, 5, 50}),
                            ContainerAt("search-0", 1, 0, {2, 200, 10, 5, 30})};
    snapshot_.hosts = {HostAt(0, {5, 600, 40, 20, 0})};
    snapshot_.application_requests = Counter(50);
  }

  Observation Observe() { return monitor_.Observe(snapshot_); }
  static double Share(const Interference& interference, InterferenceKind kind) {
    return interference[kind]->value();
  }

  Application application_ = TwoMicroservices();
  Monitor monitor_ = *Monitor::Create(application_, {});
  MetricSnapshot snapshot_;
};

TEST_F(MonitorTest, ReadsUsageLimitsAndLoadWithTheirAge) {
  const Observation observation = Observe();
  EXPECT_THAT(observation.gaps, IsEmpty());
  const ContainerObservation& search = observation.microservices[1].containers.at(0);
  EXPECT_EQ(search.limits.cpu, Millicores(500));
  EXPECT_DOUBLE_EQ(search.cpu_usage->value, 2);
  EXPECT_EQ(search.cpu_usage->age, seconds(5));  // newest scrape at 90, observed at 95
  EXPECT_EQ(search.memory_usage->value, Mebibytes(200));
  EXPECT_DOUBLE_EQ(search.container_load->value.value(), 30);
  EXPECT_DOUBLE_EQ(observation.microservices[1].arrival_rate->value(), 30);
  EXPECT_EQ(observation.microservices[1].ready, 1);
  EXPECT_DOUBLE_EQ(observation.application_load->value(), 50);
  EXPECT_EQ(observation.application_load_age, seconds(5));
  EXPECT_EQ(observation.hosts[0].requested_cpu, Millicores(1000));
}

TEST_F(MonitorTest, InterferenceIsWhatAllOthersUse) {
  const Observation observation = Observe();
  const Interference& frontend = observation.microservices[0].containers[0].interference;
  // (5 - 1) / 10, (600 - 100) / 1000, (40 - 10) / 100, (20 - 5) / 50.
  EXPECT_DOUBLE_EQ(Share(frontend, InterferenceKind::kCpu), 0.4);
  EXPECT_DOUBLE_EQ(Share(frontend, InterferenceKind::kMemoryCapacity), 0.5);
  EXPECT_NEAR(Share(frontend, InterferenceKind::kMemoryBandwidth), 0.3, 1e-12);
  EXPECT_NEAR(Share(frontend, InterferenceKind::kNetworkBandwidth), 0.3, 1e-12);
  const Interference& search = observation.microservices[1].containers[0].interference;
  EXPECT_DOUBLE_EQ(Share(search, InterferenceKind::kCpu), 0.3);  // (5 - 2) / 10
  // The host's own figure leaves out both: (5 - 3) / 10, (600 - 300) / 1000.
  const Interference& host = observation.hosts[0].interference;
  EXPECT_DOUBLE_EQ(Share(host, InterferenceKind::kCpu), 0.2);
  EXPECT_DOUBLE_EQ(Share(host, InterferenceKind::kMemoryCapacity), 0.3);
  EXPECT_EQ(observation.hosts[0].interference_age, seconds(5));
}

// Of search-0, ready since second 70, nothing is taken for its use of CPU until second 100.
TEST_F(MonitorTest, UseCountsOnlyAfterWarmingUp) {
  snapshot_.containers[1].ready_since = At(70);
  snapshot_.containers[1].quotas = {{.periods = Counter(10), .throttled = Counter(9)}};
  const Observation observation = Observe();
  const ContainerObservation& search = observation.microservices[1].containers.at(0);
  EXPECT_TRUE(search.warming_up);
  EXPECT_TRUE(observation.microservices[1].WarmsUp());
  EXPECT_FALSE(search.cpu_usage.has_value());
  EXPECT_FALSE(search.throttled.has_value());
  EXPECT_FALSE(search.interference[InterferenceKind::kCpu].has_value());
  EXPECT_THAT(observation.gaps, IsEmpty());
  // What it serves is load, its memory is in use, and its host's use is still its own.
  EXPECT_DOUBLE_EQ(observation.microservices[1].arrival_rate->value(), 30);
  EXPECT_EQ(search.memory_usage->value, Mebibytes(200));
  EXPECT_DOUBLE_EQ(Share(observation.hosts[0].interference, InterferenceKind::kCpu), 0.2);
}

TEST_F(MonitorTest, WhatWarmsUpMayLackEverySampleAndIsNoGap) {
  ContainerMetrics& search = snapshot_.containers[1];
  search.ready_since = At(70);
  search.cpu_seconds.clear();
  search.requests.clear();
  EXPECT_THAT(Observe().gaps, IsEmpty());
  // 30 s after it became ready the same is a gap.
  search.ready_since = At(65);
  const Observation observation = Observe();
  EXPECT_FALSE(observation.microservices[1].WarmsUp());
  EXPECT_THAT(observation.gaps, Contains("search-0: no cpu samples within 40s"));
  EXPECT_THAT(observation.gaps, Contains("search-0: no request counter within 40s"));
}

TEST_F(MonitorTest, ThrottlingIsTheWorstShareOfPeriodsAndAbsentWhereItIsNotKnown) {
  // 10 periods a second, of which 1 and 4 are cut short; an idle one has no period at all.
  const QuotaSeries some = {.periods = Counter(10), .throttled = Counter(1)};
  const QuotaSeries more = {.periods = Counter(10), .throttled = Counter(4)};
  const QuotaSeries idle = {.periods = Counter(0), .throttled = Counter(0)};
  ContainerMetrics& search = snapshot_.containers[1];
  const auto throttled = [&] { return Observe().microservices[1].containers[0].throttled; };
  EXPECT_FALSE(throttled().has_value());
  search.quotas = {idle};
  EXPECT_EQ(throttled()->value, Ratio(0));
  search.quotas = {idle, more, some};
  EXPECT_NEAR(throttled()->value.value(), 0.4, 1e-12);
  EXPECT_EQ(throttled()->age, seconds(5));
  search.quotas[1].throttled.clear();
  EXPECT_FALSE(throttled().has_value());
  EXPECT_THAT(Observe().gaps, IsEmpty());
}

TEST_F(MonitorTest, PeaksOfMemoryAreAsTheSourceTellsThem) {
  EXPECT_FALSE(Observe().microservices[1].memory_peak.has_value());
  snapshot_.memory_peaks = {std::nullopt, Mebibytes(400)};
  const Observation observation = Observe();
  EXPECT_FALSE(observation.microservices[0].memory_peak.has_value());
  EXPECT_EQ(observation.microservices[1].memory_peak, Mebibytes(400));
}

TEST_F(MonitorTest, AnUnmeasurableKindIsAbsentAndNoGap) {
  snapshot_.hosts[0].memory_bandwidth.reset();
  const Observation observation = Observe();
  const Interference& frontend = observation.microservices[0].containers[0].interference;
  EXPECT_FALSE(frontend[InterferenceKind::kMemoryBandwidth].has_value());
  EXPECT_TRUE(frontend[InterferenceKind::kCpu].has_value());
  EXPECT_THAT(observation.gaps, IsEmpty());
}

TEST_F(MonitorTest, AHostWithoutSamplesIsAbsentAndAGap) {
  snapshot_.hosts[0].cpu_seconds.clear();
  const Observation observation = Observe();
  EXPECT_FALSE(observation.hosts[0].interference[InterferenceKind::kCpu].has_value());
  EXPECT_FALSE(
      observation.microservices[0].containers[0].interference[InterferenceKind::kCpu].has_value());
  EXPECT_THAT(observation.gaps, Contains("host node-0: no cpu samples within 40s"));
}

TEST_F(MonitorTest, AReadyContainerWithoutSamplesIsAbsentNotZero) {
  snapshot_.containers[1].cpu_seconds.clear();
  snapshot_.containers[1].requests.clear();
  const Observation observation = Observe();
  const ContainerObservation& search = observation.microservices[1].containers[0];
  EXPECT_FALSE(search.cpu_usage.has_value());
  EXPECT_FALSE(search.container_load.has_value());
  EXPECT_FALSE(search.interference[InterferenceKind::kCpu].has_value());
  EXPECT_FALSE(observation.microservices[1].arrival_rate.has_value());
  // What the application itself uses on the host is unknown, so what strangers use is too.
  EXPECT_FALSE(observation.hosts[0].interference[InterferenceKind::kCpu].has_value());
  EXPECT_THAT(observation.gaps, Contains("search-0: no cpu samples within 40s"));
  EXPECT_THAT(observation.gaps, Contains("search-0: no request counter within 40s"));
}

TEST_F(MonitorTest, AStartingContainerHasNoSamplesYetAndThatIsNoGap) {
  ContainerMetrics starting;
  starting.pod = "search-1";
  starting.microservice = MicroserviceId(1);
  starting.limits = {Millicores(500), Mebibytes(200)};
  snapshot_.containers.push_back(starting);
  const Observation observation = Observe();
  EXPECT_THAT(observation.gaps, IsEmpty());
  EXPECT_EQ(observation.microservices[1].ready, 1);
  EXPECT_EQ(observation.microservices[1].containers.size(), 2U);
  EXPECT_DOUBLE_EQ(Share(observation.hosts[0].interference, InterferenceKind::kCpu), 0.2);
  EXPECT_EQ(observation.hosts[0].requested_cpu, Millicores(1500));
}

TEST_F(MonitorTest, ACounterResetIsNoNegativeRate) {
  // 5 in 15 s, restart, 10 since: 15 in 30 s.
  snapshot_.containers[0].requests = {{At(60), 100}, {At(75), 105}, {At(90), 10}};
  const Observation observation = Observe();
  EXPECT_DOUBLE_EQ(observation.microservices[0].containers[0].container_load->value.value(), 0.5);
  EXPECT_EQ(monitor_.defects().series.counter_resets, 1);
}

TEST_F(MonitorTest, OneMissingScrapeChangesNothing) {
  snapshot_.containers[0].cpu_seconds = {{At(60), 1000}, {At(90), 1030}};
  const Observation observation = Observe();
  EXPECT_DOUBLE_EQ(observation.microservices[0].containers[0].cpu_usage->value, 1);
  EXPECT_THAT(observation.gaps, IsEmpty());
}

TEST_F(MonitorTest, StaleIsAbsent) {
  // Newest points at 60 and 54, observed at 95: 41 s is too old, 35 s is not.
  snapshot_.containers[0].memory_working_set = Gauge(100 * kMebibyte, 54);
  snapshot_.containers[1].memory_working_set = Gauge(200 * kMebibyte, 60);
  const Observation observation = Observe();
  EXPECT_FALSE(observation.microservices[0].containers[0].memory_usage.has_value());
  ASSERT_TRUE(observation.microservices[1].containers[0].memory_usage.has_value());
  EXPECT_EQ(observation.microservices[1].containers[0].memory_usage->age, seconds(35));
  EXPECT_THAT(observation.gaps, Contains("frontend-0: no memoryCapacity samples within 40s"));
  EXPECT_EQ(monitor_.defects().stale_series, 1);
}

TEST_F(MonitorTest, OwnUseAboveTheHostsTotalIsClippedAndCounted) {
  snapshot_.hosts[0].cpu_seconds = Counter(0.9);  // below frontend's 1 core and search's 2
  const Observation observation = Observe();
  EXPECT_DOUBLE_EQ(
      Share(observation.microservices[0].containers[0].interference, InterferenceKind::kCpu), 0.0);
  EXPECT_DOUBLE_EQ(Share(observation.hosts[0].interference, InterferenceKind::kCpu), 0.0);
  EXPECT_EQ(monitor_.defects().clipped_at_zero, 3);  // two containers and the host
}

TEST_F(MonitorTest, UseAboveCapacityIsClippedAndCounted) {
  snapshot_.hosts[0].network_bytes = Counter(80 * kMebibyte);  // of 50, by others 75 or 70
  const Observation observation = Observe();
  EXPECT_DOUBLE_EQ(Share(observation.hosts[0].interference, InterferenceKind::kNetworkBandwidth),
                   1.0);
  EXPECT_EQ(monitor_.defects().clipped_at_one, 3);
}

TEST_F(MonitorTest, ANewReplicaAddsOnlyWhatItServed) {
  // frontend-0 served 50/s throughout. frontend-1 has points at 75 and 90 only: 40/s there, over
  // the union 60..90 it counts 15 s and the gap of 15 s, which is within 1.1 spacings: 40/s.
  ContainerMetrics second = ContainerAt("frontend-1", 0, 0, {0, 100, 0, 0, 40});
  second.requests = Counter(40, 75, 90);
  snapshot_.containers.push_back(second);
  EXPECT_DOUBLE_EQ(Observe().microservices[0].arrival_rate->value(), 90);
  // With points at 80 and 90 the gap of 20 s is more than 1.1 * 10 s: half a spacing counts.
  // 40/s * (10 + 5) / 30 = 20/s.
  snapshot_.containers.back().requests = {{At(80), 0}, {At(90), 400}};
  EXPECT_DOUBLE_EQ(Observe().microservices[0].arrival_rate->value(), 70);
}

TEST_F(MonitorTest, StrangeContainersAreCountedAndLeftOut) {
  snapshot_.containers.push_back(ContainerAt("stranger-0", 7, 0, {9, 9, 9, 9, 9}));
  snapshot_.containers.push_back(ContainerAt("frontend-9", 0, 4, {1, 1, 1, 1, 1}));
  const Observation observation = Observe();
  EXPECT_EQ(monitor_.defects().unknown_containers, 1);
  EXPECT_EQ(monitor_.defects().containers_off_host, 1);
  EXPECT_EQ(observation.microservices[0].containers[1].interference, Interference());
  EXPECT_THAT(observation.gaps, Contains("frontend-9: its host 4 is not reported within 40s"));
}

TEST_F(MonitorTest, AnEmptySnapshotIsAllGapsAndNoZeros) {
  snapshot_ =
      MetricSnapshot{.at = At(95), .containers = {}, .hosts = {}, .application_requests = {}};
  const Observation observation = Observe();
  EXPECT_FALSE(observation.application_load.has_value());
  EXPECT_EQ(observation.microservices.size(), 2U);
  EXPECT_FALSE(observation.microservices[0].arrival_rate.has_value());
  EXPECT_THAT(observation.gaps, Contains("application: no request counter within 40s"));
  EXPECT_THAT(observation.gaps, Contains("search: no container within 40s"));
}

TEST_F(MonitorTest, WhatTheSourceCouldNotReadIsAGapInItsWords) {
  snapshot_.gaps = {"query node-cpu-seconds: 503"};
  EXPECT_THAT(Observe().gaps, Contains("query node-cpu-seconds: 503"));
}

TEST(MonitorOptionsTest, NamesEveryViolation) {
  const absl::Status status =
      MonitorOptions{.rate_window = seconds(0), .most_age = seconds(-1)}.Validate();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("rate window is 0s"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("most age is -1s"));
}

}  // namespace
}  // namespace trimtab
