#include "tests/safety/safety_world.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <utility>

#include "fmt/format.h"
#include "tests/servers/eventually.h"
#include "tests/servers/helm.h"
#include "trimtab/appscaler/app_scaler.h"
#include "trimtab/cluster/testing/cluster_world.h"
#include "trimtab/kubernetes/testing/api_server.h"

namespace trimtab {
namespace {

using Json = nlohmann::json;

constexpr char kAuditRule[] = R"(  users: ["system:serviceaccount:trimtab-system:trimtab"]
  verbs: [create, update, patch, delete]
)";

std::string TwoScaler() {
  return R"({"apiVersion":"trimtab.dev/v1alpha1","kind":"AppScaler","metadata":{"name":"two"},
    "spec":{"mode":"Apply","entry":{"serviceName":"m0"},
      "objective":{"latency":"300ms","window":"10s"},
      "behavior":{"scaleDown":{"stabilization":"10s","maxChange":"100%"},
        "scaleUp":{"maxChange":"900%"}},
      "defaults":{"vertical":{"cpu":{"min":"50m","max":"4"},
        "memory":{"min":"64Mi","max":"4Gi"}}},
      "workloads":[
       {"name":"m0","targetRef":{"apiVersion":"apps/v1","kind":"Deployment","name":"m0"}},
       {"name":"m1","targetRef":{"apiVersion":"apps/v1","kind":"Deployment","name":"m1"}}]}})";
}

// The limits of `app` in a pod.
ContainerConfig LimitsOf(const Json& pod) {
  const auto view = ReadPod(pod);
  if (!view.ok() || view->containers.empty()) return {};
  const ResourceAmounts& limits = view->containers[0].limits;
  return {limits.cpu.value_or(Millicores(0)), limits.memory.value_or(Bytes(0))};
}

bool IsAtLeast(const ContainerConfig& size, const ContainerConfig& least) {
  return size.cpu >= least.cpu && size.memory >= least.memory;
}

}  // namespace

absl::StatusOr<std::unique_ptr<SafetyWorld>> SafetyWorld::Start() {
  auto folder = servers::TemporaryFolder::Make("safety");
  if (!folder.ok()) return folder.status();
  std::unique_ptr<SafetyWorld> world(new SafetyWorld(*std::move(folder)));
  auto plane = StartAuditedPlane(kAuditRule);
  if (!plane.ok()) return plane.status();
  world->plane_ = *std::move(plane);
  world->client_ = MakeApiClient({.kubeconfig_flag = world->plane_->kubeconfig()}, world->clock_);
  if (absl::Status made = world->MakeAccount(); !made.ok()) return made;
  for (const char* identity : {"a", "b"}) {
    if (absl::Status made = world->MakeUser(identity); !made.ok()) return made;
  }
  if (absl::Status made = world->MakeFence(); !made.ok()) return made;
  world->pods_ = std::make_unique<PodRunner>(*world->client_, world->clock_, "");
  return world;
}

// The service account of all leaders. What it may do is the chart's tests' matter; here everything.
absl::Status SafetyWorld::MakeAccount() {
  return plane_
      ->Kubectl({"apply", "-f", "-"},
                R"({"apiVersion":"v1","kind":"Namespace","metadata":{"name":"trimtab-system"}}
{"apiVersion":"v1","kind":"ServiceAccount","metadata":{"name":"trimtab",
  "namespace":"trimtab-system"}}
{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"ClusterRoleBinding",
  "metadata":{"name":"trimtab"},
  "roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"ClusterRole","name":"cluster-admin"},
  "subjects":[{"kind":"ServiceAccount","name":"trimtab","namespace":"trimtab-system"}]})")
      .status();
}

absl::Status SafetyWorld::MakeUser(const std::string& identity) {
  Json pod = TestPod(identity);
  pod["spec"]["serviceAccountName"] = "trimtab";
  auto made = client_->Create(ResourcePath(kPods, "trimtab-system"), pod);
  if (!made.ok()) return made.status();
  const auto kubeconfig =
      servers::ServiceAccountKubeconfig(*plane_, "trimtab-system", "trimtab", identity);
  if (!kubeconfig.ok()) return kubeconfig.status();
  kubeconfigs_[identity] = *kubeconfig;
  return absl::OkStatus();
}

