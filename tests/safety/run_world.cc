#include "tests/safety/run_world.h"

#include <utility>

#include "fmt/format.h"
#include "fmt/ranges.h"
#include "tests/servers/readiness.h"
#include "trimtab/appscaler/app_scaler.h"
#include "trimtab/kubernetes/lease.h"

namespace trimtab {
namespace {

using Json = nlohmann::json;
using servers::PortLease;

constexpr char kAuditRule[] = R"(  verbs: [update, patch]
  resources: [{group: apps, resources: [deployments/scale]}, {resources: [pods/resize]}]
)";

// Shorter than by default, but longer than this machine may make a process wait.
constexpr char kSettings[] = R"(apiVersion: config.trimtab.dev/v1alpha1
kind: ControllerConfig
leaderElection: {leaseDuration: 12s, renewDeadline: 8s, retryPeriod: 1s}
)";

// 2 ms are less than one request takes with all the CPU there is; 10 s are never reached.
Json ScalerOf(const std::string& name, Wants wants) {
  Json workloads = Json::array();
  for (const char* workload : {kFrontWorkload, kBackWorkload}) {
    workloads.push_back(
        {{"name", workload},
         {"targetRef", {{"apiVersion", "apps/v1"}, {"kind", "Deployment"}, {"name", workload}}},
         {"horizontal", {{"minReplicas", 1}, {"maxReplicas", 3}}},
         {"vertical",
          {{"apply", "InPlace"},
           {"cpu", {{"min", "200m"}, {"max", "800m"}}},
           {"memory", {{"min", "100Mi"}, {"max", "200Mi"}}}}}});
  }
  return {{"apiVersion", "trimtab.dev/v1alpha1"},
          {"kind", "AppScaler"},
          {"metadata", {{"name", name}}},
          {"spec",
           {{"mode", "Apply"},
            {"entry", {{"serviceName", kFrontWorkload}}},
            {"objective", {{"latency", wants == Wants::kRaise ? "2ms" : "10s"}, {"window", "10s"}}},
            {"behavior",
             {{"scaleDown", {{"stabilization", "20s"}, {"maxChange", "100%"}}},
              {"scaleUp", {{"maxChange", "900%"}}}}},
            {"workloads", workloads}}}};
}

ClusterScenario ScenarioOf(const std::string& name) {
  MicroserviceSpec front =
      PlainMicroservice(kFrontWorkload, {Cpu(Deterministic{Latency(4)}), Call({kBackWorkload})});
  MicroserviceSpec back = PlainMicroservice(kBackWorkload, {Cpu(Deterministic{Latency(2)})});
  for (MicroserviceSpec* spec : {&front, &back}) {
    spec->initial = kRunBefore;
    spec->start_up = {Deterministic{Latency(100)}, Deterministic{Latency(50)}};
    spec->endpoints[0].network_bytes = Bytes(1000);
  }
  ClusterScenario scenario = PlainCluster({front, back});
  scenario.name = name;
  scenario.hosts = {{name, Cores(8), Gibibytes(8)}};
  scenario.life.readiness_period = std::chrono::milliseconds(100);
  scenario.life.resize_delay = std::chrono::milliseconds(200);
  return scenario;
}

// The limits of the one container of a pod.
ContainerConfig LimitsOf(const Json& pod) {
  const auto view = ReadPod(pod);
  if (!view.ok() || view->containers.empty()) return {};
  const ResourceAmounts& limits = view->containers[0].limits;
  return {limits.cpu.value_or(Millicores(0)), limits.memory.value_or(Bytes(0))};
}

bool IsSmaller(const AuditedWrite& write) {
  if (write.resource == "deployments/scale") {
    return IntegerAt(write.answer, {"spec", "replicas"}) < kRunBefore.replicas;
  }
  const ContainerConfig size = LimitsOf(write.answer);
  return size.cpu < kRunBefore.container.cpu || size.memory < kRunBefore.container.memory;
}

}  // namespace

