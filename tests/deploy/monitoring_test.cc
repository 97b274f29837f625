// The dashboard and the alerts of the chart, on a real Prometheus that scrapes Trimtab's own
// metrics from two replicas.
#include <fmt/format.h>

#include <cmath>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/deploy/monitoring_files.h"
#include "tests/servers/eventually.h"
#include "tests/servers/programs.h"
#include "tests/servers/prometheus_server.h"
#include "trimtab/clock/system_clock.h"
#include "trimtab/http/http_client.h"
#include "trimtab/monitoring/prometheus_client.h"
#include "trimtab/server/status_service.h"
#include "trimtab/telemetry/own_metrics.h"

namespace trimtab::servers {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr Duration kTimeout = std::chrono::seconds(20);

std::string Replaced(std::string text, const std::string& from, const std::string& to) {
  for (std::size_t at = text.find(from); at != text.npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
  return text;
}

struct Query {
  std::string panel;
  std::string expression;
  std::string legend;
};

// Everything that the dashboard asks, for one choice of its variables.
std::vector<Query> Queries(const std::string& name_space, const std::string& app) {
  const auto filled = [&](const std::string& text) {
    return Replaced(Replaced(text, "$namespace", name_space), "$app", app);
  };
  std::vector<Query> queries;
  const nlohmann::json dashboard = Dashboard();
  for (const auto& panel : dashboard["panels"]) {
    for (const auto& target : panel["targets"]) {
      queries.push_back({panel["title"], filled(target["expr"]), target["legendFormat"]});
    }
  }
  // Grafana asks for the values of a label; the same as a query is the label's groups.
  static const std::regex kLabelValues(R"(label_values\((.*), (\w+)\))");
  for (const auto& variable : dashboard["templating"]["list"]) {
    const std::string text = variable["query"];
    std::smatch parts;
    if (!std::regex_match(text, parts, kLabelValues)) continue;
    queries.push_back({"variable " + variable["name"].get<std::string>(),
                       filled(fmt::format("group by ({}) ({})", parts.str(2), parts.str(1))),
                       "{{" + parts.str(2) + "}}"});
  }
  return queries;
}

// Two replicas, the second of which led until a moment ago: both show the same. The counters rise
// with each scrape.
class Replicas {
 public:
  Replicas() {
    SetApplication();
    SetProcess();
    for (auto& server : servers_) {
      auto started =
          StartStatusServer({{"127.0.0.1", 0}}, {.metrics = [this] { return Page(); }}, clock_);
      EXPECT_TRUE(started.ok()) << started.status();
      if (started.ok()) server = *std::move(started);
    }
  }

  std::string Targets() const {
    return fmt::format(R"("127.0.0.1:{}", "127.0.0.1:{}")", servers_[0]->ports()[0],
                       servers_[1]->ports()[0]);
  }
  OwnMetrics& metrics() { return metrics_; }
  void Stop() {
    for (auto& server : servers_) server.reset();
  }

 private:
  std::string Page() {
    using enum OwnMetric;
    metrics_.Raise(kReconciles, {"held"});
    metrics_.Record(kReconcileDuration, {"collect"}, 0.02);
    metrics_.Record(kSourceRequest, {"prometheus"}, 0.01);
    metrics_.Raise(kObjectiveViolation, {"hotel", "shop"}, 0.5);
    metrics_.Raise(kDecisions, {"up", "PredictedAboveTarget", "Apply"});
    metrics_.Raise(kActions, {"scale", "ok"});
    metrics_.Record(kActionDuration, {"scale", "ok"}, 4);
    metrics_.Raise(kActionsSuppressed, {"Cooldown"});
    metrics_.Record(kPrepareIterations, {}, 3);
    metrics_.Raise(kSpansReceived, {}, 100);
    return metrics_.Text();
  }

  void SetApplication() {
    using enum OwnMetric;
    const OwnMetrics::LabelValues app = {"hotel", "shop"};
    metrics_.Set(kLatencyTarget, app, 0.3);
    metrics_.Set(kLatencyObserved, app, 0.28);
    metrics_.Set(kLatencyPredicted, app, 0.25);
    metrics_.Set(kObjectiveMet, app, 1);
    metrics_.Set(kRequestRate, app, 500);
    metrics_.Set(kGraphShare, {"hotel", "shop", "1"}, 0.7);
    metrics_.Set(kGraphShare, {"hotel", "shop", "2"}, 0.3);
    for (const auto& [workload, replicas] : {std::pair("web", 3), std::pair("store", 2)}) {
      const OwnMetrics::LabelValues of = {"hotel", "shop", workload};
      metrics_.Set(kReplicasCurrent, of, replicas);
      metrics_.Set(kReplicasDesired, of, replicas);
      metrics_.Set(kWorkloadPaused, of, 0);
      metrics_.Set(kWorkloadConflict, of, 0);
      metrics_.Set(kWorkloadWaiting, {"hotel", "shop", workload, "Creating"}, 1);
      metrics_.Set(kSensitivity, {"hotel", "shop", workload, "cpu"}, 0.1);
      metrics_.Set(kModelError, {"hotel", workload}, 0.1);
      metrics_.Set(kModelSamples, {"hotel", workload}, 12000);
      metrics_.Set(kModelTrained, {"hotel", workload}, Now());
      metrics_.Raise(kModelOutOfRange, {"hotel", workload, "container_load"}, 0);
    }
    SetSize("web", "app", 0.5, 256);
    SetSize("web", "proxy", 0.1, 64);
    SetSize("store", "app", 1, 512);
  }
  void SetSize(const std::string& workload, const std::string& container, double cores,
               double mebibytes) {
    using enum OwnMetric;
    for (const OwnMetric metric : {kCpuCurrent, kCpuDesired}) {
      metrics_.Set(metric, {"hotel", "shop", workload, container}, cores);
    }
    for (const OwnMetric metric : {kMemoryCurrent, kMemoryDesired}) {
      metrics_.Set(metric, {"hotel", "shop", workload, container}, mebibytes * 1024 * 1024);
    }
  }
  void SetProcess() {
    using enum OwnMetric;
    metrics_.Set(kBuildInfo, {"0.1.0", "0123abcd"}, 1);
    metrics_.Set(kLeader, {}, 1);
    metrics_.Set(kSourceUp, {"prometheus"}, 1);
    metrics_.Set(kSourceLastSuccess, {"prometheus"}, Now());
    metrics_.Raise(kSourceErrors, {"prometheus", "503"}, 0);
    metrics_.Set(kSourceSampleAge, {"hotel", "shop", "prometheus"}, 12);
    metrics_.Raise(kActions, {"resize", "conflict"}, 0);
    metrics_.Set(kPodResizes, {"deferred"}, 0);
    metrics_.Raise(kSpansRejected, {"full"}, 0);
    metrics_.Raise(kRequestsRefused, {"overloaded"}, 0);
    metrics_.Raise(kTracesIncomplete, {"otlp"}, 0);
  }
  double Now() const { return InSeconds(clock_.Now().time_since_epoch()); }

  SystemClock clock_;
  OwnMetrics metrics_;
  std::unique_ptr<SocketServer> servers_[2];  // last: their threads use the others
};

class MonitoringTest : public testing::Test {
 protected:
  void SetUp() override {
    RequirePrograms({"prometheus"});
    if (IsSkipped() || HasFatalFailure()) return;
    replicas_ = std::make_unique<Replicas>();
    auto server = PrometheusServer::Start(
        {.configuration = fmt::format(
             "global: {{scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}}\n"
             "rule_files: ['{}']\n"
             "scrape_configs:\n"
             "- job_name: anything\n"
             "  honor_labels: true\n"
             "  static_configs: [{{targets: [{}]}}]\n",
             kAlerts, replicas_->Targets())});
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    auto client = PrometheusClient::Create({.url = server_->url()});
    ASSERT_TRUE(client.ok()) << client.status();
    client_.emplace(*std::move(client));
    // Rates want two scrapes of each replica.
    ASSERT_TRUE(Eventually([&] {
      const auto scrapes =
          client_->Query("count_over_time(trimtab_leader[1m]) > 2", clock_.Now(), kTimeout);
      return scrapes.ok() && scrapes->series.size() == 2;
    }));
  }

  // What is wrong with the answer; empty when nothing is.
  std::string Problem(const Query& query) const {
    const auto answer = client_->Query(query.expression, clock_.Now(), kTimeout);
    if (!answer.ok()) return std::string(answer.status().message());
    if (answer->series.empty()) return "no series";
    static const std::regex kLabel(R"(\{\{(\w+)\}\})");
    std::set<std::string> names;
    for (const LabeledSeries& series : answer->series) {
      if (series.points.size() != 1) return fmt::format("{} points", series.points.size());
      if (!std::isfinite(series.points[0].value)) return "a value that is no number";
      std::string name;
      for (std::sregex_iterator label(query.legend.begin(), query.legend.end(), kLabel), end;
           label != end; ++label) {
        const std::string value(series.Label(label->str(1)));
        if (value.empty()) return fmt::format("no label '{}'", label->str(1));
        name += value + "/";
      }
      if (!names.insert(name).second) return fmt::format("two series called '{}'", name);
    }
    return "";
  }
  double Value(const std::string& panel) const {
    for (const Query& query : Queries(".*", ".*")) {
      if (query.panel != panel) continue;
      const auto answer = client_->Query(query.expression, clock_.Now(), kTimeout);
      if (answer.ok() && answer->series.size() == 1) return answer->series[0].points[0].value;
    }
    ADD_FAILURE() << panel << " has not one series";
    return 0;
  }
  nlohmann::json Api(const std::string& path) const {
    auto http = HttpClient::Create({});
    if (!http.ok()) return nlohmann::json::object();
    const auto answer = (*http)->Send({.url = server_->url() + "/api/v1/" + path});
    if (!answer.ok() || !answer->ok()) return nlohmann::json::object();
    return nlohmann::json::parse(answer->body, nullptr, false).value("data", nlohmann::json());
  }
  // What each alert says that is pending or fires, by name.
  std::map<std::string, std::string> Alerts() const {
    std::map<std::string, std::string> alerts;
    const nlohmann::json data = Api("alerts");
    for (const auto& alert : data.value("alerts", nlohmann::json::array())) {
      alerts[alert["labels"]["alertname"]] = alert["annotations"]["summary"];
    }
    return alerts;
  }
  // Every alert of the file, as the server understood it.
  std::set<std::string> Rules() const {
    std::set<std::string> rules;
    const nlohmann::json data = Api("rules");
    for (const auto& group : data.value("groups", nlohmann::json::array())) {
      for (const auto& rule : group["rules"]) {
        EXPECT_EQ(rule["health"], "ok") << rule.dump();
        rules.insert(rule["name"]);
      }
    }
    return rules;
  }

  const SystemClock clock_;
  std::unique_ptr<Replicas> replicas_;
  std::unique_ptr<PrometheusServer> server_;
  std::optional<PrometheusClient> client_;
};

TEST_F(MonitoringTest, EveryQueryOfTheDashboardFindsItsSeries) {
  for (const char* choice : {"all", "one"}) {
    const bool all = std::string(choice) == "all";
    for (const Query& query : Queries(all ? ".*" : "hotel", all ? ".*" : "shop")) {
      EXPECT_THAT(query.expression, Not(HasSubstr("$")));
      EXPECT_EQ(Problem(query), "") << query.panel << ": " << query.expression;
    }
  }
  // 3 pods of 0.5 + 0.1 cores and 256 + 64 MiB, 2 of 1 core and 512 MiB, however many replicas of
  // Trimtab tell of them.
  EXPECT_NEAR(Value("CPU in all"), 3.8, 1e-9);
  EXPECT_NEAR(Value("Memory in all"), 1984.0 * 1024 * 1024, 1);
  EXPECT_NEAR(Value("Steps of a plan, mean"), 3, 1e-9);
}

TEST_F(MonitoringTest, ARenamedMetricIsNoticed) {
  int renamed = 0;
  for (const Query& query : Queries(".*", ".*")) {
    for (const MetricDescription& metric : OwnMetricTable()) {
      const std::string name(metric.name);
      if (query.expression.find(name) == std::string::npos) continue;
      Query changed = query;
      changed.expression = Replaced(query.expression, name, "renamed_" + name.substr(8));
      EXPECT_NE(Problem(changed), "") << query.panel << " without " << name;
      ++renamed;
    }
  }
  EXPECT_GE(renamed, 40);
}

TEST_F(MonitoringTest, AlertsAreSilentUntilSomethingIsWrong) {
  ASSERT_TRUE(Eventually(
      [&] { return Api("rules").dump().find(R"("health":"unknown")") == std::string::npos; }));
  const std::set<std::string> rules = Rules();
  EXPECT_GE(rules.size(), 7U);
  EXPECT_THAT(Alerts(), IsEmpty());

  using enum OwnMetric;
  OwnMetrics& metrics = replicas_->metrics();
  metrics.Set(kObjectiveMet, {"hotel", "shop"}, 0);
  metrics.Set(kSourceUp, {"prometheus"}, 0);
  metrics.Set(kModelTrained, {"hotel", "web"}, 1.7e9);  // 2023
  metrics.Raise(kActions, {"resize", "conflict"}, 100);
  metrics.Set(kPodResizes, {"deferred"}, 2);
  metrics.Set(kLeader, {}, 0);
  metrics.Set(kWorkloadConflict, {"hotel", "shop", "web"}, 1);
  metrics.Raise(kSpansRejected, {"full"}, 100);
  metrics.Raise(kActionsSuppressed, {"MaxReplicas"}, 0);
  ASSERT_TRUE(Eventually([&] {
    const auto known = client_->Query("trimtab_actions_suppressed_total{reason=\"MaxReplicas\"}",
                                      clock_.Now(), kTimeout);
    return known.ok() && known->series.size() == 2;
  }));
  metrics.Raise(kActionsSuppressed, {"MaxReplicas"}, 5);
  EXPECT_TRUE(Eventually([&] { return Alerts().size() == rules.size(); }));
  const auto alerts = Alerts();
  for (const std::string& rule : rules) {
    ASSERT_TRUE(alerts.contains(rule)) << rule;
    // What an expression leaves out, a template shows as nothing: "/ has missed".
    EXPECT_THAT(alerts.at(rule), Not(testing::ContainsRegex("no value|error|^/|  |/ |\\( *\\)")));
  }
  EXPECT_THAT(alerts.at("TrimtabObjectiveMissed"), HasSubstr("hotel/shop"));
  EXPECT_THAT(alerts.at("TrimtabRivalAutoscaler"), HasSubstr("hotel/web"));
}

TEST_F(MonitoringTest, AnAlertTellsThatNoReplicaIsLeft) {
  EXPECT_THAT(Alerts(), Not(Contains(testing::Key("TrimtabNoLeader"))));
  replicas_->Stop();
  EXPECT_TRUE(Eventually([&] { return Alerts().contains("TrimtabNoLeader"); }));
}

}  // namespace
}  // namespace trimtab::servers