// The chart's, but that each application has a lease of its own, in its namespace. In force once it
// refuses a leader without any.
absl::Status SafetyWorld::MakeFence() {
  auto fence = servers::Helm(
      *plane_,
      {"template", "trimtab", TRIMTAB_SOURCE_DIR "/deploy/helm/trimtab", "--show-only",
       "templates/fence.yaml", "--kube-version=1.36.0", "--namespace=trimtab-system", "--set",
       fmt::format("mode=Apply,listen.clearText=true,image.digest=sha256:{:064}", 7)});
  if (!fence.ok()) return fence.status();
  constexpr std::string_view kOwnLease = "    namespace: trimtab-system\n";
  const std::size_t at = fence->find(kOwnLease);
  if (at == std::string::npos)
    return absl::InternalError("the fence names no namespace:\n" + *fence);
  fence->erase(at, kOwnLease.size());
  if (auto applied = plane_->Kubectl({"apply", "-f", "-"}, *fence); !applied.ok()) {
    return applied.status();
  }
  const Json lease = {{"apiVersion", "coordination.k8s.io/v1"},
                      {"kind", "Lease"},
                      {"metadata", {{"name", "trimtab"}}},
                      {"spec", {{"holderIdentity", "b"}}}};
  for (const auto& [type, object] :
       {std::pair(kLeases, lease),
        std::pair(kDeployments, TestWorkload("Deployment", "probe", 0))}) {
    const auto made = client_->Create(ResourcePath(type, "default"), object);
    if (!made.ok()) return made.status();
  }
  auto leader = MakeApiClient({.kubeconfig_flag = KubeconfigOf("a")}, clock_);
  if (leader == nullptr) return absl::InternalError("no client of leader 'a'");
  const std::string scale = ResourcePath(kDeployments, "default", "probe", "scale");
  absl::Status last;
  const bool refuses = servers::Eventually([&] {
    last = leader->Patch(scale, PatchType::kMerge, {{"spec", {{"replicas", 0}}}}, {.dry_run = true})
               .status();
    return absl::IsPermissionDenied(last);
  });
  if (refuses) return absl::OkStatus();
  return absl::InternalError("the fence refuses nobody: " + last.ToString());
}

const std::string& SafetyWorld::KubeconfigOf(std::string_view identity) const {
  return kubeconfigs_.find(identity)->second;
}

SafetyCase::SafetyCase(SafetyWorld& world, const std::string& label, std::string fault, int step)
    : world_(world),
      fault_(std::move(fault)),
      step_(step),
      name_space_(fmt::format("{}-{}", label, step)) {}

SafetyCase::~SafetyCase() {
  first_.reset();
  second_.reset();
  const std::string path = ResourcePath(kNamespaces, "", name_space_);
  world_.client().Delete(path).status().IgnoreError();
}

