// A Deployment's template given the size of its pods without replacing any of them, so that the
// size outlives Trimtab.
#pragma once

#include <vector>

#include "absl/status/status.h"
#include "trimtab/appscaler/scaler_status.h"
#include "trimtab/cluster/application_view.h"
#include "trimtab/cluster/cluster_watch.h"
#include "trimtab/kubernetes/api_client.h"

namespace trimtab {

// The annotation of a Deployment whose template is being swapped, which is paused so long. Its
// value is the ReplicaSet's name and the size that the template had.
inline constexpr std::string_view kSwapMarker = "trimtab.dev/template-swap";

// Whether a swap may begin: a Deployment with all its pods of one ReplicaSet, neither paused nor
// rolling out. (The pods of a StatefulSet would count as outdated for ever.)
bool CanSwapTemplate(const WorkloadSight& sight);

struct TemplateSwap {
  const WorkloadSight& sight;
  LimitsRule rule;
  const std::vector<PodSize>& sizes;
};

// Pauses the Deployment, waits until its controller has seen that, writes the sizes to the template
// of the ReplicaSet, then the same to the Deployment's while it is resumed: to its controller the
// ReplicaSet is the one of the new template, and no pod is replaced. REQUIRES: CanSwapTemplate.
// kAborted: somebody changed it meanwhile. What is left half-way is marked: ResumeSwap().
absl::Status SwapTemplate(ApiClient& client, const ClusterWatch& watch, const TemplateSwap& swap,
                          Duration patience);

// Finishes what an earlier swap left, by this process or another: the Deployment gets the resources
// of its ReplicaSet, unless somebody has changed its template since, and is resumed. REQUIRES: it
// carries the marker.
absl::Status ResumeSwap(ApiClient& client, const WorkloadSight& sight, LimitsRule rule);

}  // namespace trimtab