absl::StatusOr<std::unique_ptr<RunWorld>> RunWorld::Start() {
  auto folder = servers::TemporaryFolder::Make("run");
  if (!folder.ok()) return folder.status();
  std::unique_ptr<RunWorld> world(new RunWorld(*std::move(folder)));
  if (absl::Status written = WriteRunProfile(world->profile()); !written.ok()) return written;
  if (const auto file = world->folder_.Write("settings.yaml", kSettings); !file.ok()) {
    return file.status();
  }
  auto plane = StartAuditedPlane(kAuditRule);
  if (!plane.ok()) return plane.status();
  world->plane_ = *std::move(plane);
  if (const auto file = world->folder_.Write("targets.json", "[]"); !file.ok()) {
    return file.status();
  }
  auto prometheus = servers::PrometheusServer::Start(
      {.configuration =
           fmt::format("global: {{scrape_interval: 1s}}\nscrape_configs:\n"
                       "- job_name: worlds\n  honor_labels: true\n"
                       "  file_sd_configs: [{{files: ['{}'], refresh_interval: 1s}}]\n",
                       world->File("targets.json"))});
  if (!prometheus.ok()) return prometheus.status();
  world->prometheus_ = *std::move(prometheus);
  world->client_ = MakeApiClient({.kubeconfig_flag = world->plane_->kubeconfig()}, world->clock_);
  return world;
}

absl::StatusOr<std::string> RunWorld::Kubeconfig(std::string_view name,
                                                 std::string_view url) const {
  return folder_.Write(
      fmt::format("{}.kubeconfig", name),
      fmt::format("apiVersion: v1\nkind: Config\ncurrent-context: test\nclusters:\n- name: test\n"
                  "  cluster: {{server: \"{}\", certificate-authority: {}}}\ncontexts:\n"
                  "- name: test\n  context: {{cluster: test, user: user}}\nusers:\n- name: user\n"
                  "  user: {{tokenFile: {}}}\n",
                  url, plane_->ca_file(), plane_->admin_token_file()));
}

absl::Status RunWorld::Scrape(const std::string& address) {
  targets_.push_back(address);
  const Json json = Json::array({{{"targets", targets_}}});
  // In one step: Prometheus may read at any time.
  const auto written = folder_.Write("targets.new", json.dump());
  if (!written.ok()) return written.status();
  if (rename(written->c_str(), File("targets.json").c_str()) != 0) {
    return absl::ErrnoToStatus(errno, "renaming the targets");
  }
  return absl::OkStatus();
}

RunCase::RunCase(RunWorld& world, RunOptions options)
    : world_(world), options_(std::move(options)) {}

RunCase::~RunCase() {
  processes_.clear();
  if (nodes_ != nullptr) nodes_->Stop().IgnoreError();
  world_.client().Delete(ResourcePath(kNamespaces, "", name())).status().IgnoreError();
}

absl::Status RunCase::Make() {
  auto credentials = world_.plane().authority().Issue(
      {.common_name = "proxy", .names = {"127.0.0.1", "localhost"}});
  if (!credentials.ok()) return credentials.status();
  const std::string& url = world_.plane().url();
  auto proxy = servers::FaultProxy::Start(
      {.upstream_port = static_cast<uint16_t>(std::stoi(url.substr(url.rfind(':') + 1))),
       .credentials = *std::move(credentials)});
  if (!proxy.ok()) return proxy.status();
  proxy_ = *std::move(proxy);
  if (absl::Status made = MakeObjects(); !made.ok()) return made;
  for (const char* identity : {"a", "b"}) {
    auto metrics = PortLease::Take();
    auto health = PortLease::Take();
    auto otlp = PortLease::Take();
    for (const auto* port : {&metrics, &health, &otlp}) {
      if (!port->ok()) return port->status();
    }
    processes_.push_back(std::unique_ptr<Process>(
        new Process{identity, *std::move(metrics), *std::move(health), *std::move(otlp), nullptr}));
  }
  if (!options_.spreads_spans) return MakeNodes("http://" + Find("a")->otlp.address());
  spreader_ = std::make_unique<SpanSpreader>(
      std::vector{Find("a")->otlp.address(), Find("b")->otlp.address()});
  return MakeNodes(spreader_->url());
}

