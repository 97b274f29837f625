// A control loop that wants to lower, on sources that fail in each way: nothing is made smaller by
// it, the reason is in the decision's gaps or troubles and in its journal, and once the source is
// well again the lower goes through.
#include <fmt/format.h>

#include <atomic>
#include <limits>
#include <memory>
#include <string>
#include <string_view>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "trimtab/clock/system_clock.h"
#include "trimtab/cluster/cluster_metrics.h"
#include "trimtab/controller/testing/control_loop_fixture.h"
#include "trimtab/http/testing/loopback_server.h"
#include "trimtab/tracing/jaeger_source.h"
#include "trimtab/tracing/testing/fake_jaeger.h"

namespace trimtab {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;

class SourceFaultsTest : public ControlLoopFixture {
 protected:
  // Lowers both to one replica; a fault from now on.
  void ExpectNothingLowered(std::string_view fault, const std::string& words) {
    SCOPED_TRACE(fault);
    Ask(Sized(1), Sized(1));
    for (int i = 0; i < 3; ++i) {
      const Decision decision = Step();
      EXPECT_EQ(Desired(0), Sized(2));
      EXPECT_EQ(Desired(1), Sized(2));
      std::string reasons;
      for (const std::string& gap : decision.observation.gaps) reasons += gap + "\n";
      for (const Trouble& trouble : decision.troubles) reasons += trouble.words + "\n";
      EXPECT_THAT(reasons, HasSubstr(words));
      const DecisionEntry& entry = journal.entries.back();
      EXPECT_THAT(entry.observation + entry.commitment, HasSubstr(words.substr(0, 12)));
    }
  }
  // Well again, the loop lowers within two minutes; then it starts anew.
  void ExpectLoweredOnceWell() {
    for (int i = 0; i < 8 && Desired(1) != Sized(1); ++i) Step();
    EXPECT_EQ(Desired(0), Sized(1));
    EXPECT_EQ(Desired(1), Sized(1));
  }
  void MakeWith(TraceSource& spans, MetricSource& series) {
    auto made = ControlLoop::Create({.application = application,
                                     .clock = clock,
                                     .traces = spans,
                                     .metrics = series,
                                     .actuator = actuator,
                                     .policy = policy,
                                     .journal = journal},
                                    options);
    ASSERT_TRUE(made.ok()) << made.status();
    loop = *std::move(made);
  }
};

// A Prometheus of two microservices of two pods each on one node, all of it steady.
class FaultyPrometheus {
 public:
  std::string Url() const { return server_.Url(); }

  // What happens to every answer from now on; empty: nothing.
  void Break(std::string_view fault) { fault_.store(fault.data()); }

 private:
  using Request = LoopbackConnection::Request;

