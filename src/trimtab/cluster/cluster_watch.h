// The objects of a cluster that scaling needs, followed by watches.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "trimtab/appscaler/app_scaler.h"
#include "trimtab/clock/clock.h"
#include "trimtab/cluster/application_view.h"
#include "trimtab/kubernetes/api_client.h"
#include "trimtab/kubernetes/autoscaler_view.h"
#include "trimtab/kubernetes/limits_view.h"
#include "trimtab/kubernetes/watch_loop.h"
#include "trimtab/quantity/time.h"

namespace trimtab {

struct ClusterStore;

struct ClusterWatchOptions {
  std::vector<std::string> namespaces{};  // empty: all
  bool nodes = true;                      // false where only namespaces may be read
  // How long a watch that fails may go unanswered before what it brought counts as old.
  Duration stale_after = std::chrono::seconds(15);
  WatchOptions watch{};
};

// How one collection is being followed.
struct WatchAge {
  std::string collection{};  // "pods", or "pods in 'shop'"
  Duration age{};            // since the server last said anything of it
  absl::Status error{};      // of the last attempt
  bool is_needed = true;     // nothing is decided without it
};

// Follows pods, their workloads, and whatever bounds or competes for them, in some namespaces or in
// all: no reading costs a request. Autoscalers of kinds that the server does not know are none.
// Thread-safety: every method from any thread. Owns one thread for each collection. Memory: one
// view for each object. Cost of a view: the pods and ReplicaSets of its workloads.
class ClusterWatch {
 public:
  // Both must outlive it. Begins to follow; returns before anything is known.
  static absl::StatusOr<std::unique_ptr<ClusterWatch>> Start(ApiClient& client, const Clock& clock,
                                                             ClusterWatchOptions options);
  ~ClusterWatch();
  ClusterWatch(const ClusterWatch&) = delete;
  ClusterWatch& operator=(const ClusterWatch&) = delete;

  // Whether every needed collection has been delivered whole.
  bool IsSynced() const;
  // kUnavailable, naming the collection: not synced, or a needed watch fails and is old.
  absl::Status Health() const;
  std::vector<WatchAge> Ages() const;
  // Collections whose objects may not be read, so that what they hold is unknown.
  std::vector<std::string> Unreadable() const;

  // What is known of the application now. Workloads of kinds other than Deployment and StatefulSet
  // are those that Tell() was given.
  ApplicationView View(const AppScaler& scaler) const;

  // nullptr: does not exist.
  std::shared_ptr<const WorkloadView> FindDeployment(std::string_view name_space,
                                                     std::string_view name) const;
  // In that namespace, by name.
  std::vector<std::shared_ptr<const QuotaView>> Quotas(std::string_view name_space) const;
  std::vector<std::shared_ptr<const LimitRangeView>> LimitRanges(std::string_view name_space) const;
  std::vector<std::shared_ptr<const DisruptionBudgetView>> DisruptionBudgets(
      std::string_view name_space) const;
  std::vector<std::shared_ptr<const HpaView>> Hpas(std::string_view name_space) const;
  std::vector<std::shared_ptr<const VpaView>> Vpas(std::string_view name_space) const;
  std::vector<std::shared_ptr<const ScaledObjectView>> ScaledObjects(
      std::string_view name_space) const;
  // Every node, by name.
  std::vector<std::shared_ptr<const NodeView>> Nodes() const;

  // The manager that set spec.replicas of a workload again after we had scaled it; empty: none.
  // It stays until the field is held by somebody else.
  std::string Reapplier(std::string_view workload_uid) const;

  // The scale of a workload whose kind has no watch of its own; none: it does not exist.
  void Tell(std::string_view name_space, const ScaleTarget& target,
            std::optional<WorkloadView> workload);

  // Returns true once `condition` holds, which is asked again after each event and every now and
  // then; false after `patience`.
  bool Await(const std::function<bool()>& condition, Duration patience) const;

 private:
  class Collection;
  ClusterWatch(ApiClient& client, const Clock& clock, ClusterWatchOptions options);
  void Follow(ApiClient& client, const std::string& name_space);

  const Clock& clock_;
  const ClusterWatchOptions options_;
  const std::string field_manager_;
  const std::unique_ptr<ClusterStore> store_;
  std::vector<std::unique_ptr<Collection>> collections_;  // their threads use the store
};

}  // namespace trimtab
