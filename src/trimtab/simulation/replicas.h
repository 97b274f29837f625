// The life of replicas: placement, start-up, readiness, draining, resize, restart after a kill.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "trimtab/application/allocation.h"
#include "trimtab/quantity/time.h"
#include "trimtab/simulation/calls.h"
#include "trimtab/simulation/cluster_state.h"
#include "trimtab/simulation/host_shares.h"

namespace trimtab {

// Pending -> Starting -> Booting -> Probing -> Ready -> Leaving -> Draining -> Gone:
//   Pending   waits for its turn (starts_per_second) and for a host: the filter is that requests
//             (= limits) fit into what is allocatable; of those, the host with the largest mean
//             share of CPU and memory left free; ties go to the first name. Tried every second.
//   Starting  start_up.delay: image, process.
//   Booting   burns start_up.cpu under its quota.
//   Probing   up to one readiness period, evenly distributed. Caches are cold from here.
//   Leaving   still gets calls until the removal has spread (evenly between the two bounds).
//   Draining  ends with its last frame, or with an error for those left after the grace period.
// Killed for memory: out of the balancer at once, all frames fail, restarted after a back-off that
// doubles. A resize takes effect resize_delay after it is asked for; one that the host has no room
// for, or that would put the memory limit below what is in use, is tried again every second.
// Thread-safety: none.
class Replicas {
 public:
  // The references must outlive it.
  Replicas(ClusterState& state, HostShares& shares, Calls& calls);

  // Places the initial allocation, ready and warm. kInvalidArgument when it does not fit.
  absl::Status StartInitial();

  // Brings what runs to what is desired: events kAction.
  void Reconcile(std::uint32_t microservice);
  // The next step of a replica's life is due at `time`: events kReplica. Others are stale.
  void OnLife(std::uint32_t container, SimNanos time);
  // A new size is due at `time`: events kResize. Others are stale.
  void OnResize(std::uint32_t container, SimNanos time);
  // Frees the slots of replicas that are gone.
  void Bury(std::uint32_t microservice);

  // The new desired allocation; its effects begin a decision delay later.
  void Ask(std::uint32_t microservice, const MicroserviceAllocation& desired);
  // The largest memory that a running replica cannot give back.
  Bytes LargestUnreclaimable(std::uint32_t microservice) const;

  // For replicas that somebody else places and sizes (hosted_replicas.h), who minds the room on the
  // host. A warm one is ready at once, any other begins with its start-up delay.
  std::uint32_t AddOn(std::uint32_t microservice, std::uint32_t host, const ContainerConfig& size,
                      bool is_warm);
  // At once, whatever the host has free. kFailedPrecondition: the memory in use is above it.
  absl::Status ResizeNow(std::uint32_t container, const ContainerConfig& size);
  // Lets it finish what it has; Destroy() ends it at once.
  void Drain(std::uint32_t container);
  void Destroy(std::uint32_t container);

  // Puts a memory limit in force: the configured one, or less when the host is short of memory.
  void SetMemoryLimit(std::uint32_t container, double bytes);

 private:
  std::uint32_t Create(std::uint32_t microservice, const ContainerConfig& size);
  CpuGroupParameters CpuParameters(std::uint32_t microservice, Millicores quota);
  bool Place(std::uint32_t container);
  void PutOn(std::uint32_t host, std::uint32_t container);
  std::optional<std::uint32_t> ChooseHost(const Container& container) const;
  void Boot(std::uint32_t container);
  void Serve(std::uint32_t container);
  void Restart(std::uint32_t container);
  std::string WhyNotResizable(const Container& container) const;
  std::string MemoryObstacle(const Container& container) const;
  void PutInForce(std::uint32_t container);
  SimNanos StartUpDelay(std::uint32_t microservice);
  void RemoveFromBalancer(std::uint32_t container);
  void At(std::uint32_t container, SimNanos time);
  // Integrates the limits up to now, then changes them.
  void ChangeLimits(std::uint32_t microservice, Millicores cpu, Bytes memory);
  std::vector<std::uint32_t> DrainOrder(const ReplicaSet& set) const;

  ClusterState& state_;
  HostShares& shares_;
  Calls& calls_;
  std::vector<Sampler> start_up_delays_;                   // by microservice
  std::vector<std::uint32_t> free_slots_;                  // of containers
  std::vector<std::vector<std::uint32_t>> allowed_hosts_;  // by microservice, sorted by name
  SimNanos next_start_ = 0;                                // earliest creation allowed by the rate
};

}  // namespace trimtab
