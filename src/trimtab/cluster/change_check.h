// What forbids a change before anything is written.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "trimtab/appscaler/app_scaler.h"
#include "trimtab/cluster/application_view.h"
#include "trimtab/cluster/cluster_watch.h"
#include "trimtab/cluster/fixed_allocation.h"
#include "trimtab/cluster/workload_reading.h"
#include "trimtab/deployment/actuator.h"
#include "trimtab/kubernetes/limits_view.h"
#include "trimtab/quantity/quantity.h"

namespace trimtab {

// What bounds the pods of a namespace.
struct NamespaceBounds {
  std::vector<std::shared_ptr<const QuotaView>> quotas{};
  std::vector<std::shared_ptr<const LimitRangeView>> limit_ranges{};
  std::vector<std::shared_ptr<const DisruptionBudgetView>> budgets{};
  std::vector<std::shared_ptr<const NodeView>> nodes{};  // of the cluster; empty: not known
};
NamespaceBounds BoundsOf(const ClusterWatch& watch, std::string_view name_space);

// A change of one workload, with all that is known of it.
struct ChangeProposal {
  const ScaledWorkload& scaled;
  const WorkloadSight& sight;  // that exists
  const WorkloadReading& reading;
  const AllocationChange& change;
  const std::vector<PodSize>& sizes;  // of `change.to`; empty: the size stays as it is
  std::optional<Bytes> memory_in_use{};
};

// kInvalidArgument, beginning with a stable word (NotAllowed, Off, RolloutInProgress,
// DisruptionBudget, WorkingSet, NodeCapacity, LimitRange, Quota) and naming workload and bound:
//   replicas or size that the resource does not let change, 0 replicas from or to
//   anything lowered during a rollout
//   fewer ready pods than a PodDisruptionBudget allows to go, or one that is not known yet
//   less memory than is in use
//   a pod larger than every node, than a LimitRange allows, or more than a quota has left
absl::Status CheckChange(const ChangeProposal& proposal, const NamespaceBounds& bounds);

}  // namespace trimtab
