#include "trimtab/kubelet/node_registry.h"

#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "fmt/format.h"
#include "fmt/ranges.h"
#include "trimtab/kubernetes/json_view.h"
#include "trimtab/kubernetes/resource_type.h"
#include "trimtab/kubernetes/timestamp.h"
#include "trimtab/quantity/text.h"

namespace trimtab {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kLeaseNamespace = "kube-node-lease";
constexpr int kLeaseSeconds = 40;  // as a kubelet's
constexpr int kMostPods = 250;
// What no exporter measures: bytes per second.
constexpr std::string_view kMemoryBandwidth = "trimtab.dev/memory-bandwidth";

Json NodeObject(const HostSpec& host, const std::string& scenario) {
  return {{"apiVersion", "v1"},
          {"kind", "Node"},
          {"metadata",
           {{"name", host.name},
            {"labels",
             {{"kubernetes.io/hostname", host.name},
              {"kubernetes.io/os", "linux"},
              {"kubernetes.io/arch", "amd64"},
              {kSimulatedLabel, scenario}}},
            {"annotations",
             {{kMemoryBandwidth,
               FormatMemory(Bytes(static_cast<std::int64_t>(host.memory_bandwidth)))}}}}},
          {"spec", {{"taints", {{{"key", kSimulatedLabel}, {"effect", "NoSchedule"}}}}}}};
}

Json NodeCondition(const char* type, bool holds, const char* reason, const std::string& at) {
  return {{"type", type},
          {"status", holds ? "True" : "False"},
          {"reason", reason},
          {"message", "a simulated host"},
          {"lastHeartbeatTime", at},
          {"lastTransitionTime", at}};
}

Json NodeStatus(const HostSpec& host, std::size_t index, Instant now) {
  const std::string at = FormatTimestamp(now);
  const Json room = {{"cpu", FormatCpu(host.cpu)},
                     {"memory", FormatMemory(host.memory)},
                     {"pods", fmt::to_string(kMostPods)}};
  return {{"status",
           {{"capacity", room},
            {"allocatable", room},
            {"addresses",
             {{{"type", "InternalIP"}, {"address", NodeAddress(index)}},
              {{"type", "Hostname"}, {"address", host.name}}}},
            {"conditions",
             {NodeCondition("MemoryPressure", false, "SimulatedHost", at),
              NodeCondition("DiskPressure", false, "SimulatedHost", at),
              NodeCondition("PIDPressure", false, "SimulatedHost", at),
              NodeCondition("Ready", true, "SimulatedHost", at)}},
            {"nodeInfo",
             {{"machineID", host.name},
              {"systemUUID", host.name},
              {"bootID", host.name},
              {"kernelVersion", "simulated"},
              {"osImage", "simulated"},
              {"containerRuntimeVersion", "trimtab://simulated"},
              {"kubeletVersion", "trimtab-simulated"},
              {"kubeProxyVersion", ""},
              {"operatingSystem", "linux"},
              {"architecture", "amd64"}}}}}};
}

}  // namespace

std::string LabelValue(std::string text) {
  for (char& c : text) {
    const bool good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (!good && c != '-' && c != '.') c = '-';
  }
  text = text.substr(0, 63);
  while (!text.empty() && (text.back() == '-' || text.back() == '.')) text.pop_back();
  while (!text.empty() && (text.front() == '-' || text.front() == '.')) text.erase(0, 1);
  return text.empty() ? "scenario" : text;
}

std::string NodeAddress(std::size_t host) {
  // The range has 254 addresses; two nodes may share one, which nothing here looks at.
  return fmt::format("192.0.2.{}", 1 + host % 254);
}

std::string PodAddress(std::size_t host, std::size_t pod) {
  const std::size_t of_host = pod % 65'000 + 1;
  return fmt::format("10.{}.{}.{}", 64 + host % 128, of_host / 255, of_host % 255 + 1);
}

