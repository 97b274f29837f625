// Prometheus fails in each way: nothing becomes smaller, and the reason stands in the conditions,
// the own metrics and `trimtab explain`.
#include <fmt/format.h>

#include <atomic>
#include <cmath>
#include <string_view>

#include "trimtab/cli/testing/source_faults.h"
#include "trimtab/clock/system_clock.h"
#include "trimtab/cluster/cluster_metrics.h"
#include "trimtab/http/testing/loopback_server.h"
#include "trimtab/operator/metered_sources.h"

namespace trimtab {
namespace {

// A Prometheus of two microservices of two pods each on one node, all of it steady.
class FaultyPrometheus {
 public:
  std::string Url() const { return server_.Url(); }

  // What happens to every answer from now on; empty: nothing. The text must stay.
  void Break(const char* fault) { fault_.store(fault); }

 private:
  using Request = LoopbackConnection::Request;

  void Serve(const Request& request, const LoopbackConnection& to) const {
    const std::string_view fault = fault_.load();
    constexpr std::string_view kJson = "Content-Type: application/json\r\n";
    const std::string sound = Sound(request.body, fault);
    if (fault == "Silent") return to.WaitForClose();
    if (fault == "Reset") {
      to.Reset();
      return to.End();
    }
    if (fault == "Garbage") return void(to.Answer(200, "<html>Welcome</html>"));
    if (fault == "HalfABody") {
      to.Write(fmt::format("HTTP/1.1 200 OK\r\n{}Content-Length: {}\r\n\r\n{}", kJson,
                           sound.size() + 10, sound));
      return to.End();
    }
    if (fault == "HalfADocument") {
      return void(to.Answer(200, std::string_view(sound).substr(0, sound.size() / 2), kJson));
    }
    if (fault == "WrongTypes") {
      return void(to.Answer(
          200, R"({"status":"success","data":{"resultType":"matrix","result":[{"metric":7}]}})",
          kJson));
    }
    if (fault == "AnsweredInPart") {
      return void(to.Answer(200,
                            R"({"status":"success","warnings":["store s-1 is down"],)" +
                                sound.substr(sound.find("\"data\"")),
                            kJson));
    }
    if (fault == "Huge") return void(to.Answer(200, std::string(3 << 20, ' '), kJson));
    int status = 0;
    for (const char c : fault) {
      if (c >= '0' && c <= '9') status = 10 * status + (c - '0');
    }
    to.Answer(status == 0 ? 200 : status,
              status == 0 ? sound : R"({"status":"error","errorType":"internal","error":"no"})",
              kJson);
  }

  // The answer to the query in a form, changed where the fault is one of the values.
  static std::string Sound(const std::string& form, std::string_view fault) {
    const double now = std::stod(form.substr(form.find("time=") + 5));
    const std::string query = form.substr(0, form.find("&time="));
    const bool is_node = query.find("id%3D%22%2F%22") != std::string::npos;
    const auto asks = [&query](std::string_view metric) {
      return query.starts_with("query=" + std::string(metric) + "%7B");
    };
    std::string series;
    const auto add = [&](const std::string& labels, double base, double rate) {
      series +=
          fmt::format("{}{{\"metric\":{{{}}},\"values\":[", series.empty() ? "" : ",", labels);
      const double age = fault == "Stale" ? 44 : 0;
      for (double t = std::floor(now / 15) * 15 - 30; t <= now; t += 15) {
        if (t > now - age || t <= now - 45) continue;
        const std::string value = fault == "NaN" ? "NaN" : fmt::format("{}", base + rate * t);
        series += fmt::format("{}[{},\"{}\"]", series.back() == '[' ? "" : ",", t, value);
      }
      series += "]}";
    };
    const bool is_cpu = asks("container_cpu_usage_seconds_total");
    if (fault == "Empty") {
    } else if (is_node) {
      add(R"("id":"/","node":"node-0")", is_cpu ? 0 : 5e8, is_cpu ? 3 : 0);
    } else if (is_cpu || asks("container_memory_working_set_bytes")) {
      for (const char* pod : {"m0-0", "m0-1", "m1-0", "m1-1"}) {
        add(fmt::format(
                R"("namespace":"shop","pod":"{0}","container":"app","id":"/{0}","image":"a")", pod),
            is_cpu ? 0 : 5e7, is_cpu ? 0.04 : 0);
      }
    } else if (asks("traces_span_metrics_calls_total")) {
      for (const char* service : {"m0", "m1"}) {
        add(fmt::format(R"("service_name":"{}","span_kind":"SPAN_KIND_SERVER")", service), 0, 100);
      }
    }
    return R"({"status":"success","data":{"resultType":"matrix","result":[)" + series + "]}}";
  }

