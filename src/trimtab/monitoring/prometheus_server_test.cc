// The built-in queries on a real Prometheus that scrapes series as cAdvisor, the node exporter and
// the span metrics connector document them.
#include "tests/servers/prometheus_server.h"

#include <fmt/format.h>

#include <atomic>
#include <memory>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/servers/eventually.h"
#include "tests/servers/programs.h"
#include "trimtab/clock/system_clock.h"
#include "trimtab/http/testing/loopback_server.h"
#include "trimtab/monitoring/prometheus_reader.h"
#include "trimtab/monitoring/series.h"
#include "trimtab/monitoring/testing/exporter_jobs.h"

namespace trimtab {
namespace {

using servers::Eventually;
using servers::PrometheusServer;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr Duration kWindow = std::chrono::seconds(30);
constexpr Duration kTimeout = std::chrono::seconds(20);

// Counters that grow steadily from its construction on.
class FakeExporter {
 public:
  FakeExporter()
      : server_(LoopbackServer::EveryRequest(
            [this](const LoopbackConnection::Request& request, const LoopbackConnection& to) {
              to.Answer(200, Text(request.target), "Content-Type: text/plain; version=0.0.4\r\n");
            })) {}

  std::uint16_t port() const { return server_.port(); }

 private:
  std::string Text(std::string_view target) {
    const double t = InSeconds(clock_.Now() - start_);
    if (target == "/metrics/cadvisor") return Cadvisor(t);
    if (target == "/metrics/spans") return Spans(t);
    return Node(t);
  }

  std::string Cadvisor(double t) {
    // A container, the same again under its pod's own control group, and the pod's pause.
    constexpr std::string_view kSearch =
        R"(namespace="hotel",pod="search-1",container="search",id="/pods/a/1",image="search:1")";
    constexpr std::string_view kPod =
        R"(namespace="hotel",pod="search-1",container="",id="/pods/a",image="")";
    constexpr std::string_view kPause =
        R"(namespace="hotel",pod="search-1",container="POD",id="/pods/a/0",image="pause:3")";
    std::string text;
    text += fmt::format("container_cpu_usage_seconds_total{{{},cpu=\"cpu00\"}} {}\n", kSearch,
                        0.15 * t);
    text += fmt::format("container_cpu_usage_seconds_total{{{},cpu=\"cpu01\"}} {}\n", kSearch,
                        0.05 * t);
    text += fmt::format("container_cpu_usage_seconds_total{{{}}} {}\n", kPod, 0.21 * t);
    text += fmt::format("container_cpu_usage_seconds_total{{{}}} {}\n", kPause, 0.01 * t);
    text += fmt::format("container_cpu_usage_seconds_total{{id=\"/\",node=\"n1\"}} {}\n", 3 * t);
    // It needs most at its start.
    text += fmt::format("container_memory_working_set_bytes{{{}}} {}\n", kSearch,
                        ++cadvisor_scrapes_ == 1 ? 2e8 : 9e7);
    text += fmt::format("container_memory_working_set_bytes{{{}}} 9.1e7\n", kPod);
    text += "container_memory_working_set_bytes{id=\"/\",node=\"n1\"} 4e9\n";
    // Only what has a limit has periods; of 10 a second the quota cuts 3 short.
    text += fmt::format("container_cpu_cfs_periods_total{{{}}} {}\n", kSearch, 10 * t);
    text += fmt::format("container_cpu_cfs_throttled_periods_total{{{}}} {}\n", kSearch, 3 * t);
    text += fmt::format("container_memory_bandwidth_bytes{{{}}} {}\n", kSearch, 1e6 * t);
    text += fmt::format("container_network_receive_bytes_total{{{},interface=\"eth0\"}} {}\n", kPod,
                        2000 * t);
    text += fmt::format("container_network_transmit_bytes_total{{{},interface=\"eth0\"}} {}\n",
                        kPod, 1000 * t);
    return text;
  }

