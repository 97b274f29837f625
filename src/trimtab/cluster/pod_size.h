// The size of a pod: one ContainerConfig for all its scaled containers together, and back.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "trimtab/application/allocation.h"
#include "trimtab/appscaler/app_scaler.h"
#include "trimtab/kubernetes/pod_view.h"
#include "trimtab/kubernetes/workload_view.h"
#include "trimtab/kubernetes/workload_writes.h"

namespace trimtab {

// Which of `containers` scale, in their order: those that the resource names, or all but sidecars
// that are known by name (proxies of service meshes, collectors of logs).
std::vector<std::string> ScaledContainers(const ScaledWorkload& scaled,
                                          const std::vector<PodContainer>& containers);

// The sum over `names` of each container's limit, or request where it has no limit; with
// kRequestsOnly of its request, or limit where it has no request.
ContainerConfig SizeOf(const std::vector<PodContainer>& containers,
                       const std::vector<std::string>& names, LimitsRule rule);

// The same of what the node has put in force; of what is asked for where it reports nothing.
ContainerConfig SizeInForce(const PodView& pod, const std::vector<std::string>& names,
                            LimitsRule rule);

// The same of what a new pod is to be born with. REQUIRES: entries of one workload.
ContainerConfig SizeOf(const std::vector<PodSize>& sizes, LimitsRule rule);

// What a pod of the template arrives with: the API server sets a request that is missing to the
// limit.
ResourceAmounts DefaultedRequests(const PodContainer& container);

// Parts `size` among the scaled containers in the proportions of the workload's template, to the
// last byte; one entry for each. Within a container `rule` says how requests and limits go along.
// Always computed from the template, so that proportions never drift. kInvalidArgument, naming the
// workload and the bound: a resource that the template says nothing of (BestEffort), less than a
// unit for a container, a request above its limit, or a pod of another QoS class.
absl::StatusOr<std::vector<PodSize>> SplitSize(const WorkloadView& workload,
                                               const std::vector<std::string>& names,
                                               const ContainerConfig& size, LimitsRule rule);

// The entries of `book` for the workload, if there is one for each of `names` and all were computed
// from its template as it is now; otherwise none.
std::vector<PodSize> ValidSizes(const std::vector<PodSize>& book, const WorkloadView& workload,
                                const std::vector<std::string>& names);

// The resizes that bring the pod's containers to `sizes`; empty when they are there already.
std::vector<ContainerResize> ResizesTo(const PodView& pod, const std::vector<PodSize>& sizes);

// The resizes that bring what is asked for back to what the node has admitted and put in force.
std::vector<ContainerResize> ResizesBack(const PodView& pod, const std::vector<std::string>& names);

}  // namespace trimtab
