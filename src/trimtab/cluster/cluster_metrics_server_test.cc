// The contract of the port `MetricSource`, kept on a real Prometheus that scrapes a fake exporter.
#include <fmt/format.h>

#include <atomic>
#include <memory>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/servers/eventually.h"
#include "tests/servers/programs.h"
#include "tests/servers/prometheus_server.h"
#include "trimtab/clock/system_clock.h"
#include "trimtab/cluster/cluster_metrics.h"
#include "trimtab/http/testing/loopback_server.h"
#include "trimtab/monitoring/monitor.h"
#include "trimtab/monitoring/testing/exporter_jobs.h"
#include "trimtab/monitoring/testing/metric_source_contract.h"

namespace trimtab {
namespace {

using std::chrono::seconds;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// Frontend with one pod and search with two, the last on a node of its own. All of them have run
// since `begin`, in a time that the test sets: each scrape gives what the exporter would have shown
// every 15 s up to then, with those times. So two minutes cost a scrape.
class ScrapedWorld {
 public:
  static constexpr double kFrontendRate = 60;  // requests a second
  static constexpr double kCores = 0.2;        // of each pod
  static constexpr double kNodeCores = 3;
  static constexpr double kMemory = 9e7;
  static constexpr Duration kStep = seconds(15);

  ScrapedWorld() {
    const std::string configuration = ExporterJobs(exporter_.port(), "200ms");
    auto server = servers::PrometheusServer::Start({.configuration = configuration});
    EXPECT_TRUE(server.ok()) << server.status();
    if (server.ok()) server_ = *std::move(server);
  }

  Instant now() const { return now_.load(); }
  void Pass(Duration time) { now_.store(now_.load() + time); }
  // The newest moment that has been scraped once Prometheus is in step.
  Instant newest() const { return begin_ + (now() - begin_) / kStep * kStep; }

  ClusterMetrics Source() const {
    auto client = *PrometheusClient::Create({.url = server_->url()});
    auto queries = *PrometheusQueries::Create({.namespaces = {"hotel"}});
    return {PrometheusReader(std::move(client), std::move(queries), clock_), [] { return View(); },
            CountedServices{.entry = "frontend", .of_workload = {{"frontend"}, {"search"}}}};
  }

  static ApplicationView View() {
    const auto pod = [](const char* name, const char* node) {
      PodView view;
      view.meta.name = name;
      view.meta.name_space = "hotel";
      view.node = node;
      return PodSight{.pod = std::make_shared<const PodView>(std::move(view)),
                      .ready = true,
                      .limits = {Millicores(500), Mebibytes(200)}};
    };
    const auto node = [](const char* name, const char* address) {
      NodeView view;
      view.meta.name = name;
      view.allocatable = {.cpu = Cores(10), .memory = Gibibytes(16)};
      view.addresses = {address};
      return std::make_shared<const NodeView>(std::move(view));
    };
    return {.name_space = "hotel",
            .workloads = {{.containers = {"app"}, .pods = {pod("frontend-1", "n1")}},
                          {.containers = {"app"},
                           .pods = {pod("search-1", "n1"), pod("search-2", "n2")}}},
            .nodes = {node("n1", "10.0.0.1"), node("n2", "10.0.0.2")}};
  }

  servers::PrometheusServer& server() { return *server_; }