  static std::string Node(double t) {
    std::string text;
    for (const auto& [device, share] : {std::pair("eth0", 1.0), std::pair("veth12", 7.0)}) {
      text += fmt::format("node_network_receive_bytes_total{{node=\"n1\",device=\"{}\"}} {}\n",
                          device, 5e4 * share * t);
      text += fmt::format("node_network_transmit_bytes_total{{node=\"n1\",device=\"{}\"}} {}\n",
                          device, 3e4 * share * t);
      text += fmt::format("node_network_speed_bytes{{node=\"n1\",device=\"{}\"}} 1.25e9\n", device);
    }
    for (const int domain : {0, 1}) {
      text += fmt::format(
          "node_resctrl_memory_bandwidth_bytes_total{{node=\"n1\",domain=\"{}\","
          "scope=\"total\"}} {}\n",
          domain, 1e8 * t);
    }
    for (const auto& [mode, share] : {std::pair("user", 2.0), std::pair("idle", 5.0)}) {
      text += fmt::format("node_cpu_seconds_total{{node=\"n1\",cpu=\"0\",mode=\"{}\"}} {}\n", mode,
                          share * t);
    }
    return text;
  }

  static std::string Spans(double t) {
    std::string text;
    for (const auto& [kind, rate] : {std::pair("SERVER", 50.0), std::pair("CLIENT", 20.0)}) {
      text += fmt::format(
          "traces_span_metrics_calls_total{{service_name=\"search\","
          "span_kind=\"SPAN_KIND_{}\"}} {}\n",
          kind, rate * t);
    }
    // A service of this name elsewhere.
    text += fmt::format(
        "traces_span_metrics_calls_total{{service_name=\"search\",k8s_namespace_name=\"other\","
        "span_kind=\"SPAN_KIND_SERVER\"}} {}\n",
        1000 * t);
    return text;
  }

  SystemClock clock_;
  const Instant start_ = clock_.Now();
  std::atomic<int> cadvisor_scrapes_ = 0;
  LoopbackServer server_;  // last: its threads use the others
};

class PrometheusServerQueriesTest : public testing::Test {
 protected:
  void SetUp() override {
    servers::RequirePrograms({"prometheus"});
    if (IsSkipped() || HasFatalFailure()) return;
    const std::string configuration = ExporterJobs(exporter_.port(), "1s");
    auto server = PrometheusServer::Start(
        {.configuration = configuration, .flags = {"--query.max-samples=10000"}});
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }

  PrometheusClient Client() const {
    auto client = PrometheusClient::Create({.url = server_->url()});
    EXPECT_TRUE(client.ok()) << client.status();
    return *std::move(client);
  }
  static PrometheusQueries Queries() {
    auto queries = PrometheusQueries::Create({.namespaces = {"hotel"}});
    EXPECT_TRUE(queries.ok()) << queries.status();
    return *std::move(queries);
  }
  // Looks until three scrapes of each job are there.
  ScrapedMetrics ReadWhenScraped() {
    PrometheusReader reader(Client(), Queries(), clock_);
    ScrapedMetrics metrics;
    EXPECT_TRUE(Eventually([&] {
      auto read = reader.Read(clock_.Now(), kWindow, kTimeout);
      if (!read.ok()) return false;
      metrics = *std::move(read);
      return !metrics.containers.empty() && metrics.nodes.contains("n1") &&
             metrics.services.contains("search") &&
             metrics.containers.begin()->second.cpu_seconds.size() >= 3 &&
             metrics.nodes["n1"].network_bytes.size() >= 3 &&
             metrics.services["search"].requests.size() >= 3;
    }));
    return metrics;
  }
  double Rate(const MetricSeries& counter) const {
    SeriesDefects defects;
    const auto increase = IncreaseOf(counter, {.begin = Instant(), .end = clock_.Now()}, defects);
    EXPECT_EQ(defects.bad_points, 0);
    EXPECT_EQ(defects.counter_resets, 0);
    return increase ? increase->PerSecond() : -1;
  }

