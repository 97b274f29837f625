// The HPA controller of Kubernetes and ours decide on the same usage.
//
// Each case is a StatefulSet of four pods under an HPA of its own, all at once on one control
// plane. There is no node: the test reports the pods as running for an hour, and an aggregated
// metrics API that it starts says what they use.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/servers/child_process.h"
#include "tests/servers/port_lease.h"
#include "tests/servers/readiness.h"
#include "trimtab/kubernetes/testing/api_server.h"
#include "trimtab/scaling/testing/hpa_deployment.h"

namespace trimtab::servers {
namespace {

using std::chrono::seconds;

constexpr auto kSync = seconds(2);  // of the controller manager that the harness starts
constexpr int kSyncsUnchanged = 3;

struct Case {
  std::string name;
  HpaOptions options = RecordedHpaOptions();
  std::optional<int> cpu = {};        // millicores of each pod; requests are 100
  std::optional<int> memory = {};     // MiB of each pod
  int missing = 0;                    // of the last pods there is no sample
  int unready = 0;                    // the last pods are not ready
  std::optional<int> cpu_later = {};  // from when the controller has answered
  // The numbers of replicas asked for, one after the other; empty: only the last is compared.
  std::vector<int> answers = {};
  std::string condition = "ScalingActive=True";  // the reason where it is another
};

// `behavior.scaleUp` or `.scaleDown`.
nlohmann::json RulesOf(const HpaScalingRules& rules) {
  nlohmann::json json = {{"selectPolicy", "Max"},
                         {"stabilizationWindowSeconds",
                          std::chrono::duration_cast<seconds>(rules.stabilization_window).count()},
                         {"policies", nlohmann::json::array()}};
  for (const HpaScalingPolicy& policy : rules.policies) {
    json["policies"].push_back(
        {{"type", policy.kind == HpaScalingPolicy::Kind::kReplicas ? "Pods" : "Percent"},
         {"value", policy.value},
         {"periodSeconds", std::chrono::duration_cast<seconds>(policy.period).count()}});
  }
  if (rules.tolerance) json["tolerance"] = fmt::format("{}", *rules.tolerance);
  return json;
}

nlohmann::json MetricOf(const HpaMetric& metric) {
  switch (metric.kind) {
    case HpaMetric::Kind::kCpuUtilization:
      return {{"type", "Resource"},
              {"resource",
               {{"name", "cpu"},
                {"target",
                 {{"type", "Utilization"}, {"averageUtilization", std::lround(metric.target)}}}}}};
    case HpaMetric::Kind::kMemoryAverageValue:
      return {{"type", "Resource"},
              {"resource",
               {{"name", "memory"},
                {"target",
                 {{"type", "AverageValue"},
                  {"averageValue", fmt::format("{}", std::llround(metric.target))}}}}}};
    case HpaMetric::Kind::kLoadAverageValue:
      return {{"type", "External"},
              {"external",
               {{"metric", {{"name", "absent"}}},
                {"target",
                 {{"type", "AverageValue"},
                  {"averageValue", fmt::format("{}", std::llround(metric.target))}}}}}};
  }
  return {};
}

nlohmann::json AutoscalerOf(const Case& of) {
  nlohmann::json metrics = nlohmann::json::array();
  for (const HpaMetric& metric : of.options.metrics) metrics.push_back(MetricOf(metric));
  return {
      {"apiVersion", "autoscaling/v2"},
      {"kind", "HorizontalPodAutoscaler"},
      {"metadata", {{"name", of.name}}},
      {"spec",
       {{"scaleTargetRef", {{"apiVersion", "apps/v1"}, {"kind", "StatefulSet"}, {"name", of.name}}},
        {"minReplicas", *of.options.min_replicas},
        {"maxReplicas", *of.options.max_replicas},
        {"metrics", metrics},
        {"behavior",
         {{"scaleUp", RulesOf(of.options.behavior->scale_up)},
          {"scaleDown", RulesOf(of.options.behavior->scale_down)}}}}}};
}

nlohmann::json WorkloadOf(const Case& of) {
  nlohmann::json pod = TestPodTemplate();
  pod["metadata"]["labels"]["app"] = of.name;
  pod["spec"]["containers"][0]["resources"] =
      Parsed(R"({"requests":{"cpu":"100m","memory":"64Mi"}})");
  pod["spec"]["schedulerName"] = "none";  // there is nothing to place them on
  return {{"apiVersion", "apps/v1"},
          {"kind", "StatefulSet"},
          {"metadata", {{"name", of.name}}},
          {"spec",
           {{"replicas", 4},
            {"serviceName", of.name},
            {"podManagementPolicy", "Parallel"},
            {"selector", {{"matchLabels", {{"app", of.name}}}}},
            {"template", pod}}}};
}

// What ours asks for, change by change, until it has not changed for two periods of any policy.
std::vector<int> OwnAnswers(const Case& of) {
  HpaDeployment deployment(of.options);
  deployment.usage = of.cpu;
  if (of.memory) deployment.memory = Mebibytes(*of.memory);
  deployment.missing = of.missing;
  deployment.unready = of.unready;
  std::vector<int> answers = {deployment.replicas()};
  for (int sync = 0; sync < 30; ++sync) {
    const int replicas = deployment.Sync();
    if (replicas != answers.back()) answers.push_back(replicas);
    if (of.cpu_later) deployment.usage = of.cpu_later;
  }
  return answers;
}

HpaOptions With(const std::function<void(HpaOptions&)>& change) {
  HpaOptions options = RecordedHpaOptions();
  change(options);
  return options;
}

// The recording's table.
std::vector<Case> Table() {
  const auto percent = [](HpaOptions& options) {
    options.behavior->scale_up.policies = {
        {.kind = HpaScalingPolicy::Kind::kPercent, .value = 900}};
  };
  const auto external = [](HpaOptions& options) {
    options.metrics.push_back({.kind = HpaMetric::Kind::kLoadAverageValue, .target = 100});
  };
  const auto memory = [](HpaOptions& options) {
    options.metrics = {
        {.kind = HpaMetric::Kind::kMemoryAverageValue, .target = Mebibytes(64).as_double()}};
  };
  const auto slow = [](HpaOptions& options) {
    options.behavior->scale_down.stabilization_window = seconds(15);
    options.behavior->scale_down.policies = {
        {.kind = HpaScalingPolicy::Kind::kReplicas, .value = 1, .period = seconds(5)}};
  };
  return {
      {.name = "on-target", .cpu = 50, .answers = {4}},
      {.name = "tolerated-above", .cpu = 54, .answers = {4}},
      {.name = "tolerated-below", .cpu = 46, .answers = {4}},
      {.name = "rounded-up", .cpu = 44, .answers = {4}},
      {.name = "one-by-one", .cpu = 56, .answers = {4, 5, 6, 7, 8, 9, 10}},
      {.name = "down", .cpu = 30, .answers = {4, 3, 2}},
      {.name = "default-up", .cpu = 200, .answers = {4, 8, 10}},
      {.name = "too-many", .options = With(percent), .cpu = 300, .answers = {4, 10}},
      {.name = "too-few", .options = With(percent), .cpu = 1, .answers = {4, 2}},
      {.name = "missing-up", .cpu = 80, .missing = 2, .answers = {4}},
      {.name = "missing-down", .cpu = 20, .missing = 2, .answers = {4}},
      {.name = "unready-up", .cpu = 80, .unready = 2, .answers = {4}},
      {.name = "no-sample", .answers = {4}, .condition = "FailedGetResourceMetric"},
      {.name = "tolerance",
       .options = With([](HpaOptions& options) { options.behavior->scale_up.tolerance = 0.2; }),
       .cpu = 56,
       .answers = {4}},
      {.name = "external-down",
       .options = With(external),
       .cpu = 30,
       .answers = {4},
       .condition = "FailedGetExternalMetric"},
      {.name = "external-up", .options = With(external), .cpu = 80, .answers = {4, 7, 8, 10}},
      {.name = "memory", .options = With(memory), .memory = 90, .answers = {4, 6, 8, 10}},
      {.name = "stabilised",
       .options = With(slow),
       .cpu = 50,
       .cpu_later = 10,
       .answers = {4, 3, 2}},
  };
}

// Usage that never changes, of every combination of what decides. Any step is allowed at once, so
// that the plateau is soon reached.
std::vector<Case> Plateaus(int count) {
  std::mt19937_64 random(20261122);
  const auto between = [&](int low, int high) {
    return low + static_cast<int>(random() % static_cast<std::uint64_t>(high - low + 1));
  };
  std::vector<Case> cases;
  for (int i = 0; i < count; ++i) {
    Case one{.name = fmt::format("plateau-{:02}", i)};
    one.options.min_replicas = between(1, 3);
    one.options.max_replicas = between(5, 10);
    for (HpaScalingRules* rules :
         {&one.options.behavior->scale_up, &one.options.behavior->scale_down}) {
      rules->policies = {{.kind = HpaScalingPolicy::Kind::kPercent, .value = 900, .period = kSync}};
      if (between(0, 3) == 0) rules->tolerance = between(0, 30) / 100.0;
    }
    one.options.behavior->scale_down.policies.front().value = 100;
    // Near the target, where the tolerance and the rounding decide.
    const int target = between(20, 90);
    const int memory_target = between(40, 200);
    const auto near = [&](int value) { return std::max(1, value * between(40, 160) / 100); };
    const int kind = between(0, 3);
    one.options.metrics.clear();
    if (kind != 1) {
      one.options.metrics.push_back(
          {.kind = HpaMetric::Kind::kCpuUtilization, .target = static_cast<double>(target)});
      one.cpu = near(target);
    }
    if (kind <= 1) {
      one.options.metrics.push_back({.kind = HpaMetric::Kind::kMemoryAverageValue,
                                     .target = Mebibytes(memory_target).as_double()});
      one.memory = near(memory_target);
    }
    cases.push_back(std::move(one));
  }
  return cases;
}

class HpaOracleTest : public ApiServerTest {
 protected:
  // What the controller has asked for of a case, and since when.
  struct Answer {
    std::vector<int> replicas = {4};
    std::optional<std::chrono::steady_clock::time_point> since;  // none: not answered yet
    std::string condition;
  };