 private:
  // Of every moment of the last five minutes; what Prometheus has already it passes over.
  std::string Text(std::string_view target) const {
    std::string text;
    const auto line = [&text](Instant at, const std::string& series, double value) {
      text +=
          fmt::format("{} {} {}\n", series, value,
                      std::chrono::floor<std::chrono::milliseconds>(at.time_since_epoch()).count());
    };
    const Instant oldest = std::max(begin_, newest() - 20 * kStep);
    for (Instant at = oldest; at <= now(); at += kStep) {
      const double t = InSeconds(at - begin_);
      for (const char* pod : {"frontend-1", "search-1", "search-2"}) {
        if (target != "/metrics/cadvisor") break;
        const std::string labels = fmt::format(
            R"({{namespace="hotel",pod="{0}",container="app",id="/pods/{0}/1",image="app:1"}})",
            pod);
        line(at, "container_cpu_usage_seconds_total" + labels, kCores * t);
        line(at, "container_memory_working_set_bytes" + labels, kMemory);
        line(
            at,
            fmt::format(
                R"(container_network_receive_bytes_total{{namespace="hotel",pod="{0}",id="/pods/{0}",interface="eth0"}})",
                pod),
            5000 * t);
      }
      for (const int node : {1, 2}) {
        if (target == "/metrics/cadvisor") {
          line(at, fmt::format(R"(container_cpu_usage_seconds_total{{id="/",node="n{}"}})", node),
               kNodeCores * t);
          line(at, fmt::format(R"(container_memory_working_set_bytes{{id="/",node="n{}"}})", node),
               4e9);
        } else if (target == "/metrics") {
          // This exporter knows addresses alone.
          const std::string labels =
              fmt::format(R"({{device="eth0",kubernetes_node="10.0.0.{}"}})", node);
          line(at, "node_network_receive_bytes_total" + labels, 5e4 * t);
          line(at, "node_network_transmit_bytes_total" + labels, 3e4 * t);
          line(at, "node_network_speed_bytes" + labels, 1.25e6);
        }
      }
      if (target == "/metrics/spans") {
        line(
            at,
            R"(traces_span_metrics_calls_total{service_name="frontend",span_kind="SPAN_KIND_SERVER"})",
            kFrontendRate * t);
        line(
            at,
            R"(traces_span_metrics_calls_total{service_name="search",pod="search-1",span_kind="SPAN_KIND_SERVER"})",
            25 * t);
        line(
            at,
            R"(traces_span_metrics_calls_total{service_name="search",pod="search-2",span_kind="SPAN_KIND_SERVER"})",
            15 * t);
      }
    }
    return text;
  }

  SystemClock clock_;
  // Half an hour ago, which leaves time for all tests.
  const Instant begin_{
      std::chrono::floor<seconds>((clock_.Now() - std::chrono::minutes(30)).time_since_epoch())};
  std::atomic<Instant> now_{begin_};
  LoopbackServer exporter_{LoopbackServer::EveryRequest(
      [this](const LoopbackConnection::Request& request, const LoopbackConnection& to) {
        to.Answer(200, Text(request.target), "Content-Type: text/plain; version=0.0.4\r\n");
      })};
  std::unique_ptr<servers::PrometheusServer> server_;
};

// One for all tests: its time goes on from test to test.
ScrapedWorld& TheWorld() {
  static ScrapedWorld world;
  return world;
}

class PrometheusWorld : public MetricSourceWorld {
 public:
  PrometheusWorld() {
    servers::RequirePrograms({"prometheus"});
    if (testing::Test::IsSkipped() || testing::Test::HasFatalFailure()) return;
    source_.emplace(TheWorld().Source());
    LetPass(seconds(30));
  }
  MetricSource& source() override { return *source_; }
  Instant Now() override { return TheWorld().now(); }
  void LetPass(Duration time) override {
    ScrapedWorld& world = TheWorld();
    world.Pass(time);
    const auto in_step = [&world](const MetricSeries& series) {
      return !series.empty() && series.back().at == world.newest();
    };
    EXPECT_TRUE(servers::Eventually([&] {
      const auto snapshot = source_->Read(world.now(), seconds(60));
      return snapshot.ok() && in_step(snapshot->application_requests) &&
             std::ranges::all_of(snapshot->containers,
                                 [&](const auto& each) { return in_step(each.cpu_seconds); }) &&
             std::ranges::all_of(snapshot->hosts, [&](const auto& each) {
               return in_step(each.cpu_seconds) && in_step(each.network_bytes);
             });
    }));
  }
  int containers() override { return 3; }
  RequestsPerSecond load() override { return RequestsPerSecond(ScrapedWorld::kFrontendRate); }

