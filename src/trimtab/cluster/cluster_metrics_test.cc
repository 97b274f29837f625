// Tests the join of scraped series with the objects of a cluster, with numbers worked out by hand.
#include "trimtab/cluster/cluster_metrics.h"

#include <limits>
#include <memory>
#include <optional>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "trimtab/monitoring/series.h"

namespace trimtab {
namespace {

using std::chrono::seconds;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

Instant At(int second) { return Instant(seconds(second)); }

// Every 10 s from `first` to `last`.
MetricSeries Counter(double per_second, int first = 0, int last = 60) {
  MetricSeries series;
  for (int t = first; t <= last; t += 10) {
    series.push_back({.at = At(t), .value = 500 + per_second * (t - first)});
  }
  return series;
}

double Rate(const MetricSeries& counter) {
  SeriesDefects defects;
  const auto increase = IncreaseOf(counter, {.begin = At(-1), .end = At(1000)}, defects);
  return increase ? increase->PerSecond() : -1;
}

PodSight Pod(const std::string& name, const std::string& node, bool is_ready = true) {
  PodView pod;
  pod.meta.name = name;
  pod.meta.name_space = "hotel";
  pod.node = node;
  return {.pod = std::make_shared<const PodView>(std::move(pod)),
          .ready = is_ready,
          .limits = {Millicores(500), Mebibytes(200)}};
}

std::shared_ptr<NodeView> Node(const std::string& name) {
  auto node = std::make_shared<NodeView>();
  node->meta.name = name;
  node->allocatable = {.cpu = Cores(8), .memory = Gibibytes(16)};
  return node;
}

// Frontend with one pod, search with two, on two nodes; each pod uses 0.2 cores and 90 MB.
class ClusterMetricsTest : public testing::Test {
 protected:
  ClusterMetricsTest() {
    view_.name_space = "hotel";
    view_.workloads = {
        {.containers = {"app"}, .pods = {Pod("frontend-1", "n1")}},
        {.containers = {"app"}, .pods = {Pod("search-1", "n1"), Pod("search-2", "n2")}}};
    view_.nodes = {node_, Node("n2")};
    scraped_.at = At(60);
    for (const char* pod : {"frontend-1", "search-1", "search-2"}) {
      Container(pod, "app") = {.cpu_seconds = Counter(0.2),
                               .memory_working_set = {{At(60), 9e7}},
                               .memory_traffic_bytes = Counter(1e6)};
      scraped_.pod_network_bytes[{"hotel", pod}] = Counter(3000);
    }
    for (const char* node : {"n1", "n2"}) {
      scraped_.nodes[node] = {.cpu_seconds = Counter(3),
                              .memory_used = {{At(60), 4e9}},
                              .memory_traffic_bytes = Counter(2e8),
                              .network_bytes = Counter(8e4),
                              .network_bandwidth = 1.25e9};
    }
    scraped_.services["frontend"] = {.requests = Counter(100)};
    scraped_.services["search"] = {.requests = Counter(60)};
  }

  ScrapedContainer& Container(const std::string& pod, const std::string& container) {
    return scraped_.containers[{{"hotel", pod}, container}];
  }
  MetricSnapshot Join() const { return JoinMetrics(scraped_, view_, services_); }

