// A pod as the node that runs it sees it.
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "trimtab/application/allocation.h"
#include "trimtab/kubernetes/pod_view.h"
#include "trimtab/quantity/time.h"

namespace trimtab {

// What may go wrong with a pod on purpose, by its annotation `trimtab.dev/fault`.
enum class PodFault {
  kNone,
  kNeverReady,        // "never-ready": runs, serves nothing
  kSlowStart,         // "slow-start": half a minute more until its process starts
  kResizeStuck,       // "resize-stuck": in progress for ever
  kResizeDeferred,    // "resize-deferred"
  kResizeInfeasible,  // "resize-infeasible"
  kResizeError,       // "resize-error": in progress, with an error
};
inline constexpr std::string_view kFaultAnnotation = "trimtab.dev/fault";

// One container of it, with its resources as the API server wrote them.
struct HostedContainer {
  std::string name{};
  std::string image{};
  nlohmann::json resources = nlohmann::json::object();
  ContainerConfig requests{};    // 0 where there are none
  ContainerConfig limits{};      // 0 where there are none
  bool resize_restarts = false;  // some resource of it is resized by a restart
};

struct HostedPod {
  PodView view{};
  std::vector<HostedContainer> containers{};
  std::vector<HostedContainer> sidecars{};        // init containers that keep running
  std::vector<HostedContainer> finished_inits{};  // init containers that do not
  bool was_running = false;                       // by its status
  Duration grace{};                               // that a terminating pod has
  PodFault fault = PodFault::kNone;
  std::string unknown_fault{};  // an annotation that names none of them
};

// kInvalidArgument as ReadPod().
absl::StatusOr<HostedPod> ReadHostedPod(const nlohmann::json& pod);

// What its containers and sidecars request together.
ContainerConfig RequestsOf(const HostedPod& pod);

// The container that does the work of a microservice: the one named `app` or as the microservice,
// else the first.
std::size_t WorkingContainer(const HostedPod& pod, std::string_view microservice);

// Its limits, and the node's where it has none.
ContainerConfig SizeOf(const HostedContainer& container, const ContainerConfig& node);

}  // namespace trimtab