void SafetyCase::Make() {
  ApiClient& client = world_.client();
  const auto make = [&](const ResourceType& type, const Json& object, const std::string& in) {
    const auto made = client.Create(ResourcePath(type, in), object);
    ASSERT_TRUE(made.ok()) << made.status();
  };
  make(kNamespaces,
       {{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", {{"name", name_space_}}}}, "");
  for (const auto& [name, replicas] :
       {std::pair("m0", kFirstBefore.replicas), std::pair("m1", kSecondBefore.replicas)}) {
    Json workload = TestWorkload("Deployment", name, replicas);
    // So little that the nodes have room for all cases at once.
    workload["spec"]["template"]["spec"]["containers"][0]["resources"]["requests"]["cpu"] = "20m";
    make(kDeployments, workload, name_space_);
  }
  make(kAppScalers, Parsed(TwoScaler()), name_space_);
}

bool SafetyCase::IsRunning() {
  return Deployed("m0") == kFirstBefore && Deployed("m1") == kSecondBefore;
}

std::unique_ptr<servers::ChildProcess> SafetyCase::Start(const LeaderScript& script) const {
  auto started = servers::ChildProcess::Start(
      {.command = {TRIMTAB_SCRIPTED_LEADER, "--kubeconfig=" + script.kubeconfig,
                   "--namespace=" + script.name_space, "--identity=" + script.identity,
                   "--journal=" + script.journal, "--ask=" + script.ask, "--fault=" + script.fault,
                   fmt::format("--step={}", script.step)},
       .log_file = world_.File(fmt::format("{}-{}.log", name_space_, script.identity))});
  if (!started.ok()) {
    ADD_FAILURE() << started.status();
    return nullptr;
  }
  return *std::move(started);
}

void SafetyCase::StartFirst() {
  first_ = Start({.kubeconfig = world_.KubeconfigOf("a"),
                  .name_space = name_space_,
                  .identity = "a",
                  .journal = world_.File(name_space_ + "-journal"),
                  .ask = "commit",
                  .fault = fault_,
                  .step = step_});
}

void SafetyCase::StartSecond(bool has_journal) {
  second_ = Start({.kubeconfig = world_.KubeconfigOf("b"),
                   .name_space = name_space_,
                   .identity = "b",
                   .journal = world_.File(name_space_ + (has_journal ? "-journal" : "-new"))});
}

bool SafetyCase::HasStopped() const {
  std::ifstream stat(fmt::format("/proc/{}/stat", first_->pid()));
  std::string text;
  std::getline(stat, text);
  const std::size_t name_end = text.rfind(')');
  return name_end != std::string::npos && text.substr(name_end).starts_with(") T");
}

std::string SafetyCase::LogOf(std::string_view identity) const {
  return servers::ReadWholeFile(world_.File(fmt::format("{}-{}.log", name_space_, identity)))
      .value_or("");
}

bool SafetyCase::HasSaid(std::string_view identity, std::string_view words) const {
  return LogOf(identity).find(words) != std::string::npos;
}

bool SafetyCase::HasCycled(std::string_view identity, int times) const {
  return HasSaid(identity, fmt::format("cycle {}: ", times));
}

std::optional<MicroserviceAllocation> SafetyCase::Deployed(const std::string& workload) {
  ApiClient& client = world_.client();
  const auto scale = GetScale(client, {kDeployments, name_space_, workload});
  const auto pods =
      client.List(ResourcePath(kPods, name_space_), {{"labelSelector", "app=" + workload}});
  if (!scale.ok() || !pods.ok() || pods->items.empty() ||
      static_cast<std::int64_t>(pods->items.size()) != scale->replicas) {
    return std::nullopt;
  }
  const ContainerConfig size = LimitsOf(pods->items[0]);
  for (const Json& pod : pods->items) {
    const auto view = ReadPod(pod);
    if (!view.ok() || !view->IsReady() || view->Resize() != ResizeState::kDone ||
        LimitsOf(pod) != size) {
      return std::nullopt;
    }
  }
  return MicroserviceAllocation{static_cast<int>(scale->replicas), size};
}

Json SafetyCase::Scaler() {
  return world_.client()
      .Get(ResourcePath(kAppScalers, name_space_, kScalerName))
      .value_or(Json::object());
}

std::string SafetyCase::Describe() {
  std::string text;
  const auto pods = world_.client().List(ResourcePath(kPods, name_space_));
  for (const Json& pod : pods.ok() ? pods->items : std::vector<Json>()) {
    const auto view = ReadPod(pod);
    if (!view.ok()) continue;
    const ContainerConfig size = LimitsOf(pod);
    text += fmt::format("{} {} {} {}{}{}\n", view->meta.name, size.cpu.value(), size.memory.value(),
                        ToText(view->Resize()), view->IsReady() ? "" : ", not ready",
                        view->meta.is_terminating ? ", deleting" : "");
  }
  return text + ObjectAt(Scaler(), {"status"}).dump() + "\n";
}

bool SafetyCase::IsSettled() {
  return Deployed("m0") && Deployed("m1") && ValueAt(Scaler(), {"status", "commit"}) == nullptr;
}

void SafetyCase::CheckWrites() const {
  bool has_intent = false;
  for (const AuditedWrite& write : Writes()) {
    if (!write.IsStored()) continue;
    if (write.resource == "appscalers/status") {
      has_intent |= ValueAt(write.answer, {"status", "commit"}) != nullptr;
      continue;
    }
    const bool is_first = write.name.starts_with("m0");
    const MicroserviceAllocation& least = is_first ? kFirstBefore : kSecondAfter;
    if (write.resource == "deployments/scale") {
      EXPECT_GE(IntegerAt(write.answer, {"spec", "replicas"}), least.replicas)
          << Name() << ": " << write.user << " at " << write.at;
    } else if (write.resource == "pods/resize") {
      EXPECT_TRUE(IsAtLeast(LimitsOf(write.answer), least.container))
          << Name() << ": " << write.user << " at " << write.at << ": " << write.name;
    } else {
      // Whoever lets the resource go does so as the leader's user.
      EXPECT_TRUE(write.resource == "leases" || write.resource == "appscalers")
          << Name() << ": " << write.user;
      continue;
    }
    EXPECT_TRUE(has_intent) << Name() << ": " << write.resource << " without an intent";
  }
}

}  // namespace trimtab
