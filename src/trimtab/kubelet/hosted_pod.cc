#include "trimtab/kubelet/hosted_pod.h"

#include <array>
#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "trimtab/kubernetes/json_view.h"

namespace trimtab {
namespace {

using Json = nlohmann::json;

constexpr std::array kFaults = {
    std::pair<std::string_view, PodFault>("never-ready", PodFault::kNeverReady),
    std::pair<std::string_view, PodFault>("slow-start", PodFault::kSlowStart),
    std::pair<std::string_view, PodFault>("resize-stuck", PodFault::kResizeStuck),
    std::pair<std::string_view, PodFault>("resize-deferred", PodFault::kResizeDeferred),
    std::pair<std::string_view, PodFault>("resize-infeasible", PodFault::kResizeInfeasible),
    std::pair<std::string_view, PodFault>("resize-error", PodFault::kResizeError),
};

void ReadFault(HostedPod& pod) {
  const auto found = pod.view.meta.annotations.find(std::string(kFaultAnnotation));
  if (found == pod.view.meta.annotations.end()) return;
  for (const auto& [name, fault] : kFaults) {
    if (found->second == name) pod.fault = fault;
  }
  if (pod.fault == PodFault::kNone) pod.unknown_fault = found->second;
}

ContainerConfig Amounts(const ResourceAmounts& amounts) {
  return {amounts.cpu.value_or(Millicores(0)), amounts.memory.value_or(Bytes(0))};
}

// `of` is the same list as the view read it, in its order.
HostedContainer ReadContainer(const Json& container, const PodContainer& of) {
  return {.name = of.name,
          .image = TextAt(container, {"image"}),
          .resources = ObjectAt(container, {"resources"}),
          .requests = Amounts(of.requests),
          .limits = Amounts(of.limits),
          .resize_restarts = of.cpu_restarts || of.memory_restarts};
}

}  // namespace

absl::StatusOr<HostedPod> ReadHostedPod(const Json& pod) {
  auto view = ReadPod(pod);
  if (!view.ok()) return view.status();
  HostedPod hosted{.view = *std::move(view)};
  const Json& containers = ArrayAt(pod, {"spec", "containers"});
  for (std::size_t i = 0; i < hosted.view.containers.size(); ++i) {
    hosted.containers.push_back(ReadContainer(containers[i], hosted.view.containers[i]));
  }
  const Json& inits = ArrayAt(pod, {"spec", "initContainers"});
  for (std::size_t i = 0; i < hosted.view.init_containers.size(); ++i) {
    const PodContainer& init = hosted.view.init_containers[i];
    (init.is_sidecar ? hosted.sidecars : hosted.finished_inits)
        .push_back(ReadContainer(inits[i], init));
  }
  hosted.was_running = hosted.view.phase == "Running";
  hosted.grace =
      std::chrono::seconds(IntegerAt(pod, {"metadata", "deletionGracePeriodSeconds"}).value_or(0));
  ReadFault(hosted);
  return hosted;
}

ContainerConfig RequestsOf(const HostedPod& pod) {
  ContainerConfig sum;
  for (const auto* list : {&pod.containers, &pod.sidecars}) {
    for (const HostedContainer& container : *list) {
      sum.cpu += container.requests.cpu;
      sum.memory += container.requests.memory;
    }
  }
  return sum;
}

std::size_t WorkingContainer(const HostedPod& pod, std::string_view microservice) {
  for (std::size_t i = 0; i < pod.containers.size(); ++i) {
    const std::string& name = pod.containers[i].name;
    if (name == "app" || name == microservice) return i;
  }
  return 0;
}

ContainerConfig SizeOf(const HostedContainer& container, const ContainerConfig& node) {
  return {container.limits.cpu > Millicores(0) ? container.limits.cpu : node.cpu,
          container.limits.memory > Bytes(0) ? container.limits.memory : node.memory};
}

}  // namespace trimtab