  std::atomic<const char*> fault_{""};
  LoopbackServer server_{LoopbackServer::EveryRequest(
      [this](const Request& request, const LoopbackConnection& to) { Serve(request, to); })};
};

class PrometheusFaultsTest : public SourceFaultFixture,
                             public ::testing::WithParamInterface<SourceFault> {
 protected:
  PrometheusFaultsTest() {
    auto client = PrometheusClient::Create(
        {.url = prometheus_.Url(), .http = {.largest_body = Mebibytes(1)}});
    auto queries = PrometheusQueries::Create({.namespaces = {"shop"}});
    EXPECT_TRUE(client.ok() && queries.ok());
    // The time for all queries; it passes only where nothing is answered.
    const Duration timeout = std::chrono::seconds(GetParam().name == "Silent" ? 2 : 60);
    source_ = std::make_unique<ClusterMetrics>(
        PrometheusReader(*std::move(client), *std::move(queries), deadlines_),
        [this] { return View(); }, CountedServices{.entry = "m0", .of_workload = {{"m0"}, {"m1"}}},
        timeout);
    metered_.emplace(*source_, SourceMeter{"prometheus", clock, metrics});
    world.other_metrics = &*metered_;
    Restart();
  }

  // What the actuator has, as the API server would show it.
  ApplicationView View() const {
    auto node = std::make_shared<NodeView>();
    node->meta.name = "node-0";
    node->allocatable = {.cpu = Cores(32), .memory = Gibibytes(64)};
    ApplicationView view{.name_space = "shop", .nodes = {node}};
    const std::vector<MicroserviceState>& states = world.actuator_.states;
    for (std::size_t i = 0; i < states.size(); ++i) {
      WorkloadSight& workload = view.workloads.emplace_back();
      workload.containers = {"app"};
      for (int pod = 0; pod < states[i].ready; ++pod) {
        PodView of;
        of.meta.name = fmt::format("m{}-{}", i, pod);
        of.meta.name_space = "shop";
        of.node = "node-0";
        workload.pods.push_back({.pod = std::make_shared<const PodView>(std::move(of)),
                                 .ready = true,
                                 .limits = states[i].desired.container});
      }
    }
    return view;
  }

  FaultyPrometheus prometheus_;
  SystemClock deadlines_;
  std::unique_ptr<ClusterMetrics> source_;
  std::optional<MeteredMetricSource> metered_;
};

TEST_P(PrometheusFaultsTest, NothingIsLoweredAndTheReasonIsTold) {
  const SourceFault& fault = GetParam();
  ExpectWell();
  prometheus_.Break(fault.name.c_str());
  ExpectNothingLowered(fault, "MetricsAvailable", fault.name == "Silent" ? 2 : 3);
  prometheus_.Break("");
  ExpectLoweredOnceWell();
  EXPECT_THAT(Page(), ::testing::HasSubstr("trimtab_source_up{source=\"prometheus\"} 1\n"));
}

const std::vector<std::string> kDown = {
    "trimtab_source_up{source=\"prometheus\"} 0\n",
    "trimtab_source_errors_total{source=\"prometheus\",code=\"UNAVAILABLE\"} ",
    "trimtab_actions_suppressed_total{reason=\"StaleMetrics\"} "};
const std::vector<std::string> kIncomplete = {
    "trimtab_source_up{source=\"prometheus\"} 1\n",
    "trimtab_actions_suppressed_total{reason=\"StaleMetrics\"} "};

INSTANTIATE_TEST_SUITE_P(
    Each, PrometheusFaultsTest,
    ::testing::Values(
        SourceFault{"Silent", "no complete answer within", "False/NoData", kDown},
        SourceFault{"Reset", "UNAVAILABLE", "False/NoData", kDown},
        SourceFault{"Garbage", "not an answer of Prometheus", "False/NoData", kDown},
        SourceFault{"HalfABody", "UNAVAILABLE", "False/NoData", kDown},
        SourceFault{"HalfADocument", "not an answer of Prometheus", "False/NoData", kDown},
        SourceFault{"WrongTypes", "not an answer of Prometheus", "False/NoData", kDown},
        SourceFault{"Huge", "1048576", "False/NoData", kDown},
        SourceFault{"Empty", "m0-0: no request counter", "False/StaleMetrics", kIncomplete},
        SourceFault{"AnsweredInPart", "answered in part: store s-1 is down", "False/StaleMetrics",
                    kIncomplete},
        SourceFault{"Stale", "no cpu samples within 40s", "False/StaleMetrics", kIncomplete},
        SourceFault{"NaN", "no cpu samples within 40s", "False/StaleMetrics", kIncomplete},
        SourceFault{"Status400", "400", "False/NoData", kDown},
        SourceFault{"Status401", "401", "False/NoData", kDown},
        SourceFault{"Status403", "403", "False/NoData", kDown},
        SourceFault{"Status404", "404", "False/NoData", kDown},
        SourceFault{"Status422", "422", "False/NoData", kDown},
        SourceFault{"Status429", "429", "False/NoData", kDown},
        SourceFault{"Status500", "500", "False/NoData", kDown},
        SourceFault{"Status503", "503", "False/NoData", kDown}),
    FaultNameOf);

}  // namespace
}  // namespace trimtab
