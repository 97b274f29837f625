// The chart on a control plane of a test, and kubeconfigs of those whom it gives rights.
#pragma once

#include <absl/status/statusor.h>

#include <string>
#include <string_view>
#include <vector>

#include "tests/servers/control_plane.h"

namespace trimtab::servers {

// Runs `helm` as the administrator; returns its output. Nothing of the user's own Helm is read.
absl::StatusOr<std::string> Helm(const ControlPlane& plane, std::vector<std::string> arguments);

// Writes a kubeconfig of a service account into the control plane's folder and returns its path.
// The token is one that the API server gives out, good for an hour; with a pod one that belongs to
// the pod, as its kubelet would mount it.
absl::StatusOr<std::string> ServiceAccountKubeconfig(const ControlPlane& plane,
                                                     std::string_view name_space,
                                                     std::string_view account,
                                                     std::string_view pod = "");

}  // namespace trimtab::servers
