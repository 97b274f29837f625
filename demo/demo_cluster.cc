#include "demo/demo_cluster.h"

#include <fmt/format.h>

#include <chrono>
#include <string_view>
#include <utility>

#include "absl/strings/numbers.h"
#include "tests/servers/eventually.h"
#include "tests/servers/helm.h"
#include "tests/servers/readiness.h"
#include "trimtab/clock/stoppable_wait.h"
#include "trimtab/kubernetes/connection_rules.h"
#include "trimtab/kubernetes/json_view.h"
#include "trimtab/kubernetes/resource_type.h"
#include "trimtab/quantity/text.h"

namespace trimtab::demo {
namespace {

using servers::ChildProcess;
using std::chrono::seconds;

constexpr ResourceType kScalers{"trimtab.dev", "v1alpha1", "appscalers"};

std::string Text(std::string_view text) { return std::string(text); }

// One rate a second: low, and after the step high.
std::string LoadFile(const DemoSettings& settings) {
  std::string text;
  for (seconds at{0}; at < settings.load_length; ++at) {
    text +=
        fmt::format("{}\n", at < settings.step_after ? settings.load_before : settings.load_after);
  }
  return text;
}

// A program that ends by itself had a reason.
absl::Status Alive(ChildProcess* process) {
  if (process == nullptr || process->IsRunning()) return absl::OkStatus();
  return absl::FailedPreconditionError(fmt::format("{} ended with code {}:\n{}", process->name(),
                                                   process->exit_code(), process->LogTail()));
}

// Only these letters stand in our queries and need it.
std::string Escaped(std::string_view query) {
  std::string escaped;
  for (const char c : query) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '_' || c == '.' || c == '-';
    escaped += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return escaped;
}

// Adds what one pod has in force; what its status does not say yet is what its spec asks for.
void AddPod(const nlohmann::json& pod, Sight& sight) {
  ++sight.replicas;
  for (const nlohmann::json& condition : ArrayAt(pod, {"status", "conditions"})) {
    if (TextAt(condition, {"type"}) == "Ready" && TextAt(condition, {"status"}) == "True") {
      ++sight.ready;
    }
  }
  for (const nlohmann::json& container : ArrayAt(pod, {"spec", "containers"})) {
    const nlohmann::json* limits = &ObjectAt(container, {"resources", "limits"});
    for (const nlohmann::json& status : ArrayAt(pod, {"status", "containerStatuses"})) {
      const nlohmann::json& in_force = ObjectAt(status, {"resources", "limits"});
      if (TextAt(status, {"name"}) == TextAt(container, {"name"}) && !in_force.empty()) {
        limits = &in_force;
      }
    }
    sight.cpu += ParseCpu(TextAt(*limits, {"cpu"})).value_or(Millicores());
    sight.memory += ParseMemory(TextAt(*limits, {"memory"})).value_or(Bytes());
  }
}

void AddScaler(const nlohmann::json& scaler, Sight& sight) {
  const auto text = [&](JsonPath path) -> std::optional<std::string> {
    std::string value = TextAt(scaler, path);
    if (value.empty()) return std::nullopt;
    return value;
  };
  sight.observed_tail = text({"status", "objective", "observed"});
  sight.predicted_tail = text({"status", "objective", "predicted"});
  sight.decision_id = TextAt(scaler, {"status", "lastDecision", "id"});
  sight.decision = TextAt(scaler, {"status", "lastDecision", "summary"});
  for (const nlohmann::json& condition : ArrayAt(scaler, {"status", "conditions"})) {
    if (TextAt(condition, {"type"}) == "Ready" && TextAt(condition, {"status"}) != "True") {
      sight.condition = TextAt(condition, {"reason"});
    }
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<DemoCluster>> DemoCluster::Start(DemoPaths paths,
                                                                DemoSettings settings) {
  absl::StatusOr<servers::TemporaryFolder> folder = servers::TemporaryFolder::Make("trimtab-demo");
  if (!folder.ok()) return folder.status();
  std::vector<servers::PortLease> ports;
  while (ports.size() < kPortCount) {
    absl::StatusOr<servers::PortLease> port = servers::PortLease::Take();
    if (!port.ok()) return port.status();
    ports.push_back(*std::move(port));
  }
  std::unique_ptr<DemoCluster> demo(
      new DemoCluster(std::move(paths), settings, *std::move(folder), std::move(ports)));
  auto plane = servers::ControlPlane::Start();
  if (!plane.ok()) return plane.status();
  demo->plane_ = *std::move(plane);
  const auto connection = FindConnection({.kubeconfig_flag = demo->plane_->kubeconfig()});
  if (!connection.ok()) return connection.status();
  auto http = MakeHttpClient(*connection, demo->clock_, false);
  if (!http.ok()) return http.status();
  ApiClientOptions options;
  options.wait = WaitFor;
  demo->client_ = std::make_unique<ApiClient>(connection->server, *std::move(http), options);
  return demo;
}

absl::Status DemoCluster::InstallChart() {
  for (const std::string_view name : {kOwnNamespace, kNamespace}) {
    const auto made = plane_->Kubectl({"create", "namespace", Text(name)});
    if (!made.ok()) return made.status();
  }
  const auto labelled =
      plane_->Kubectl({"label", "namespace", Text(kOwnNamespace), Text(kNamespace),
                       "pod-security.kubernetes.io/enforce=restricted"});
  if (!labelled.ok()) return labelled.status();
  return servers::Helm(*plane_,
                       {"install", Text(kRelease), paths_.chart, "-n", Text(kOwnNamespace), "--set",
                        "mode=Apply,replicaCount=0", "--set",
                        fmt::format("listen.clearText=true,image.digest=sha256:{:064}", 0)})
      .status();
}

absl::Status DemoCluster::DeployWorkload() {
  const auto workloads =
      servers::RunCommand({paths_.program, "export", "workloads", Text(kScenario)});
  if (!workloads.ok()) return workloads.status();
  const std::string size = fmt::format("cpu={},memory={}", kContainerCpu, kContainerMemory);
  const auto sized = plane_->Kubectl({"set", "resources", "--local", "-f", "-", "-o", "yaml",
                                      "--requests=" + size, "--limits=" + size},
                                     *workloads);
  if (!sized.ok()) return sized.status();
  return plane_->Kubectl({"apply", "-n", Text(kNamespace), "-f", "-"}, *sized).status();
}

absl::StatusOr<std::unique_ptr<ChildProcess>> DemoCluster::Launch(
    std::string_view name, std::vector<std::string> arguments) const {
  arguments.insert(arguments.begin(), paths_.program);
  return ChildProcess::Start({.command = std::move(arguments),
                              .log_file = folder_.File(fmt::format("{}.log", name)),
                              .output_file = folder_.File(fmt::format("{}.out", name))});
}

absl::Status DemoCluster::StartWorld() {
  auto prometheus = servers::PrometheusServer::Start(
      {.configuration = fmt::format("global: {{scrape_interval: {0}s}}\n"
                                    "scrape_configs:\n"
                                    "- job_name: world\n"
                                    "  honor_labels: true\n"
                                    "  static_configs: [{{targets: ['{1}']}}]\n"
                                    "- job_name: trimtab\n"
                                    "  honor_labels: true\n"
                                    "  static_configs: [{{targets: ['{2}']}}]\n",
                                    settings_.scrape_interval.count(), Address(kWorldMetrics),
                                    Address(kMetrics))});
  if (!prometheus.ok()) return prometheus.status();
  prometheus_ = *std::move(prometheus);
  const auto load = folder_.Write("load.csv", LoadFile(settings_));
  if (!load.ok()) return load.status();
  auto started = Launch(
      "world",
      {"simulate", Text(kScenario), "--on-kubernetes", "--without-interference",
       "--kubeconfig=" + plane_->kubeconfig(), "--namespace=" + Text(kNamespace),
       "--load-file=" + *load, fmt::format("--minutes={}", settings_.load_length.count()),
       "--metrics-listen=" + Address(kWorldMetrics), "--otlp-endpoint=http://" + Address(kOtlp),
       "--span-share=1", fmt::format("--window={}s", settings_.objective_window.count()),
       "--output=csv", "--out=" + folder_.File("out")});
  if (!started.ok()) return started.status();
  world_ = *std::move(started);
  return absl::OkStatus();
}

absl::Status DemoCluster::WaitForWorkload() {
  absl::Status status;
  const bool ready = servers::Eventually(
      [&] {
        if (status = CheckAlive(); !status.ok()) return true;
        const auto list = client_->List(ResourcePath(kDeployments, kNamespace));
        if (!list.ok()) return false;
        for (const nlohmann::json& deployment : list->items) {
          const auto wanted = IntegerAt(deployment, {"spec", "replicas"});
          if (wanted != IntegerAt(deployment, {"status", "readyReplicas"})) return false;
        }
        return !list->items.empty();
      },
      seconds(90));
  if (!status.ok() || ready) return status;
  return absl::DeadlineExceededError("the workload's pods are not ready after 90 s");
}

std::vector<std::string> DemoCluster::RunArguments(const std::string& kubeconfig) const {
  return {"run",
          "--kubeconfig=" + kubeconfig,
          "--mode=Apply",
          "--namespace=" + Text(kNamespace),
          "--lease=" + Text(kRelease),
          "--lease-namespace=" + Text(kOwnNamespace),
          "--identity=demo",
          "--prometheus-url=" + prometheus_->url(),
          "--profile=" + paths_.profile,
          "--journal=" + folder_.File("journal"),
          "--listen-metrics=" + Address(kMetrics),
          "--listen-health=" + Address(kHealth),
          "--listen-otlp=" + Address(kOtlp),
          fmt::format("--interval={}s", settings_.decision_interval.count()),
          fmt::format("--rate-window={}s", settings_.rate_window.count()),
          fmt::format("--sample-age={}s", settings_.rate_window.count()),
          fmt::format("--otlp-settle-delay={}s", settings_.trace_settle.count())};
}

absl::Status DemoCluster::StartTrimtab() {
  const auto kubeconfig = servers::ServiceAccountKubeconfig(*plane_, kOwnNamespace, kRelease);
  if (!kubeconfig.ok()) return kubeconfig.status();
  auto started = Launch("trimtab", RunArguments(*kubeconfig));
  if (!started.ok()) return started.status();
  trimtab_ = *std::move(started);
  return servers::WaitUntilReady(
      *trimtab_, {.url = fmt::format("http://{}/readyz", Address(kHealth))}, seconds(30));
}

absl::Status DemoCluster::CreateAppScaler() {
  const auto exported =
      servers::RunCommand({paths_.program, "export", "appscaler", Text(kScenario)});
  if (!exported.ok()) return exported.status();
  const auto as_json = plane_->Kubectl(
      {"create", "-n", Text(kNamespace), "--dry-run=client", "-o", "json", "-f", "-"}, *exported);
  if (!as_json.ok()) return as_json.status();
  auto scaler = JsonFromText(*as_json);
  if (!scaler.ok()) return scaler.status();
  nlohmann::json& spec = (*scaler)["spec"];
  spec["mode"] = "Apply";
  spec["objective"]["window"] = fmt::format("{}s", settings_.objective_window.count());
  spec["behavior"]["scaleDown"]["stabilization"] =
      fmt::format("{}s", settings_.scale_down_pause.count());
  for (nlohmann::json& workload : spec["workloads"]) {
    workload["vertical"]["cpu"]["max"] = kContainerCpu;
    workload["vertical"]["memory"]["max"] = kContainerMemory;
  }
  return plane_->Kubectl({"apply", "-n", Text(kNamespace), "-f", "-"}, scaler->dump()).status();
}

absl::StatusOr<double> DemoCluster::LoadNow() const {
  const std::string query =
      fmt::format("sum(rate(traces_span_metrics_calls_total{{service_name=\"frontend\"}}[{}s]))",
                  settings_.rate_window.count());
  const auto reply = servers::HttpGet(
      {.url = fmt::format("{}/api/v1/query?query={}", prometheus_->url(), Escaped(query))});
  if (!reply.ok()) return reply.status();
  const auto json = JsonFromText(reply->body);
  if (!json.ok()) return json.status();
  const nlohmann::json& result = ArrayAt(*json, {"data", "result"});
  double load = 0;
  if (result.empty() || !absl::SimpleAtod(result[0]["value"][1].get<std::string>(), &load)) {
    return absl::NotFoundError("no series");
  }
  return load;
}

absl::StatusOr<Sight> DemoCluster::Look() {
  Sight sight;
  if (const auto load = LoadNow(); load.ok()) sight.load = *load;
  const auto pods = client_->List(ResourcePath(kPods, kNamespace), {{"resourceVersion", "0"}});
  if (!pods.ok()) return pods.status();
  for (const nlohmann::json& pod : pods->items) {
    if (ValueAt(pod, {"metadata", "deletionTimestamp"}) == nullptr) AddPod(pod, sight);
  }
  const auto scalers = client_->List(ResourcePath(kScalers, kNamespace));
  if (!scalers.ok()) return scalers.status();
  if (!scalers->items.empty()) AddScaler(scalers->items.front(), sight);
  return sight;
}

absl::Status DemoCluster::CheckAlive() {
  for (ChildProcess* process : {world_.get(), trimtab_.get()}) {
    if (absl::Status status = Alive(process); !status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace trimtab::demo