  void SetUp() override {
    ApiServerTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    cases_ = Table();
    for (Case& one : Plateaus(50)) cases_.push_back(std::move(one));
    ASSERT_NO_FATAL_FAILURE(StartMetricsApi());
    ASSERT_TRUE(TakesPods());
    for (const Case& one : cases_) Make(kStatefulSets, WorkloadOf(one));
    ASSERT_TRUE(Eventually([this] { return RunPods() >= 4 * cases_.size(); }));
    for (const Case& one : cases_) Make(kHorizontalPodAutoscalers, AutoscalerOf(one));
  }

  void StartMetricsApi() {
    auto port = PortLease::Take();
    ASSERT_TRUE(port.ok()) << port.status();
    port_.emplace(*std::move(port));
    const std::string folder = control_plane().folder();
    usage_file_ = folder + "/usage.json";
    std::ofstream(usage_file_) << "{}";
    const auto issued =
        control_plane().authority().Issue({.common_name = "metrics", .names = {"localhost"}});
    ASSERT_TRUE(issued.ok()) << issued.status();
    std::ofstream(folder + "/metrics.crt") << issued->certificate;
    std::ofstream(folder + "/metrics.key") << issued->private_key;
    auto started = ChildProcess::Start(
        {.command = {TRIMTAB_PYTHON, TRIMTAB_SOURCE_DIR "/tests/scaling/fake_metrics_api.py",
                     fmt::format("{}", port_->port()), folder + "/metrics.crt",
                     folder + "/metrics.key", usage_file_},
         .log_file = folder + "/metrics.log"});
    ASSERT_TRUE(started.ok()) << started.status();
    metrics_api_ = *std::move(started);
    const absl::Status ready = WaitUntilReady(
        *metrics_api_, {.url = fmt::format("https://{}/apis", port_->address())}, seconds(30));
    ASSERT_TRUE(ready.ok()) << ready;
    const auto service = client().Create("/api/v1/namespaces/kube-system/services",
                                         {{"apiVersion", "v1"},
                                          {"kind", "Service"},
                                          {"metadata", {{"name", "metrics"}}},
                                          {"spec",
                                           {{"type", "ExternalName"},
                                            {"externalName", "localhost"},
                                            {"ports", {{{"port", port_->port()}}}}}}});
    ASSERT_TRUE(service.ok()) << service.status();
    const auto registered = client().Create(
        "/apis/apiregistration.k8s.io/v1/apiservices",
        {{"apiVersion", "apiregistration.k8s.io/v1"},
         {"kind", "APIService"},
         {"metadata", {{"name", "v1beta1.metrics.k8s.io"}}},
         {"spec",
          {{"group", "metrics.k8s.io"},
           {"version", "v1beta1"},
           {"groupPriorityMinimum", 100},
           {"versionPriority", 100},
           {"insecureSkipTLSVerify", true},
           {"service",
            {{"namespace", "kube-system"}, {"name", "metrics"}, {"port", port_->port()}}}}}});
    ASSERT_TRUE(registered.ok()) << registered.status();
    ASSERT_TRUE(Eventually([this] {
      return client().Get("/apis/metrics.k8s.io/v1beta1/namespaces/default/pods").ok();
    }));
  }

