// The life of one pod on a simulated host.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "trimtab/application/allocation.h"
#include "trimtab/kubelet/hosted_pod.h"
#include "trimtab/kubelet/pod_report.h"
#include "trimtab/quantity/time.h"
#include "trimtab/simulation/hosted_replicas.h"

namespace trimtab {

// Where a pod is and what it is there.
struct PodPlace {
  std::uint32_t host = 0;
  ContainerConfig node{};                       // what the node has
  std::optional<std::uint32_t> microservice{};  // none: it merely runs
  std::string microservice_name{};
  std::string pod_ip{};
  std::string host_ip{};
  Duration resize_delay{};  // from a resize's admission to its effect
};

// What the kubelet and the container runtime do with a pod:
//   start     a pod of a microservice becomes a replica of the simulation, which says when its
//             process begins and when it is ready; any other runs and is ready after a second. One
//             that ran before the node's agent came is taken over as it is
//   resize    a spec that asks for other resources is admitted if what it requests fits beside
//             what the node has admitted, is Deferred until it does, or Infeasible if it never
//             will; in force `resize_delay` later. Memory below what is in use stays in progress
//   kill      a replica that runs out of memory is reported OOMKilled, backs off and comes back
//   end       a terminating pod drains for at most its grace period; then its object may go
// Thread-safety: none.
class PodLife {
 public:
  PodLife(HostedPod pod, PodPlace place, Instant now);

  // The newest version of its object.
  void Change(HostedPod pod);
  // Does what is due. `free` gives what the node has not admitted to other pods.
  void Advance(Instant now, HostedReplicas& replicas, const std::function<ContainerConfig()>& free);
  // Its object is gone: so is it, at once.
  void Vanish(HostedReplicas& replicas);
  // Its host is lost, and what ran there with it; then back, where everything begins anew. Between
  // the two it is not to be advanced.
  void LoseHost(HostedReplicas& replicas);
  void RegainHost(Instant now);

  const HostedPod& pod() const { return pod_; }
  const PodPlace& place() const { return place_; }
  const PodReport& report() const { return report_; }
  const std::optional<HostedReplica>& replica() const { return replica_; }
  // What the node has admitted to it.
  const ContainerConfig& admitted() const { return admitted_; }
  // The size in force of the container that works; the node's where it has no limits.
  const ContainerConfig& in_force() const { return in_force_; }
  // Whether the report has changed since this was last asked.
  bool TakeChange() { return std::exchange(changed_, false); }
  bool has_ended() const { return has_ended_; }

 private:
  using Stage = PodReport::Stage;
  using Resize = PodReport::Resize;

  void Start(Instant now, HostedReplicas& replicas);
  void Follow(Instant now, const HostedReplicas& replicas);
  void End(Instant now, HostedReplicas& replicas);
  void AdmitResize(Instant now, const std::function<ContainerConfig()>& free);
  void ActuateResize(Instant now, HostedReplicas& replicas);
  void AdmitAll();
  bool IsAsWanted() const;
  void PutInForce();
  void ReportResize(Resize resize, std::string message, Instant now);
  void ReportStage(Stage stage, bool is_ready, Instant now);

  HostedPod pod_;
  const PodPlace place_;
  Instant seen_;     // when it came, or its host came back
  bool takes_over_;  // it ran before the node's agent came
  PodReport report_;
  std::optional<HostedReplica> replica_;
  ContainerConfig admitted_;
  ContainerConfig admitted_size_;  // of the container that works
  ContainerConfig in_force_;
  int kills_ = 0;
  std::int64_t other_restarts_ = 0;
  bool has_started_ = false;    // its resources are no longer simply those of the spec
  bool is_unexamined_ = false;  // the spec may ask for other resources
  std::optional<Instant> actuate_at_;
  std::optional<Instant> end_at_;  // the end of the grace period
  bool has_ended_ = false;
  bool changed_ = true;
};

}  // namespace trimtab
