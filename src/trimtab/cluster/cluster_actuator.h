// Port `Actuator` on a real cluster: replicas through the scale subresource, sizes through
// pods/resize, sizes of new pods through a book that an admission policy reads.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "trimtab/appscaler/app_scaler.h"
#include "trimtab/clock/clock.h"
#include "trimtab/cluster/change_check.h"
#include "trimtab/cluster/cluster_watch.h"
#include "trimtab/cluster/disruption_ledger.h"
#include "trimtab/cluster/pod_size_book.h"
#include "trimtab/cluster/scale_kinds.h"
#include "trimtab/cluster/workload_reading.h"
#include "trimtab/deployment/actuator.h"
#include "trimtab/kubernetes/api_client.h"

namespace trimtab {

struct ClusterActuatorOptions {
  WriteOptions write{};  // dry_run: each write is checked by the server, none is stored
  // The largest working set of a pod, with margin; none: not known.
  std::function<std::optional<Bytes>(MicroserviceId)> memory_in_use{};
  // How long a change waits until the watch shows what was written.
  Duration patience = std::chrono::seconds(5);
  // A deferred resize keeps its room on the node from all other pods, so it is given up soon.
  Duration longest_deferral = std::chrono::seconds(60);
  Duration longest_resize = std::chrono::minutes(5);
  // vertical.apply Template: how long a size must have been in force before it is written there.
  Duration template_delay = std::chrono::minutes(1);
  // How long a resize that was given up is not asked for again.
  Duration resize_pause = std::chrono::minutes(10);
  int most_resizes = 50;  // of one call; the rest follows by Tend()
};

// One application. A change is carried out in this order: the new size to the book, so that pods
// born from now on have it; then resizes of running pods and the scale, those resizes that raise
// anything before the scale, others after it. What was done is taken back when a later step is
// refused, and never by removing a Ready pod. Never an eviction.
//
// Pods that wait for a node are given back after the resource's provisioning timeout: those of a
// raise of this actuator counted from its acceptance, those of an earlier process, or of a raise
// that others followed, counted from their own creation, where the scale is still ours.
//
// Accepted is not effective: State() tells from the watches how far it is and why it is stuck, and
// Tend() takes back what stays stuck.
// Thread-safety: one caller at a time. Cost: State() reads no pod from the server, and one scale
// for each workload of a kind without a watch.
class ClusterActuator : public Actuator {
 public:
  // All must outlive it. The application is that of `scaler`.
  ClusterActuator(ApiClient& client, ClusterWatch& watch, const Clock& clock, PodSizeBook& book,
                  AppScaler scaler, ClusterActuatorOptions options);

  // A new spec or status of the same resource. REQUIRES: the same workloads in the same order.
  void Update(AppScaler scaler) { scaler_ = std::move(scaler); }

  // kUnavailable, naming the collection: a watch is not synced, or fails and is old.
  absl::StatusOr<std::vector<MicroserviceState>> State() override;

  // As the port; also kFailedPrecondition, naming it: a rival scales the workload;
  // kPermissionDenied: the API server does not let us. A dry run leaves State() as it is.
  absl::Status Apply(const AllocationChange& change) override;

  // Brings pods that were born with another size to that of the book, writes sizes that were lost
  // from it, and takes back resizes and replicas that timed out. To be called every second or so
  // while writing is allowed. Goes on after an error; the first one comes back.
  absl::Status Tend();

 private:
  struct Subject {
    std::size_t index = 0;
    ObjectName object;
    WorkloadSight sight{};
    WorkloadReading reading{};
  };
  // A scale-up that is not effective yet.
  struct Raise {
    int from = 0;  // replicas before it, and before those that it came on top of
    Instant at{};  // of the last of them
  };

  absl::Status TellScales();
  Subject Look(std::size_t index, const ApplicationView& view) const;
  absl::Status CheckRivals(std::size_t index) const;
  absl::Status CarryOut(const Subject& subject, const AllocationChange& change,
                        const std::vector<PodSize>& sizes);
  absl::Status PutSizes(const Subject& subject, const std::vector<PodSize>& sizes);
  void NoteLeaving(const Subject& subject, int to);
  absl::Status PutOwedSizes();
  // If `from` is still asked for.
  absl::Status Scale(const Subject& subject, int from, int to);
  // All or none; what was resized is resized back when one is refused.
  absl::Status ResizePods(const Subject& subject, const std::vector<PodSize>& sizes);
  absl::StatusOr<PodView> ResizeOne(const PodView& pod, const std::vector<ContainerResize>& to);
  void AwaitReplicas(std::size_t index, int replicas) const;
  void AwaitGenerations(std::size_t index, const std::vector<PodView>& resized) const;

  absl::Status TendWorkload(std::size_t index, const ApplicationView& view, int& resizes_left);
  absl::Status TendPod(const Subject& subject, const PodSight& pod, int& resizes_left);
  // Takes back what nodes refused that do not resize Guaranteed pods, also for pods to come.
  absl::Status TendPinned(const Subject& subject);
  absl::Status TakeBackReplicas(const Subject& subject);
  // How many replicas are left without those that waited too long; none: nothing is overdue.
  std::optional<int> ReplicasInTime(const Subject& subject) const;
  absl::Status TendTemplate(const Subject& subject);

  ApiClient& client_;
  ClusterWatch& watch_;
  const Clock& clock_;
  PodSizeBook& book_;
  AppScaler scaler_;
  const ClusterActuatorOptions options_;
  ScaleKinds kinds_;
  StuckResizes stuck_;
  // What the book said before a change that was refused, until it can be put back.
  std::optional<std::vector<PodSize>> owed_sizes_;
  std::map<std::string, Instant> resizing_since_;  // by the uid of the pod
  std::map<std::size_t, Raise> raises_;            // by the index of the workload
  DisruptionLedger disruptions_;
  std::map<std::size_t, std::string> given_up_;   // why replicas were taken back
  std::map<std::size_t, Instant> settled_since_;  // workloads whose template may be swapped
};

}  // namespace trimtab
