#include "tests/size/size_world.h"

#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "fmt/format.h"
#include "fmt/ranges.h"
#include "nlohmann/json.hpp"
#include "tests/servers/eventually.h"
#include "tests/servers/helm.h"
#include "tests/servers/readiness.h"
#include "trimtab/kubernetes/json_view.h"

namespace trimtab {
namespace {

using std::chrono::seconds;

constexpr std::string_view kNamespace = "mall";
constexpr std::string_view kOwnNamespace = "trimtab-system";
constexpr int kMicroservices = 10;
constexpr std::string_view kController = "system:serviceaccount:trimtab-system:trimtab";

constexpr char kAuditPolicy[] = R"(apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived, ResponseStarted]
rules:
- level: Metadata
  users: ["system:serviceaccount:trimtab-system:trimtab"]
- level: None
)";

std::string Text(std::string_view text) { return std::string(text); }

std::vector<int> CalleesOf(int microservice) {
  static const std::map<int, std::vector<int>> callees = {{0, {1, 2, 3}}, {1, {4, 5}}, {2, {6}},
                                                          {3, {7}},       {6, {8}},    {7, {9}}};
  const auto found = callees.find(microservice);
  return found == callees.end() ? std::vector<int>() : found->second;
}

std::string NameOf(int application, int microservice) {
  return fmt::format("a{}-m{}", application, microservice);
}

// Applications whose microservices are called `prefix` and "m0" to "m9".
std::string ScenarioText(std::string_view name, const std::vector<std::string>& prefixes,
                         const WorldSize& size) {
  std::string text = fmt::format(
      "apiVersion: trimtab.dev/v1alpha1\nkind: Scenario\nname: {0}\n"
      "sla: {{latency: 300ms, quantile: 0.95}}\n"
      "cluster:\n  hosts: [{{name: {0}, count: {1}, cpu: 32, memory: 64Gi}}]\n"
      "  life: {{startsPerSecond: 1000, readinessPeriod: 1s}}\n"
      "workload: {{load: {{fitted: {{length: 40m, step: 10s, level: {2}, sigma: 0, lowest: {2}, "
      "highest: {2}}}}}}}\noperations:\n",
      name, size.hosts, size.requests_per_second);
  for (const std::string& prefix : prefixes) {
    text += fmt::format("  - {{name: {0}shop, entry: {0}m0/serve}}\n", prefix);
  }
  text += "microservices:\n";
  for (const std::string& prefix : prefixes) {
    for (int i = 0; i < kMicroservices; ++i) {
      text += fmt::format(
          "  - name: {0}m{1}\n"
          "    bounds: {{smallest: {{cpu: 100m, memory: 100Mi}}, largest: {{cpu: 500m, memory: "
          "400Mi}}, fewestReplicas: {2}, mostReplicas: 20}}\n"
          "    initial: {{replicas: {2}, cpu: 100m, memory: 100Mi}}\n"
          "    endpoints:\n      - name: serve\n        program:\n          - cpu: 2ms\n",
          prefix, i, size.replicas);
      for (const int callee : CalleesOf(i)) {
        text += fmt::format("          - call: {}m{}/serve\n", prefix, callee);
      }
    }
  }
  return text;
}

// They share the names of their microservices and so one profile.
nlohmann::json ScalerOf(int application, const WorldSize& size) {
  nlohmann::json workloads = nlohmann::json::array();
  for (int i = 0; i < kMicroservices; ++i) {
    const std::string name = NameOf(application, i);
    workloads.push_back(
        {{"name", fmt::format("m{}", i)},
         {"serviceNames", {name}},
         {"targetRef", {{"apiVersion", "apps/v1"}, {"kind", "Deployment"}, {"name", name}}},
         {"horizontal", {{"minReplicas", size.replicas}, {"maxReplicas", 20}}},
         {"vertical",
          {{"cpu", {{"min", "100m"}, {"max", "500m"}}},
           {"memory", {{"min", "100Mi"}, {"max", "400Mi"}}}}}});
  }
  return {{"apiVersion", "trimtab.dev/v1alpha1"},
          {"kind", "AppScaler"},
          {"metadata", {{"name", fmt::format("a{}", application)}, {"namespace", kNamespace}}},
          {"spec",
           {{"mode", "Apply"},
            {"entry", {{"serviceName", NameOf(application, 0)}}},
            {"objective", {{"latency", "3s"}, {"window", "10s"}}},
            {"behavior", {{"scaleDown", {{"stabilization", "10s"}}}}},
            {"workloads", std::move(workloads)}}}};
}

// Of all series in the text format that begin so: with the name of a metric and "{" or " ".
double SumOf(std::string_view text, std::string_view beginning) {
  double sum = 0;
  for (const auto line : absl::StrSplit(absl::string_view(text.data(), text.size()), '\n')) {
    const std::string_view series(line.data(), line.size());
    double value = 0;
    if (series.starts_with(beginning) &&
        absl::SimpleAtod(line.substr(series.rfind(' ') + 1), &value)) {
      sum += value;
    }
  }
  return sum;
}

double ProcessorSeconds(pid_t pid) {
  const auto stat = servers::ReadWholeFile(fmt::format("/proc/{}/stat", pid));
  if (!stat.ok()) return 0;
  // After the name: the fields from the third on; 14 and 15 are user and system time.
  const std::vector<std::string> fields = absl::StrSplit(stat->substr(stat->rfind(')') + 2), ' ');
  double ticks = 0;
  for (const std::size_t field : {11, 12}) {
    double value = 0;
    if (absl::SimpleAtod(fields.at(field), &value)) ticks += value;
  }
  return ticks / static_cast<double>(sysconf(_SC_CLK_TCK));
}

double PeakMebibytes(pid_t pid) {
  std::ifstream status(fmt::format("/proc/{}/status", pid));
  for (std::string line; std::getline(status, line);) {
    double kibibytes = 0;
    const std::vector<std::string> words = absl::StrSplit(line, ' ', absl::SkipEmpty());
    if (line.starts_with("VmHWM:") && words.size() > 1 &&
        absl::SimpleAtod(words[words.size() - 2], &kibibytes)) {
      return kibibytes / 1024;
    }
  }
  return 0;
}

std::map<std::string, int> AuditedRequests(const std::string& path) {
  std::map<std::string, int> requests;
  std::ifstream log(path);
  for (std::string line; std::getline(log, line);) {
    const auto event = JsonFromText(line);
    if (!event.ok() || TextAt(*event, {"user", "username"}) != kController) continue;
    const std::string verb = TextAt(*event, {"verb"});
    if (verb == "watch") continue;
    std::string resource = TextAt(*event, {"objectRef", "resource"});
    const std::string part = TextAt(*event, {"objectRef", "subresource"});
    if (!part.empty()) resource += "/" + part;
    std::string request = verb + " " + resource;
    // Of a pod the name of its Deployment, of an event that of its AppScaler.
    const std::vector<std::string> name =
        absl::StrSplit(TextAt(*event, {"objectRef", "name"}), absl::ByAnyChar("-."));
    const std::size_t parts = std::min<std::size_t>(name.size(), resource == "events" ? 1 : 2);
    if (!name[0].empty())
      request += fmt::format(
          " {}", fmt::join(name.begin(), name.begin() + static_cast<std::ptrdiff_t>(parts), "-"));
    ++requests[request];
  }
  return requests;
}

}  // namespace

