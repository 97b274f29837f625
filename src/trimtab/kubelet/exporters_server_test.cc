// What simulated nodes show of themselves, as a real Prometheus and a receiver of OTLP see it.
#include <chrono>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/servers/programs.h"
#include "tests/servers/prometheus_server.h"
#include "trimtab/kubelet/testing/nodes_world.h"
#include "trimtab/monitoring/prometheus_reader.h"
#include "trimtab/monitoring/series.h"
#include "trimtab/server/otlp_receiver.h"

namespace trimtab {
namespace {

using servers::Eventually;
using ::testing::IsEmpty;
using ::testing::SizeIs;

using ExportersTest = SimulatedNodesTest;

constexpr double kLoad = 50;

// The increase per second between the first and the last point.
double Rate(const MetricSeries& counter) {
  return (counter.back().value - counter.front().value) /
         InSeconds(counter.back().at - counter.front().at);
}

// 50 requests/s of 4 ms at the front and 2 ms at the back: 0.2 and 0.1 cores. In 14 s at least
// 700 requests come, with a standard deviation of 26: 20 % are more than five of them.
TEST_F(ExportersTest, PrometheusAnswersTheBuiltInQueries) {
  servers::RequirePrograms({"prometheus"});
  if (IsSkipped()) return;
  const ClusterScenario scenario = TwoTiers("series");
  SimulatedNodesOptions options;
  options.metrics_listen = ListenAddress{"127.0.0.1", 0};
  Run(scenario, kLoad, std::move(options));
  Apply(WorkloadManifest(scenario));
  auto server = servers::PrometheusServer::Start(
      {.configuration =
           fmt::format("global: {{scrape_interval: 1s, scrape_timeout: 1s}}\nscrape_configs:\n"
                       "  - {{job_name: world, honor_labels: true, static_configs: [{{targets: "
                       "[\"127.0.0.1:{}\"]}}]}}\n",
                       runner_->nodes().metrics_port())});
  ASSERT_TRUE(server.ok()) << server.status();
  ASSERT_TRUE(HasReady("front", 2));
  ASSERT_TRUE(HasReady("back", 1));
  auto client = PrometheusClient::Create({.url = (*server)->url()});
  auto queries = PrometheusQueries::Create({.namespaces = {name_space()}});
  ASSERT_TRUE(client.ok() && queries.ok());
  PrometheusReader reader(*std::move(client), *std::move(queries), clock());
  ASSERT_TRUE(Eventually([&] { return runner_->nodes().load_has_begun(); }));
  const Instant begun = clock().Now();
  ScrapedMetrics metrics;
  ASSERT_TRUE(Eventually([&] {
    auto read = reader.Read(clock().Now(), std::chrono::seconds(20), std::chrono::seconds(20));
    if (!read.ok()) return false;
    metrics = *std::move(read);
    const auto front = metrics.services.find("front");
    return front != metrics.services.end() && front->second.requests.size() >= 15 &&
           front->second.requests.front().at > begun;
  }));
  EXPECT_THAT(metrics.gaps, IsEmpty());
  const auto near = [](double value) { return testing::DoubleNear(value, 0.2 * value); };
  EXPECT_THAT(Rate(metrics.services.at("front").requests), near(kLoad));
  EXPECT_THAT(metrics.services.at("front").requests_by_pod, SizeIs(2));
  EXPECT_THAT(Rate(metrics.services.at("back").requests), near(kLoad));
  ASSERT_THAT(metrics.containers, SizeIs(3));
  std::map<std::string, double> cores;
  for (const auto& [name, container] : metrics.containers) {
    EXPECT_EQ(name.container, "app");
    cores[name.pod.pod.substr(0, 4)] += Rate(container.cpu_seconds);
    EXPECT_GE(container.memory_working_set.back().value, Mebibytes(10).as_double());
    EXPECT_FALSE(container.memory_traffic_bytes.empty());
  }
  EXPECT_THAT(cores["fron"], near(0.2));
  EXPECT_THAT(cores["back"], near(0.1));
  // 1,000 bytes a request at each of the two.
  double network = 0;
  for (const auto& [pod, bytes] : metrics.pod_network_bytes) network += Rate(bytes);
  EXPECT_THAT(network, near(2 * kLoad * 1000));
  ASSERT_THAT(metrics.nodes, SizeIs(2));
  double of_nodes = 0;
  for (const auto& [name, node] : metrics.nodes) {
    of_nodes += Rate(node.cpu_seconds);
    EXPECT_EQ(node.network_bandwidth, 1.25e9);
    EXPECT_FALSE(node.memory_used.empty());
    EXPECT_FALSE(node.memory_traffic_bytes.empty());
  }
  EXPECT_THAT(of_nodes, near(0.3));
}

// front -> client of front -> back, in the pods that the scheduler placed.
TEST_F(ExportersTest, AReceiverGetsWholeTraces) {
  auto receiver = OtlpReceiver::Start({{"127.0.0.1", 0}}, clock(),
                                      {.inbox = {.settle_delay = std::chrono::seconds(2)}});
  ASSERT_TRUE(receiver.ok()) << receiver.status();
  SimulatedNodesOptions options;
  options.simulation.span_share = 0.5;
  options.otlp_endpoint = fmt::format("http://127.0.0.1:{}", (*receiver)->ports().front());
  const ClusterScenario scenario = TwoTiers("traces");
  Run(scenario, kLoad, std::move(options));
  Apply(WorkloadManifest(scenario));
  std::map<TraceId, std::vector<Span>> traces;
  ASSERT_TRUE(Eventually([&] {
    const auto read = (*receiver)->inbox().Read(
        clock().Now(), [&](const Span& span) { traces[span.trace].push_back(span); });
    return read.ok() && traces.size() > 50;
  }));
  std::set<std::string> pods;
  for (const PodView& pod : Pods()) pods.insert(pod.meta.name);
  for (const auto& [id, spans] : traces) {
    ASSERT_THAT(spans, SizeIs(3));
    std::map<std::string, const Span*> by_role;
    for (const Span& span : spans) {
      by_role[span.service + (span.kind == SpanKind::kServer ? " serves" : " calls")] = &span;
      EXPECT_TRUE(pods.contains(span.pod)) << span.pod;
      EXPECT_EQ(span.operation, "serve");
      EXPECT_LE(span.start + span.duration, clock().Now());
    }
    ASSERT_THAT(by_role, SizeIs(3));
    EXPECT_EQ(by_role["front serves"]->parent, 0U);
    EXPECT_EQ(by_role["front calls"]->parent, by_role["front serves"]->id);
    EXPECT_EQ(by_role["back serves"]->parent, by_role["front calls"]->id);
    EXPECT_GE(by_role["front serves"]->duration, std::chrono::milliseconds(6));
  }
  EXPECT_EQ(runner_->nodes().span_account().dropped, 0U);
  EXPECT_EQ(runner_->nodes().span_account().rejected, 0U);
}

}  // namespace
}  // namespace trimtab
