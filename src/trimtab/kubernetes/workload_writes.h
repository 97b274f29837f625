// What Trimtab writes to workloads, pods and its own resources; each write compares and sets.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "trimtab/kubernetes/api_client.h"
#include "trimtab/kubernetes/object_meta.h"
#include "trimtab/kubernetes/pod_view.h"
#include "trimtab/kubernetes/resource_type.h"
#include "trimtab/kubernetes/workload_view.h"

namespace trimtab {

// One object of a kind.
struct ObjectName {
  ResourceType type;
  std::string name_space;
  std::string name;
};

// The scale subresource of any kind that has one.
absl::StatusOr<ScaleView> GetScale(ApiClient& client, const ObjectName& object);

// Sets the replicas if the object is still of that version. kAborted: it is not, read again.
// Accepted is not effective: pods may still fail to be created or scheduled.
absl::StatusOr<ScaleView> SetReplicas(ApiClient& client, const ObjectName& object,
                                      std::int64_t replicas, std::string_view resource_version,
                                      const WriteOptions& options = {});

// New amounts for one container; what is none stays as it is.
struct ContainerResize {
  std::string container;
  ResourceAmounts requests{};
  ResourceAmounts limits{};
};

// Resizes containers and sidecars of a running pod in place (pods/resize), if their names and
// resources are still as `pod` shows them, by a JSON Patch with `test`. The pod's new state; its
// Resize() tells when the change is in force.
//   kAborted          it is another pod by now, or its resources were changed by somebody else
//   kInvalidArgument  before anything is sent: no such container, a plain init container
//                     or from the server: the QoS class would change, a request above its limit
//   kPermissionDenied cause NodeCapacity: more than the node has at all; a quota or a LimitRange
//   kUnimplemented    the server has no pods/resize (before Kubernetes 1.33)
absl::StatusOr<PodView> ResizePod(ApiClient& client, const PodView& pod,
                                  const std::vector<ContainerResize>& resizes,
                                  const WriteOptions& options = {});

// The patch that ResizePod sends.
absl::StatusOr<nlohmann::json> ResizePatch(const PodView& pod,
                                           const std::vector<ContainerResize>& resizes);

// Merges `status` into the status subresource of an object; with a version only if it is still of
// that version (kAborted otherwise). The new object.
absl::StatusOr<nlohmann::json> PatchStatus(ApiClient& client, const ObjectName& object,
                                           const nlohmann::json& status,
                                           std::optional<std::string> resource_version,
                                           const WriteOptions& options = {});

}  // namespace trimtab