  // Reports new pods as running, and what all of them use; how many there are.
  std::size_t RunPods() {
    const auto pods = client().List(Path(kPods), {{"resourceVersion", "0"}});
    if (!pods.ok()) return 0;
    std::map<std::string, std::vector<std::string>> of;
    for (const auto& pod : pods->items) {
      if (pod["metadata"].contains("deletionTimestamp")) continue;
      const std::string name = TextAt(pod, {"metadata", "name"});
      of[TextAt(pod, {"metadata", "labels", "app"})].push_back(name);
      if (TextAt(pod, {"status", "phase"}) != "Running") Run(name);
    }
    nlohmann::json usages;
    std::size_t count = 0;
    for (const Case& one : cases_) {
      std::vector<std::string>& names = of[one.name];
      count += names.size();
      std::sort(names.begin(), names.end(), [](const std::string& a, const std::string& b) {
        return std::pair(a.size(), a) < std::pair(b.size(), b);  // -9 before -10
      });
      names.resize(names.size() - std::min<std::size_t>(names.size(), one.missing));
      nlohmann::json& usage = usages[one.name];
      usage["pods"] = names;
      const bool later = one.cpu_later && !answers_[one.name].condition.empty();
      if (one.cpu) usage["cpu"] = fmt::format("{}m", later ? *one.cpu_later : *one.cpu);
      if (one.memory) usage["memory"] = fmt::format("{}Mi", *one.memory);
    }
    std::ofstream(usage_file_ + ".new") << usages;
    std::filesystem::rename(usage_file_ + ".new", usage_file_);
    return count;
  }