absl::Status NodeRegistry::RegisterHost(std::size_t index, const std::stop_token& stop) {
  const HostSpec& host = scenario_.hosts[index];
  const std::string label = LabelValue(scenario_.name);
  const WriteOptions options{.stop = stop};
  auto node = client_.Create(ResourcePath(kNodes, ""), NodeObject(host, label), options);
  if (absl::IsAlreadyExists(node.status())) {
    node = client_.Get(ResourcePath(kNodes, "", host.name), {}, stop);
    if (!node.ok()) return node.status();
    const std::string found = TextAt(*node, {"metadata", "labels", kSimulatedLabel});
    if (found != label) {
      return absl::AlreadyExistsError(
          fmt::format("node '{}' is there already and its label {} is '{}', not '{}': it is not "
                      "ours to take over",
                      host.name, kSimulatedLabel, found, label));
    }
  }
  if (!node.ok()) return node.status();
  uids_[host.name] = TextAt(*node, {"metadata", "uid"});
  const auto ready = client_.Patch(ResourcePath(kNodes, "", host.name, "status"), PatchType::kMerge,
                                   NodeStatus(host, index, clock_.Now()), options);
  if (!ready.ok()) return ready.status();
  return RenewLease(host.name, uids_[host.name], stop);
}

absl::Status NodeRegistry::Register(const std::stop_token& stop) {
  for (std::size_t i = 0; i < scenario_.hosts.size(); ++i) {
    if (absl::Status status = RegisterHost(i, stop); !status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status NodeRegistry::RenewLease(const std::string& node, const std::string& uid,
                                      const std::stop_token& stop) {
  const Json spec = {{"holderIdentity", node},
                     {"leaseDurationSeconds", kLeaseSeconds},
                     {"renewTime", FormatMicroTimestamp(clock_.Now())}};
  const WriteOptions options{.stop = stop};
  const auto renewed = client_.Patch(ResourcePath(kLeases, kLeaseNamespace, node),
                                     PatchType::kMerge, {{"spec", spec}}, options);
  if (!absl::IsNotFound(renewed.status())) return renewed.status();
  // With its Node as its owner, it goes when that goes, also after a run that was killed.
  const Json lease = {
      {"apiVersion", "coordination.k8s.io/v1"},
      {"kind", "Lease"},
      {"metadata",
       {{"name", node},
        {"namespace", kLeaseNamespace},
        {"ownerReferences",
         {{{"apiVersion", "v1"}, {"kind", "Node"}, {"name", node}, {"uid", uid}}}}}},
      {"spec", spec}};
  return client_.Create(ResourcePath(kLeases, kLeaseNamespace), lease, options).status();
}

std::string NodeRegistry::LabelSelector() const {
  return fmt::format("{}={}", kSimulatedLabel, LabelValue(scenario_.name));
}

bool NodeRegistry::IsOurs(const std::string& node, const std::string& uid) const {
  const auto found = uids_.find(node);
  return found != uids_.end() && found->second == uid;
}

void NodeRegistry::SetLost(const std::string& node, bool is_lost) {
  const std::lock_guard lock(mutex_);
  if (is_lost) {
    lost_.insert(node);
  } else {
    lost_.erase(node);
  }
}

absl::Status NodeRegistry::RenewLeases(const std::stop_token& stop) {
  absl::Status first;
  for (const auto& [node, uid] : uids_) {
    {
      const std::lock_guard lock(mutex_);
      if (lost_.contains(node)) continue;
    }
    const absl::Status status = RenewLease(node, uid, stop);
    if (first.ok()) first = status;
    if (stop.stop_requested()) break;
  }
  return first;
}

absl::Status NodeRegistry::Remove() {
  absl::Status first;
  std::vector<std::string> left;
  for (const auto& [node, uid] : uids_) {
    const auto node_gone = client_.Delete(ResourcePath(kNodes, "", node), {.uid = uid});
    const auto lease_gone = client_.Delete(ResourcePath(kLeases, kLeaseNamespace, node));
    for (const absl::Status& status : {node_gone.status(), lease_gone.status()}) {
      // Another of that name, or none: what was made here is gone.
      if (status.ok() || absl::IsNotFound(status) || absl::IsAborted(status)) continue;
      if (first.ok()) first = status;
      if (left.empty() || left.back() != node) left.push_back(node);
    }
  }
  if (first.ok()) return first;
  return absl::Status(first.code(), fmt::format("left behind nodes {}: {}", fmt::join(left, ", "),
                                                std::string(first.message())));
}

}  // namespace trimtab