absl::StatusOr<std::unique_ptr<SizeWorld>> SizeWorld::Start(WorldSize size) {
  auto folder = servers::TemporaryFolder::Make("size");
  if (!folder.ok()) return folder.status();
  std::vector<servers::PortLease> ports;
  while (ports.size() < kPortCount) {
    auto port = servers::PortLease::Take();
    if (!port.ok()) return port.status();
    ports.push_back(*std::move(port));
  }
  std::unique_ptr<SizeWorld> world(new SizeWorld(size, *std::move(folder), std::move(ports)));
  auto plane = servers::ControlPlane::Start({.audit_policy = kAuditPolicy});
  if (!plane.ok()) return plane.status();
  world->plane_ = *std::move(plane);
  return world;
}

absl::Status SizeWorld::Train() {
  const auto scenario = folder_.Write("shop.yaml", ScenarioText("shop", {""}, size_));
  if (!scenario.ok()) return scenario.status();
  const std::string samples = folder_.File("samples.csv");
  profile_ = folder_.File("shop.profile.json");
  // Few: what is measured here is the cost of asking it.
  const auto measured = servers::RunCommand({TRIMTAB_PROGRAM, "profile", *scenario, "--samples",
                                             "200", "--tree-runs", "40", "--out", samples});
  if (!measured.ok()) return measured.status();
  return servers::RunCommand({TRIMTAB_PROGRAM, "train", "--samples", samples, "--out", profile_})
      .status();
}