  // Ready for an hour; or never, where the case says so.
  void Run(const std::string& name) {
    const std::size_t dash = name.rfind('-');
    const auto one = std::find_if(cases_.begin(), cases_.end(), [&](const Case& each) {
      return each.name == name.substr(0, dash);
    });
    const bool ready = std::stoi(name.substr(dash + 1)) < 4 - one->unready || one->unready == 0;
    const std::string start = "2026-01-01T00:00:00Z";
    const auto patched = client().Patch(Path(kPods, name, "status"), PatchType::kStrategicMerge,
                                        {{"status",
                                          {{"phase", "Running"},
                                           {"startTime", start},
                                           {"conditions",
                                            {{{"type", "Ready"},
                                              {"status", ready ? "True" : "False"},
                                              {"lastTransitionTime", start}}}}}}});
    EXPECT_TRUE(patched.ok() || absl::IsNotFound(patched.status())) << patched.status();
  }

  void ReadAnswers() {
    const auto list = client().List(Path(kHorizontalPodAutoscalers));
    ASSERT_TRUE(list.ok()) << list.status();
    for (const auto& item : list->items) {
      Answer& answer = answers_[TextAt(item, {"metadata", "name"})];
      if (!item.contains("status")) continue;
      for (const auto& condition : item["status"].value("conditions", nlohmann::json::array())) {
        if (TextAt(condition, {"type"}) != "ScalingActive") continue;
        answer.condition = TextAt(condition, {"status"}) == "True" ? "ScalingActive=True"
                                                                   : TextAt(condition, {"reason"});
      }
      const int desired = item["status"].value("desiredReplicas", 0);
      const bool changed = desired != 0 && desired != answer.replicas.back();
      if (changed) answer.replicas.push_back(desired);
      if (changed || (!answer.since && !answer.condition.empty())) {
        answer.since = std::chrono::steady_clock::now();
      }
    }
  }

  // Whether the controller has answered and then kept its answer for three syncs and a bit; where
  // the table says how it goes on, whether it has gone on so far.
  bool IsSettled(const Case& one) {
    const Answer& answer = answers_[one.name];
    return answer.since && answer.replicas.size() >= one.answers.size() &&
           std::chrono::steady_clock::now() - *answer.since > kSyncsUnchanged * kSync + seconds(1);
  }

  std::vector<Case> cases_;
  std::map<std::string, Answer> answers_;
  std::optional<PortLease> port_;
  std::string usage_file_;
  std::unique_ptr<ChildProcess> metrics_api_;
};

TEST_F(HpaOracleTest, OursAnswersAsTheControllerOfKubernetes) {
  const bool settled = Eventually(
      [this] {
        RunPods();
        ReadAnswers();
        return std::all_of(cases_.begin(), cases_.end(),
                           [this](const Case& one) { return IsSettled(one); });
      },
      std::chrono::minutes(2));
  EXPECT_TRUE(settled);
  std::set<int> plateaus;
  for (const Case& one : cases_) {
    const Answer& answer = answers_[one.name];
    const std::vector<int> own = OwnAnswers(one);
    EXPECT_EQ(answer.condition, one.condition) << one.name;
    EXPECT_EQ(own.back(), answer.replicas.back()) << one.name << " " << AutoscalerOf(one).dump();
    if (one.answers.empty()) {
      plateaus.insert(answer.replicas.back());
      continue;
    }
    EXPECT_EQ(answer.replicas, one.answers) << one.name;
    EXPECT_EQ(own, one.answers) << one.name;
  }
  EXPECT_GE(plateaus.size(), 6U) << "the plateaus are too much alike to compare";
}

}  // namespace
}  // namespace trimtab::servers