 private:
  std::optional<ClusterMetrics> source_;
};

INSTANTIATE_TEST_SUITE_P(Prometheus, MetricSourceContract,
                         testing::Values([] { return std::make_unique<PrometheusWorld>(); }));

// The world as a policy sees it. On n1 of 10 cores 3 are in use: by others than frontend-1 are 2.8,
// by others than the application 2.6. Memory: 4e9 less 9e7 of 16 GiB. Network: 80 kB/s less 5 of
// 1.25 MB/s, 6 %.
TEST(ClusterMetricsServerTest, WhatAPolicySeesIsWhatTheExportersShowed) {
  PrometheusWorld world;
  if (testing::Test::IsSkipped() || testing::Test::HasFatalFailure()) return;
  world.LetPass(seconds(90));
  const auto snapshot = world.source().Read(world.Now(), seconds(45));
  ASSERT_TRUE(snapshot.ok()) << snapshot.status();
  const Application application =
      *Application::Create("hotel", {{"frontend", {}}, {"search", {}}}, {{"hotels", "frontend"}});
  Monitor monitor = *Monitor::Create(application, {});
  const Observation seen = monitor.Observe(*snapshot);
  EXPECT_THAT(seen.gaps, IsEmpty());
  EXPECT_NEAR(seen.application_load->value(), 60, 1e-6);
  EXPECT_NEAR(seen.microservices[1].arrival_rate->value(), 40, 1e-6);
  const ContainerObservation& frontend = seen.microservices[0].containers.at(0);
  EXPECT_EQ(frontend.pod, "frontend-1");
  EXPECT_NEAR(frontend.cpu_usage->value, 0.2, 1e-9);
  EXPECT_EQ(frontend.memory_usage->value, Bytes(90'000'000));
  EXPECT_NEAR(frontend.container_load->value.value(), 60, 1e-6);
  EXPECT_NEAR(frontend.interference[InterferenceKind::kCpu]->value(), 0.28, 1e-9);
  EXPECT_NEAR(frontend.interference[InterferenceKind::kMemoryCapacity]->value(),
              (4e9 - 9e7) / 17'179'869'184.0, 1e-9);
  EXPECT_NEAR(frontend.interference[InterferenceKind::kNetworkBandwidth]->value(), 0.06, 1e-9);
  EXPECT_FALSE(frontend.interference[InterferenceKind::kMemoryBandwidth].has_value());
  EXPECT_NEAR(seen.microservices[1].containers.at(0).container_load->value.value(), 25, 1e-6);
  EXPECT_NEAR(seen.hosts[0].interference[InterferenceKind::kCpu]->value(), 0.26, 1e-9);
}

// Five minutes after its exporters fell silent Prometheus still answers; what it has is old.
TEST(ClusterMetricsServerTest, OldValuesAreAbsent) {
  PrometheusWorld world;
  if (testing::Test::IsSkipped() || testing::Test::HasFatalFailure()) return;
  const auto snapshot = world.source().Read(world.Now() + std::chrono::minutes(2), seconds(45));
  ASSERT_TRUE(snapshot.ok()) << snapshot.status();
  EXPECT_THAT(snapshot->application_requests, IsEmpty());
  EXPECT_THAT(snapshot->containers, SizeIs(3));
  for (const ContainerMetrics& container : snapshot->containers) {
    EXPECT_THAT(container.cpu_seconds, IsEmpty());
    EXPECT_THAT(container.memory_working_set, IsEmpty());
  }
}

TEST(ClusterMetricsServerTest, AServerThatIsGoneIsUnavailable) {
  PrometheusWorld world;
  if (testing::Test::IsSkipped() || testing::Test::HasFatalFailure()) return;
  TheWorld().server().Kill();
  const auto snapshot = world.source().Read(world.Now(), seconds(45));
  EXPECT_EQ(snapshot.status().code(), absl::StatusCode::kUnavailable);
  ASSERT_TRUE(TheWorld().server().Restart().ok());
  EXPECT_TRUE(world.source().Read(world.Now(), seconds(45)).ok());
}

}  // namespace
}  // namespace trimtab