  SystemClock clock_;
  FakeExporter exporter_;
  std::unique_ptr<PrometheusServer> server_;
};

TEST_F(PrometheusServerQueriesTest, ReadsBackWhatTheExporterShows) {
  const ScrapedMetrics metrics = ReadWhenScraped();
  EXPECT_THAT(metrics.gaps, IsEmpty());
  ASSERT_THAT(metrics.containers, SizeIs(1));
  const ScrapedContainer& search = metrics.containers.begin()->second;
  const ScrapedNode& node = metrics.nodes.at("n1");
  // Prometheus dates a scrape at its beginning and the exporter at its answer: some milliseconds of
  // at least two seconds.
  const auto near = [](double value) { return testing::DoubleNear(value, 0.1 * value); };
  EXPECT_THAT(Rate(search.cpu_seconds), near(0.2));
  EXPECT_EQ(search.memory_working_set.back().value, 9e7);
  EXPECT_EQ(search.memory_peak, 2e8);
  EXPECT_THAT(Rate(search.quota.periods), near(10));
  EXPECT_THAT(Rate(search.quota.throttled), near(3));
  EXPECT_THAT(Rate(search.memory_traffic_bytes), near(1e6));
  EXPECT_THAT(Rate(metrics.pod_network_bytes.at({"hotel", "search-1"})), near(3000));
  EXPECT_THAT(Rate(node.cpu_seconds), near(3));
  EXPECT_EQ(node.memory_used.back().value, 4e9);
  EXPECT_THAT(Rate(node.memory_traffic_bytes), near(2e8));
  EXPECT_THAT(Rate(node.network_bytes), near(8e4));
  EXPECT_EQ(node.network_bandwidth, 1.25e9);
  EXPECT_THAT(Rate(metrics.services.at("search").requests), near(50));
}

TEST_F(PrometheusServerQueriesTest, EveryFormOfEveryQueryIsAccepted) {
  const PrometheusClient client = Client();
  const PrometheusQueries queries = Queries();
  for (int i = 0; i < kPrometheusSeriesKinds; ++i) {
    const auto series = static_cast<PrometheusSeries>(i);
    for (const std::string& form : queries.FormsOf(series, kWindow)) {
      const auto answer = client.Query(form, clock_.Now(), kTimeout);
      EXPECT_TRUE(answer.ok()) << form << ": " << answer.status();
    }
  }
}

TEST_F(PrometheusServerQueriesTest, ErrorsAreThoseOfTheServer) {
  const PrometheusClient client = Client();
  const auto wrong = client.Query("up{", clock_.Now(), kTimeout).status();
  EXPECT_EQ(wrong.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(wrong.message()), HasSubstr("400 bad_data"));
  const auto many =
      client.Query("sum_over_time(vector(1)[20000s:1s])", clock_.Now(), kTimeout).status();
  EXPECT_EQ(many.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(many.message()), HasSubstr("422 execution"));
  const auto none = client.Query("absent_metric", clock_.Now(), kTimeout);
  ASSERT_TRUE(none.ok()) << none.status();
  EXPECT_THAT(none->series, IsEmpty());
  const auto version = client.Version(kTimeout);
  ASSERT_TRUE(version.ok()) << version.status();
  EXPECT_THAT(*version, HasSubstr("."));
}

TEST_F(PrometheusServerQueriesTest, AServerThatDiesIsUnavailable) {
  PrometheusReader reader(Client(), Queries(), clock_);
  ASSERT_TRUE(reader.Read(clock_.Now(), kWindow, kTimeout).ok());
  server_->Kill();
  EXPECT_EQ(reader.Read(clock_.Now(), kWindow, kTimeout).status().code(),
            absl::StatusCode::kUnavailable);
  ASSERT_TRUE(server_->Restart().ok());
  EXPECT_TRUE(reader.Read(clock_.Now(), kWindow, kTimeout).ok());
}

}  // namespace
}  // namespace trimtab