  void Serve(const Request& request, const LoopbackConnection& to) const {
    const std::string_view fault = fault_.load();
    constexpr std::string_view kJson = "Content-Type: application/json\r\n";
    const std::string sound = Sound(request.body, fault);
    if (fault == "silent") return to.WaitForClose();
    if (fault == "reset") return to.Reset();
    if (fault == "garbage") return void(to.Answer(200, "<html>Welcome</html>"));
    if (fault == "half a body") {
      to.Write(fmt::format("HTTP/1.1 200 OK\r\n{}Content-Length: {}\r\n\r\n{}", kJson,
                           sound.size() + 10, sound));
      return to.End();
    }
    if (fault == "half a document") {
      return void(to.Answer(200, std::string_view(sound).substr(0, sound.size() / 2), kJson));
    }
    if (fault == "wrong types") {
      return void(to.Answer(
          200, R"({"status":"success","data":{"resultType":"matrix","result":[{"metric":7}]}})",
          kJson));
    }
    if (fault == "partial") {
      return void(to.Answer(200,
                            R"({"status":"success","warnings":["store s-1 is down"],)" +
                                sound.substr(sound.find("\"data\"")),
                            kJson));
    }
    if (fault == "huge") return void(to.Answer(200, std::string(3 << 20, ' '), kJson));
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
      const double age = fault == "stale" ? 44 : 0;
      for (double t = std::floor(now / 15) * 15 - 30; t <= now; t += 15) {
        if (t > now - age || t <= now - 45) continue;
        const std::string value = fault == "NaN" ? "NaN" : fmt::format("{}", base + rate * t);
        series += fmt::format("{}[{},\"{}\"]", series.back() == '[' ? "" : ",", t, value);
      }
      series += "]}";
    };
    const bool is_cpu = asks("container_cpu_usage_seconds_total");
    if (fault == "empty") {
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

class PrometheusFaultsTest : public SourceFaultsTest {
 protected:
  PrometheusFaultsTest() {
    auto client = PrometheusClient::Create(
        {.url = prometheus_.Url(), .http = {.largest_body = Mebibytes(1)}});
    auto queries = PrometheusQueries::Create({.namespaces = {"shop"}});
    EXPECT_TRUE(client.ok() && queries.ok());
    source_ = std::make_unique<ClusterMetrics>(
        PrometheusReader(*std::move(client), *std::move(queries), deadlines_),
        [this] { return View(); }, CountedServices{.entry = "m0", .of_workload = {{"m0"}, {"m1"}}},
        milliseconds(300));
  }

  // What the actuator has, as the API server would show it.
  ApplicationView View() const {
    auto node = std::make_shared<NodeView>();
    node->meta.name = "node-0";
    node->allocatable = {.cpu = Cores(32), .memory = Gibibytes(64)};
    ApplicationView view{.name_space = "shop", .nodes = {node}};
    for (std::size_t i = 0; i < actuator.states.size(); ++i) {
      WorkloadSight& workload = view.workloads.emplace_back();
      workload.containers = {"app"};
      for (int pod = 0; pod < actuator.states[i].ready; ++pod) {
        PodView of;
        of.meta.name = fmt::format("m{}-{}", i, pod);
        of.meta.name_space = "shop";
        of.node = "node-0";
        workload.pods.push_back({.pod = std::make_shared<const PodView>(std::move(of)),
                                 .ready = true,
                                 .limits = actuator.states[i].desired.container});
      }
    }
    return view;
  }

  FaultyPrometheus prometheus_;
  SystemClock deadlines_;
  std::unique_ptr<ClusterMetrics> source_;
};

TEST_F(PrometheusFaultsTest, EachLeavesEverythingAsItIs) {
  const std::pair<const char*, const char*> faults[] = {
      {"silent", "no complete answer within"},
      {"reset", "UNAVAILABLE"},
      {"empty", "m0-0: no request counter"},
      {"garbage", "not an answer of Prometheus"},
      {"half a body", "UNAVAILABLE"},
      {"half a document", "not an answer of Prometheus"},
      {"wrong types", "not an answer of Prometheus"},
      {"partial", "answered in part: store s-1 is down"},
      {"stale", "no cpu samples within 40s"},
      {"NaN", "no cpu samples within 40s"},
      {"huge", "1048576"},
      {"400", "400"},
      {"401", "401"},
      {"403", "403"},
      {"404", "404"},
      {"422", "422"},
      {"429", "429"},
      {"500", "500"},
      {"503", "503"},
  };
  for (const auto& [fault, words] : faults) {
    actuator = FakeActuator(Allocation(2, Sized(2)));
    prometheus_.Break("");
    policy.make = nullptr;
    MakeWith(traces, *source_);
    EXPECT_THAT(Steps(3).observation.gaps, ::testing::IsEmpty()) << fault;
    prometheus_.Break(fault);
    ExpectNothingLowered(fault, words);
    prometheus_.Break("");
    ExpectLoweredOnceWell();
  }
}

// Ten traces a second of the entry, as Jaeger has them; its clock is the loop's.
class JaegerFaultsTest : public SourceFaultsTest {
 protected:
  absl::StatusOr<HttpResponse> Get(const std::string& target) {
    for (; next_ <= clock.now; next_ += milliseconds(100)) {
      jaeger_.Add(
          {{0, ++count_}, 1, 0, "m0", "m0-0", "get", SpanKind::kServer, next_, milliseconds(200)});
    }
    if (fault_ == "down") return absl::UnavailableError("connection refused");
    if (fault_ == "slow") return absl::DeadlineExceededError("no answer within 10s");
    if (fault_ == "garbage") return HttpResponse{.status = 200, .body = "<html>Welcome</html>"};
    if (fault_ == "500") return HttpResponse{.status = 500, .body = "storage is full"};
    if (fault_ == "empty") return HttpResponse{.status = 200, .body = R"({"data":[]})"};
    if (fault_ == "wrong types") {
      return HttpResponse{.status = 200, .body = R"({"data":[{"traceID":"1","spans":{"a":1}}]})"};
    }
    auto answer = jaeger_.Getter()(target);
    if (fault_ == "half" && answer.ok()) answer->body.resize(answer->body.size() / 2);
    return answer;
  }

  std::string fault_;
  testing::FakeJaeger jaeger_;
  Instant next_{seconds(900)};
  std::uint64_t count_ = 0;
};

TEST_F(JaegerFaultsTest, EachLeavesEverythingAsItIs) {
  const std::pair<const char*, const char*> faults[] = {
      {"down", "connection refused"},
      {"slow", "no answer within 10s"},
      {"garbage", "traces: "},
      {"half", "traces: "},
      {"wrong types", "traces: "},
      {"empty", "traces: "},
      {"500", "500"},
  };
  for (const auto& [fault, words] : faults) {
    actuator = FakeActuator(Allocation(2, Sized(2)));
    fault_.clear();
    policy.make = nullptr;
    JaegerSource source(
        JaegerQuery([this](const std::string& target) { return Get(target); }, {.service = "m0"}),
        {.settle_delay = seconds(5)}, clock.now - seconds(60));
    metrics.load = 10;
    MakeWith(source, metrics);
    EXPECT_THAT(Steps(6).observation.gaps, ::testing::IsEmpty()) << fault;
    fault_ = fault;
    // What is missing shows once the window has none of it: 60 s.
    policy.make = nullptr;
    Steps(fault_ == "empty" ? 5 : 1);
    ExpectNothingLowered(fault, words);
    fault_.clear();
    for (int i = 0; i < 4; ++i) Step();
    ExpectLoweredOnceWell();
  }
}

}  // namespace
}  // namespace trimtab