absl::StatusOr<std::unique_ptr<servers::ChildProcess>> SizeWorld::Launch(
    std::string_view name, std::vector<std::string> arguments) const {
  arguments.insert(arguments.begin(), TRIMTAB_PROGRAM);
  return servers::ChildProcess::Start(
      {.command = std::move(arguments), .log_file = folder_.File(fmt::format("{}.log", name))});
}

absl::Status SizeWorld::Deploy() {
  for (const std::string_view name : {kOwnNamespace, kNamespace}) {
    const auto made = plane_->Kubectl({"create", "namespace", Text(name)});
    if (!made.ok()) return made.status();
  }
  const auto chart =
      servers::Helm(*plane_, {"install", "trimtab", TRIMTAB_SOURCE_DIR "/deploy/helm/trimtab", "-n",
                              Text(kOwnNamespace), "--set", "mode=Apply,replicaCount=0", "--set",
                              fmt::format("listen.clearText=true,image.digest=sha256:{:064}", 0)});
  if (!chart.ok()) return chart.status();
  std::vector<std::string> prefixes;
  for (int i = 0; i < size_.applications; ++i) prefixes.push_back(fmt::format("a{}-", i));
  const auto scenario = folder_.Write("mall.yaml", ScenarioText("mall", prefixes, size_));
  if (!scenario.ok()) return scenario.status();
  auto nodes = Launch(
      "nodes", {"simulate", *scenario, "--on-kubernetes", "--without-interference",
                "--kubeconfig=" + plane_->kubeconfig(), "--namespace=" + Text(kNamespace),
                "--metrics-listen=" + Address(kNodes), "--otlp-endpoint=http://" + Address(kOtlp),
                "--span-share=1", "--out=" + folder_.File("out")});
  if (!nodes.ok()) return nodes.status();
  nodes_ = *std::move(nodes);
  const auto workloads = servers::RunCommand({TRIMTAB_PROGRAM, "export", "workloads", *scenario});
  if (!workloads.ok()) return workloads.status();
  const auto applied = plane_->Kubectl({"create", "-n", Text(kNamespace), "-f", "-"}, *workloads);
  if (!applied.ok()) return applied.status();
  auto prometheus = servers::PrometheusServer::Start(
      {.configuration = fmt::format("global: {{scrape_interval: 2s, scrape_timeout: 2s}}\n"
                                    "scrape_configs:\n- job_name: world\n  honor_labels: true\n"
                                    "  static_configs: [{{targets: ['{}']}}]\n",
                                    Address(kNodes))});
  if (!prometheus.ok()) return prometheus.status();
  prometheus_ = *std::move(prometheus);
  return AwaitPods();
}

absl::Status SizeWorld::AwaitPods() const {
  std::string ready;
  const bool all = servers::Eventually(
      [&] {
        if (!Alive().ok()) return true;
        const auto got =
            plane_->Kubectl({"get", "deployments", "-n", Text(kNamespace), "-o",
                             "jsonpath={range .items[*]}{.status.readyReplicas}{\"\\n\"}{end}"});
        int sum = 0;
        for (const auto line : absl::StrSplit(got.value_or(""), '\n')) {
          int count = 0;
          if (absl::SimpleAtoi(line, &count)) sum += count;
        }
        ready = fmt::format("{}", sum);
        return sum == size_.pods();
      },
      seconds(300));
  if (absl::Status status = Alive(); !status.ok() || all) return status;
  return absl::DeadlineExceededError(
      fmt::format("{} of {} pods are ready after 300 s", ready, size_.pods()));
}