  ScrapedMetrics scraped_;
  ApplicationView view_;
  std::shared_ptr<NodeView> node_ = Node("n1");
  CountedServices services_ = {.entry = "frontend", .of_workload = {{"frontend"}, {"search"}}};
};

TEST_F(ClusterMetricsTest, APodIsAContainerOfItsMicroserviceOnItsHost) {
  const MetricSnapshot snapshot = Join();
  EXPECT_EQ(snapshot.at, At(60));
  EXPECT_THAT(snapshot.gaps, IsEmpty());
  ASSERT_THAT(snapshot.containers, SizeIs(3));
  const ContainerMetrics& search = snapshot.containers[2];
  EXPECT_EQ(search.pod, "search-2");
  EXPECT_EQ(search.microservice, MicroserviceId(1));
  EXPECT_EQ(search.host, HostId(1));
  EXPECT_TRUE(search.ready);
  EXPECT_EQ(search.limits, (ContainerConfig{Millicores(500), Mebibytes(200)}));
  EXPECT_DOUBLE_EQ(Rate(search.cpu_seconds), 0.2);
  EXPECT_EQ(search.memory_working_set.back().value, 9e7);
  EXPECT_DOUBLE_EQ(Rate(search.memory_traffic_bytes), 1e6);
  EXPECT_DOUBLE_EQ(Rate(search.network_bytes), 3000);
  EXPECT_DOUBLE_EQ(Rate(snapshot.application_requests), 100);
}

TEST_F(ClusterMetricsTest, MemoryIsNeededAsOnceUsedInTheWindowWithAMargin) {
  // The most that any pod of search used: 120 MiB, with a tenth 132 MiB.
  Container("search-1", "app").memory_working_set = {{At(30), Mebibytes(120).as_double()},
                                                     {At(60), Mebibytes(50).as_double()}};
  // 9e7 bytes are 85.83 MiB, with a tenth 94.41: 95 in whole MiB.
  EXPECT_THAT(MemoryNeeds(Join(), 2), ElementsAre(Mebibytes(95), Mebibytes(132)));
  Container("frontend-1", "app").memory_working_set = {
      {At(60), std::numeric_limits<double>::quiet_NaN()}};
  EXPECT_THAT(MemoryNeeds(Join(), 2), ElementsAre(std::nullopt, Mebibytes(132)))
      << "what is not known is not zero";
}

TEST_F(ClusterMetricsTest, APodIsReadySinceTheApiServerSaysSo) {
  EXPECT_FALSE(Join().containers[0].ready_since.has_value());
  auto pod = std::make_shared<PodView>(*view_.workloads[0].pods[0].pod);
  pod->conditions = {{.type = "Ready", .status = "True", .since = At(40)}};
  view_.workloads[0].pods[0].pod = pod;
  EXPECT_EQ(Join().containers[0].ready_since, At(40));
}

TEST_F(ClusterMetricsTest, QuotasAreThoseOfScaledContainersThatHaveOne) {
  view_.workloads[0].containers = {"app", "cache"};
  Container("frontend-1", "app").quota = {.periods = Counter(10), .throttled = Counter(1)};
  Container("frontend-1", "proxy").quota = {.periods = Counter(10), .throttled = Counter(9)};
  const MetricSnapshot snapshot = Join();
  ASSERT_THAT(snapshot.containers[0].quotas, SizeIs(1));
  EXPECT_DOUBLE_EQ(Rate(snapshot.containers[0].quotas[0].throttled), 1);
  EXPECT_THAT(snapshot.containers[1].quotas, IsEmpty());
}

// search-1 and search-2 are of ReplicaSet search-7f; search-7f-x9 was, too, and needed most at its
// start. search-7f-old-a is of another one, and of sidecars nothing is known.
TEST_F(ClusterMetricsTest, PeaksOfMemoryAreThoseOfAllPodsOfTheSameMakers) {
  for (const auto& [at, name] : {std::pair(0, "search-7f-a1"), std::pair(1, "search-7f-b2")}) {
    auto pod = std::make_shared<PodView>(*view_.workloads[1].pods[at].pod);
    pod->meta.name = name;
    pod->meta.owners = {{.kind = "ReplicaSet", .name = "search-7f", .is_controller = true}};
    view_.workloads[1].pods[at].pod = pod;
    Container(name, "app") = {.memory_working_set = {{At(50), 1.2e8}, {At(60), 9e7}}};
  }
  Container("search-7f-a1", "proxy").memory_peak = 9e9;
  Container("search-7f-old-a", "app").memory_peak = 9e9;
  MetricSnapshot snapshot = Join();
  ASSERT_THAT(snapshot.memory_peaks, SizeIs(2));
  EXPECT_EQ(snapshot.memory_peaks[1], Bytes(120'000'000));
  Container("search-7f-x9", "app").memory_peak = 3e8;
  snapshot = Join();
  EXPECT_EQ(snapshot.memory_peaks[1], Bytes(300'000'000));
  // 286.1 MiB, and a tenth more.
  EXPECT_EQ(MemoryNeeds(snapshot, 2)[1], Mebibytes(315));
  // Of pods that nothing made, as of what has no series, nothing is known.
  EXPECT_EQ(Join().memory_peaks[0], std::nullopt);
}

TEST_F(ClusterMetricsTest, AHostIsANodeWithEverythingThatRunsThere) {
  node_->meta.annotations[kMemoryBandwidthAnnotation] = "20G";
  const MetricSnapshot snapshot = Join();
  ASSERT_THAT(snapshot.hosts, SizeIs(2));
  const HostMetrics& host = snapshot.hosts[0];
  EXPECT_EQ(host.name, "n1");
  EXPECT_EQ(host.host, HostId(0));
  EXPECT_EQ(host.allocatable_cpu, Cores(8));
  EXPECT_EQ(host.allocatable_memory, Gibibytes(16));
  EXPECT_DOUBLE_EQ(Rate(host.cpu_seconds), 3);
  EXPECT_EQ(host.memory_used.back().value, 4e9);
  EXPECT_EQ(host.network_bandwidth, 1.25e9);
  EXPECT_EQ(host.memory_bandwidth, 2e10);
  EXPECT_FALSE(snapshot.hosts[1].memory_bandwidth.has_value());
}

// The exporter of the node's links has no label of a node: its series are of 10.0.0.7.
TEST_F(ClusterMetricsTest, SeriesUnderAnAddressOfANodeAreTheNodes) {
  node_->addresses = {"10.0.0.7", "n1.example"};
  scraped_.nodes["n1"] = {.cpu_seconds = Counter(3), .memory_used = {{At(60), 4e9}}};
  scraped_.nodes["10.0.0.7"] = {
      .cpu_seconds = Counter(2.9), .network_bytes = Counter(8e4), .network_bandwidth = 1.25e8};
  const HostMetrics host = Join().hosts[0];
  EXPECT_DOUBLE_EQ(Rate(host.cpu_seconds), 3);
  EXPECT_DOUBLE_EQ(Rate(host.network_bytes), 8e4);
  EXPECT_EQ(host.network_bandwidth, 1.25e8);
}

TEST_F(ClusterMetricsTest, AnAnnotationThatIsNoQuantityIsAGapAndNoCapacity) {
  node_->meta.annotations[kMemoryBandwidthAnnotation] = "fast";
  node_->meta.annotations[kNetworkBandwidthAnnotation] = "10G";
  const MetricSnapshot snapshot = Join();
  EXPECT_FALSE(snapshot.hosts[0].memory_bandwidth.has_value());
  EXPECT_EQ(snapshot.hosts[0].network_bandwidth, 1e10);
  EXPECT_THAT(snapshot.gaps, ElementsAre("node n1: annotation trimtab.dev/memory-bandwidth is "
                                         "'fast', no positive quantity"));
}

// Where only a namespace may be read, hosts are what the pods say, and have no known capacity.
TEST_F(ClusterMetricsTest, NodesThatMayNotBeReadAreHostsWithoutCapacity) {
  view_.nodes.clear();
  const MetricSnapshot snapshot = Join();
  ASSERT_THAT(snapshot.hosts, SizeIs(2));
  EXPECT_EQ(snapshot.hosts[1].name, "n2");
  EXPECT_EQ(snapshot.hosts[1].allocatable_cpu, Millicores(0));
  EXPECT_DOUBLE_EQ(Rate(snapshot.hosts[1].cpu_seconds), 3);
  EXPECT_EQ(snapshot.containers[2].host, HostId(1));
}

// 0.2 + 0.05 cores, 90 + 10 MB; the sidecar's 0.4 are the use of others.
TEST_F(ClusterMetricsTest, ScaledContainersOfAPodAreAddedAndOthersAreNot) {
  view_.workloads[0].containers = {"app", "cache"};
  Container("frontend-1", "cache") = {.cpu_seconds = Counter(0.05),
                                      .memory_working_set = {{At(55), 1e7}}};
  Container("frontend-1", "istio-proxy") = {.cpu_seconds = Counter(0.4),
                                            .memory_working_set = {{At(55), 5e7}}};
  const ContainerMetrics frontend = Join().containers[0];
  EXPECT_DOUBLE_EQ(Rate(frontend.cpu_seconds), 0.25);
  EXPECT_EQ(frontend.memory_working_set.back().value, 1e8);
  // The cache's traffic is not known, and half of a sum is none.
  EXPECT_THAT(frontend.memory_traffic_bytes, IsEmpty());
}

TEST_F(ClusterMetricsTest, WhatHasNotBeenScrapedIsAbsent) {
  view_.workloads[1].pods.push_back(Pod("search-3", "n2", false));
  view_.workloads[1].pods.push_back(Pod("search-4", "", false));  // not scheduled
  const MetricSnapshot snapshot = Join();
  ASSERT_THAT(snapshot.containers, SizeIs(4));
  const ContainerMetrics& starting = snapshot.containers[3];
  EXPECT_EQ(starting.pod, "search-3");
  EXPECT_FALSE(starting.ready);
  EXPECT_THAT(starting.cpu_seconds, IsEmpty());
  EXPECT_THAT(starting.memory_working_set, IsEmpty());
  EXPECT_THAT(starting.network_bytes, IsEmpty());
  EXPECT_THAT(starting.requests, IsEmpty());
}

TEST_F(ClusterMetricsTest, SeriesOfAPodThatHasGoneAreNobodys) {
  view_.workloads[1].pods.pop_back();
  view_.nodes.pop_back();
  const MetricSnapshot snapshot = Join();
  EXPECT_THAT(snapshot.containers, SizeIs(2));
  EXPECT_THAT(snapshot.hosts, SizeIs(1));
}

// The counter names no pods: 60/s over two ready pods are 30 each, over one of two 60.
TEST_F(ClusterMetricsTest, ACounterWithoutPodsIsDividedAmongThoseThatAreReady) {
  MetricSnapshot snapshot = Join();
  EXPECT_DOUBLE_EQ(Rate(snapshot.containers[1].requests), 30);
  EXPECT_DOUBLE_EQ(Rate(snapshot.containers[2].requests), 30);
  view_.workloads[1].pods[1].ready = false;
  snapshot = Join();
  EXPECT_DOUBLE_EQ(Rate(snapshot.containers[1].requests), 60);
  EXPECT_THAT(snapshot.containers[2].requests, IsEmpty());
}

// A pod label of the collector's own pod says nothing of who served.
TEST_F(ClusterMetricsTest, ACounterOfTheCollectorsPodIsDividedToo) {
  scraped_.services["search"].requests_by_pod = {{"otel-collector-0", Counter(60)}};
  const MetricSnapshot snapshot = Join();
  EXPECT_DOUBLE_EQ(Rate(snapshot.containers[1].requests), 30);
  EXPECT_DOUBLE_EQ(Rate(snapshot.containers[2].requests), 30);
}

// search-2 has served nothing that anybody counted: that is not known to be 0.
TEST_F(ClusterMetricsTest, ACounterOfTheWorkloadsPodsIsTheirs) {
  scraped_.services["search"].requests_by_pod = {{"search-1", Counter(45)},
                                                 {"search-0", Counter(15)}};
  MetricSnapshot snapshot = Join();
  EXPECT_DOUBLE_EQ(Rate(snapshot.containers[1].requests), 45);
  EXPECT_THAT(snapshot.containers[2].requests, IsEmpty());
  scraped_.services["search"].requests_by_pod["search-2"] = Counter(20, 30);
  snapshot = Join();
  EXPECT_DOUBLE_EQ(Rate(snapshot.containers[2].requests), 20);
}

TEST_F(ClusterMetricsTest, AWorkloadThatServesUnderSeveralNamesHasTheirSum) {
  services_.of_workload[1] = {"search", "search-admin", "search-unused"};
  scraped_.services["search-admin"] = {.requests = Counter(6)};
  EXPECT_DOUBLE_EQ(Rate(Join().containers[1].requests), 33);
}

TEST_F(ClusterMetricsTest, WhatTheReaderMissedStaysAGap) {
  scraped_.gaps = {"query node-cpu-seconds: 503"};
  EXPECT_THAT(Join().gaps, Contains("query node-cpu-seconds: 503"));
}

TEST(CountedServicesTest, AreThoseOfTheResource) {
  AppScaler scaler;
  scaler.entry.service = "frontend";
  scaler.workloads = {{.name = "web", .service_names = {"frontend", "frontend-admin"}},
                      {.name = "search", .service_names = {"search"}}};
  const CountedServices services = CountedServicesOf(scaler);
  EXPECT_EQ(services.entry, "frontend");
  EXPECT_THAT(services.of_workload,
              ElementsAre(ElementsAre("frontend", "frontend-admin"), ElementsAre("search")));
}

}  // namespace
}  // namespace trimtab
