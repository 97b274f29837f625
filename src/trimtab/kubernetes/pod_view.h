// The part of a Pod that scaling needs.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "trimtab/kubernetes/object_meta.h"

namespace trimtab {

// A container as it is asked for.
struct PodContainer {
  std::string name{};
  ResourceAmounts requests{};
  ResourceAmounts limits{};
  bool cpu_restarts = false;  // resizePolicy RestartContainer
  bool memory_restarts = false;
  bool is_sidecar = false;  // an init container that keeps running
  // The resources as the API server wrote them, for a JSON Patch `test`.
  std::string resources_text{};
};

// A container as the kubelet reports it.
struct PodContainerStatus {
  std::string name{};
  bool is_ready = false;
  std::int64_t restarts = 0;
  std::string waiting_reason{};   // "CrashLoopBackOff"; empty when it runs
  std::string last_end_reason{};  // "OOMKilled"
  bool has_resources = false;     // without them the node cannot resize the pod
  ResourceAmounts requests{};     // in force
  ResourceAmounts limits{};
  ResourceAmounts allocated{};  // admitted by the node
};

// Where a resize stands (kubernetes 1.33 and later).
enum class ResizeState {
  kDone,        // what is asked for is in force
  kUnseen,      // the node has not looked at it
  kInProgress,  // the node is doing it, or is between doing and reporting it
  kDeferred,    // no room on the node now; it blocks the room for others. Also unknown reasons
  kInfeasible,  // never on this node
  kFailed,      // the node tried and failed; it goes on trying
};

struct PodView {
  ObjectMeta meta{};
  std::string node{};       // empty until it is scheduled
  std::string phase{};      // "Pending", "Running", ...
  std::string qos_class{};  // "Guaranteed", "Burstable", "BestEffort"
  std::string os{};         // spec.os.name; empty: Linux
  std::vector<PodContainer> containers{};
  std::vector<PodContainer> init_containers{};
  std::vector<PodContainerStatus> statuses{};  // of containers and sidecars
  std::vector<ObjectCondition> conditions{};
  std::int64_t observed_generation = 0;
  std::optional<Instant> started{};
  // Field managers that hold resources set by a resize.
  std::vector<std::string> resized_by{};

  bool IsReady() const;
  // PodScheduled is False with reason Unschedulable.
  bool IsUnschedulable() const;
  const PodContainerStatus* StatusOf(std::string_view container) const;
  // A pod without a node, or not started, has nothing to resize: kDone.
  ResizeState Resize() const;
};

// kInvalidArgument, naming field and value: a quantity or time that is none, no containers, a
// container without a name or with one that stands already.
absl::StatusOr<PodView> ReadPod(const nlohmann::json& pod);

// The containers of a pod or of a workload's pod template, at `spec`.
absl::StatusOr<std::vector<PodContainer>> ReadContainers(const nlohmann::json& spec,
                                                         std::string_view list);

std::string_view ToText(ResizeState state);

}  // namespace trimtab