absl::Status SizeWorld::Run() {
  const auto kubeconfig = servers::ServiceAccountKubeconfig(*plane_, kOwnNamespace, "trimtab");
  if (!kubeconfig.ok()) return kubeconfig.status();
  auto started = Launch(
      "trimtab",
      {"run", "--kubeconfig=" + *kubeconfig, "--mode=Apply", "--namespace=" + Text(kNamespace),
       "--lease=trimtab", "--lease-namespace=" + Text(kOwnNamespace), "--identity=size",
       "--prometheus-url=" + prometheus_->url(), "--profile=" + profile_,
       "--journal=" + folder_.File("journal"), "--listen-metrics=" + Address(kMetrics),
       "--listen-health=" + Address(kHealth), "--listen-otlp=" + Address(kOtlp),
       fmt::format("--interval={}s", size_.interval.count()), "--rate-window=10s",
       "--sample-age=10s", "--otlp-settle-delay=3s"});
  if (!started.ok()) return started.status();
  controller_ = *std::move(started);
  absl::Status ready = servers::WaitUntilReady(
      *controller_, {.url = fmt::format("http://{}/readyz", Address(kHealth))}, seconds(60));
  if (!ready.ok()) return ready;
  nlohmann::json list = {{"apiVersion", "v1"}, {"kind", "List"}};
  for (int i = 0; i < size_.applications; ++i) list["items"].push_back(ScalerOf(i, size_));
  return plane_->Kubectl({"create", "-f", "-"}, list.dump()).status();
}

absl::Status SizeWorld::RaiseLeastCpu(int application, int microservice) const {
  return plane_
      ->Kubectl({"patch", "appscaler", fmt::format("a{}", application), "-n", Text(kNamespace),
                 "--type=json", "-p",
                 fmt::format(R"([{{"op":"replace","path":"/spec/workloads/{}/vertical/cpu/min",)"
                             R"("value":"150m"}}])",
                             microservice)})
      .status();
}

absl::StatusOr<double> SizeWorld::Decisions() const {
  const auto own = servers::HttpGet({.url = fmt::format("http://{}/metrics", Address(kMetrics))});
  if (!own.ok()) return own.status();
  return SumOf(own->body, "trimtab_decisions_total{");
}

absl::StatusOr<ProgramAccount> SizeWorld::Account() const {
  const auto own = servers::HttpGet({.url = fmt::format("http://{}/metrics", Address(kMetrics))});
  if (!own.ok()) return own.status();
  const auto asked = servers::HttpGet({.url = prometheus_->url() + "/metrics"});
  if (!asked.ok()) return asked.status();
  return ProgramAccount{
      .decisions = SumOf(own->body, "trimtab_decisions_total{"),
      .prometheus_requests = SumOf(
          asked->body, R"(prometheus_http_requests_total{code="200",handler="/api/v1/query"})"),
      .spans = SumOf(own->body, "trimtab_otlp_spans_received_total "),
      .processor_seconds = ProcessorSeconds(controller_->pid()),
      .resident_mebibytes = PeakMebibytes(controller_->pid()),
      .api_requests = AuditedRequests(plane_->audit_log())};
}

absl::StatusOr<std::map<std::string, std::string>> SizeWorld::Conditions() const {
  const auto got = plane_->Kubectl({"get", "appscalers", "-n", Text(kNamespace), "-o", "json"});
  if (!got.ok()) return got.status();
  const auto list = JsonFromText(*got);
  if (!list.ok()) return list.status();
  std::map<std::string, std::string> reasons;
  for (const nlohmann::json& scaler : ArrayAt(*list, {"items"})) {
    std::string& reason = reasons[TextAt(scaler, {"metadata", "name"})];
    for (const nlohmann::json& condition : ArrayAt(scaler, {"status", "conditions"})) {
      reason +=
          fmt::format("{}={} {} {};", TextAt(condition, {"type"}), TextAt(condition, {"status"}),
                      TextAt(condition, {"reason"}), TextAt(condition, {"message"}));
    }
  }
  return reasons;
}

absl::Status SizeWorld::Alive() const {
  for (servers::ChildProcess* process : {nodes_.get(), controller_.get()}) {
    if (process == nullptr || process->IsRunning()) continue;
    return absl::FailedPreconditionError(fmt::format("{} ended with code {}:\n{}", process->name(),
                                                     process->exit_code(), process->LogTail()));
  }
  return absl::OkStatus();
}

}  // namespace trimtab