absl::Status RunCase::MakeObjects() {
  ApiClient& client = world_.client();
  const Json name_space = {
      {"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", {{"name", name()}}}};
  if (const auto made = client.Create(ResourcePath(kNamespaces, ""), name_space); !made.ok()) {
    return made.status();
  }
  const auto applied = world_.plane().Kubectl({"apply", "--namespace", name(), "-f", "-"},
                                              WorkloadManifest(ScenarioOf(name())));
  if (!applied.ok()) return applied.status();
  return client.Create(ResourcePath(kAppScalers, name()), ScalerOf(name(), options_.wants))
      .status();
}

absl::Status RunCase::MakeNodes(const std::string& otlp) {
  SimulatedNodesOptions options;
  options.simulation.load = StepSeries::Constant(20);
  options.simulation.span_share = 1;
  options.name_space = name();
  options.metrics_listen = ListenAddress{"127.0.0.1", 0};
  options.otlp_endpoint = otlp;
  auto nodes = SimulatedNodes::Start(world_.client(), world_.clock(), ScenarioOf(name()),
                                     std::move(options));
  if (!nodes.ok()) return nodes.status();
  const std::uint16_t port = (*nodes)->metrics_port();
  nodes_ = std::make_unique<SteppedNodes>(*std::move(nodes));
  return world_.Scrape(fmt::format("127.0.0.1:{}", port));
}

bool RunCase::PodsAreReady() {
  for (const char* workload : {kFrontWorkload, kBackWorkload}) {
    const auto found = world_.client().Get(ResourcePath(kDeployments, name(), workload));
    if (!found.ok() || IntegerAt(*found, {"status", "readyReplicas"}) != kRunBefore.replicas) {
      return false;
    }
  }
  return true;
}

RunCase::Process* RunCase::Find(std::string_view identity) {
  for (const auto& process : processes_) {
    if (process->identity == identity) return process.get();
  }
  return nullptr;
}

servers::ChildProcess* RunCase::trimtab(std::string_view identity) {
  Process* process = Find(identity);
  return process == nullptr ? nullptr : process->child.get();
}

std::vector<std::string> RunCase::Arguments(const Process& process,
                                            const std::string& kubeconfig) const {
  std::vector<std::string> arguments = {
      TRIMTAB_PROGRAM,
      "run",
      "--config=" + world_.File("settings.yaml"),
      "--kubeconfig=" + kubeconfig,
      "--mode=Apply",
      "--namespace=" + name(),
      "--lease=trimtab",
      "--lease-namespace=" + name(),
      "--identity=" + (options_.spreads_spans ? process.otlp.address() : process.identity),
      "--prometheus-url=" +
          (options_.prometheus_url.empty() ? world_.prometheus().url() : options_.prometheus_url),
      "--profile=" + world_.profile(),
      "--journal=" + world_.File(name() + "-journal"),
      "--listen-metrics=" + process.metrics.address(),
      "--listen-health=" + process.health.address(),
      "--listen-otlp=" + process.otlp.address(),
      "--interval=1s",
      "--rate-window=5s",
      "--sample-age=5s",
      fmt::format("--otlp-settle-delay={}s", options_.spreads_spans ? 3 : 1)};
  if (options_.spreads_spans) arguments.push_back("--peer-otlp-url=http://{holder}");
  arguments.insert(arguments.end(), options_.arguments.begin(), options_.arguments.end());
  return arguments;
}

absl::Status RunCase::StartTrimtab(const std::string& identity) {
  Process* process = Find(identity);
  if (process == nullptr) return absl::NotFoundError("no process of identity " + identity);
  const auto kubeconfig = world_.Kubeconfig(name(), proxy_->url());
  if (!kubeconfig.ok()) return kubeconfig.status();
  auto started = servers::ChildProcess::Start(
      {.command = Arguments(*process, *kubeconfig),
       .log_file = world_.File(fmt::format("{}-{}.log", name(), identity))});
  if (!started.ok()) return started.status();
  process->child = *std::move(started);
  return absl::OkStatus();
}

Json RunCase::Scaler() {
  return world_.client().Get(ResourcePath(kAppScalers, name(), name())).value_or(Json::object());
}

