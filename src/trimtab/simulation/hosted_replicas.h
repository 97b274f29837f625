// Replicas that somebody else places: a scheduler that is real while their work is simulated.
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "trimtab/application/allocation.h"
#include "trimtab/simulation/event_loop.h"

namespace trimtab {

// A replica for as long as it lives. Ordinals are never used again, so a handle never comes to mean
// another replica.
struct HostedReplica {
  std::uint32_t microservice = 0;
  std::uint32_t ordinal = 0;    // within the microservice; spans carry both
  std::uint32_t container = 0;  // the slot, which others may use later
};

// The replicas of a hosted loop. Whoever calls minds the room on the hosts: the simulation shares
// out what a host has among whatever is put on it. Start-up, readiness, draining and restarts after
// a kill for memory are as replicas.h says, and are read from the container's state.
// Thread-safety: none.
class HostedReplicas {
 public:
  // `loop` must outlive it.
  explicit HostedReplicas(EventLoop& loop) : loop_(loop) {}

  // Begins with its start-up delay; a warm one is ready at once. kInvalidArgument: no such
  // microservice or host, or a size that is not above 0.
  absl::StatusOr<HostedReplica> Add(std::uint32_t microservice, std::uint32_t host,
                                    const ContainerConfig& size, bool is_warm = false);
  // In force at once; the quota from the next period on. kFailedPrecondition: memory in use is
  // above the new limit, nothing has changed. kNotFound: it is gone.
  absl::Status Resize(const HostedReplica& replica, const ContainerConfig& size);
  // Leaves the balancer, finishes what it has, and is gone.
  void Drain(const HostedReplica& replica);
  // Gone at once; what it was doing fails.
  void Kill(const HostedReplica& replica);
  // Its state, counters and limits in force; nullptr once it is gone.
  const Container* Find(const HostedReplica& replica) const;

 private:
  EventLoop& loop_;
};

}  // namespace trimtab