std::string RunCase::Condition(std::string_view type) {
  const Json scaler = Scaler();
  for (const Json& condition : ArrayAt(scaler, {"status", "conditions"})) {
    if (TextAt(condition, {"type"}) != type) continue;
    return fmt::format("{}/{}: {}", TextAt(condition, {"status"}), TextAt(condition, {"reason"}),
                       TextAt(condition, {"message"}));
  }
  return "";
}

std::string RunCase::HealthAddress(std::string_view identity) {
  return Find(identity)->health.address();
}

std::string RunCase::MetricsAddress(std::string_view identity) {
  return Find(identity)->metrics.address();
}

std::string RunCase::Metrics(std::string_view identity) {
  const auto page =
      servers::HttpGet({.url = fmt::format("http://{}/metrics", MetricsAddress(identity))});
  return page.ok() ? page->body : "";
}

std::optional<double> RunCase::Metric(std::string_view series, std::string_view identity) {
  const std::string page = "\n" + Metrics(identity);
  const std::string line = fmt::format("\n{} ", series);
  const std::size_t at = page.find(line);
  if (at == std::string::npos) return std::nullopt;
  return std::stod(page.substr(at + line.size()));
}

std::string RunCase::JournalFile() const {
  return world_.File(fmt::format("{0}-journal/{0}/{0}.sqlite", name()));
}

std::string RunCase::Explain() {
  return servers::RunCommand({TRIMTAB_PROGRAM, "explain", JournalFile(), "--export", "jsonl"})
      .value_or("");
}

std::string RunCase::Log(std::string_view identity) const {
  return servers::ReadWholeFile(world_.File(fmt::format("{}-{}.log", name(), identity)))
      .value_or("");
}

Json RunCase::Lease() {
  return world_.client()
      .Get(ResourcePath({"coordination.k8s.io", "v1", "leases"}, name(), "trimtab"))
      .value_or(Json::object());
}

std::vector<AuditedWrite> RunCase::StoredChanges() const {
  std::vector<AuditedWrite> stored;
  for (AuditedWrite& write : AuditedWrites(world_.plane().audit_log(), name())) {
    if (write.IsStored()) stored.push_back(std::move(write));
  }
  return stored;
}

std::string RunCase::Smaller() {
  std::string smaller;
  for (const AuditedWrite& write : StoredChanges()) {
    if (IsSmaller(write)) smaller += fmt::format("{} {}\n", write.resource, write.name);
  }
  for (const char* workload : {kFrontWorkload, kBackWorkload}) {
    const auto found = world_.client().Get(ResourcePath(kDeployments, name(), workload));
    if (!found.ok() || IntegerAt(*found, {"spec", "replicas"}) < kRunBefore.replicas) {
      smaller += fmt::format("deployment {}\n", workload);
    }
  }
  const auto pods = world_.client().List(ResourcePath(kPods, name()));
  for (const Json& pod : pods.ok() ? pods->items : std::vector<Json>()) {
    const ContainerConfig size = LimitsOf(pod);
    if (size.cpu < kRunBefore.container.cpu || size.memory < kRunBefore.container.memory) {
      smaller += fmt::format("pod {}\n", TextAt(pod, {"metadata", "name"}));
    }
  }
  return smaller;
}

bool RunCase::HasRaised() const {
  for (const AuditedWrite& write : StoredChanges()) {
    if (!IsSmaller(write)) return true;
  }
  return false;
}

bool RunCase::HasLowered() const {
  for (const AuditedWrite& write : StoredChanges()) {
    if (IsSmaller(write)) return true;
  }
  return false;
}

std::string RunCase::Describe() {
  std::string explained = Explain();
  if (explained.size() > 4000) explained = explained.substr(explained.size() - 4000);
  std::string pods;
  const auto listed = world_.client().List(ResourcePath(kPods, name()));
  for (const Json& pod : listed.ok() ? listed->items : std::vector<Json>()) {
    pods += fmt::format("{}: {}\n", TextAt(pod, {"metadata", "name"}),
                        ArrayAt(pod, {"spec", "containers"}).dump());
  }
  return fmt::format("{}\n{}{}\n{}\n{}\n{}\n", name(), pods, ObjectAt(Scaler(), {"status"}).dump(1),
                     Metrics(), explained, Log());
}

}  // namespace trimtab
