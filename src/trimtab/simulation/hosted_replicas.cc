#include "trimtab/simulation/hosted_replicas.h"

#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "trimtab/quantity/text.h"

namespace trimtab {

absl::StatusOr<HostedReplica> HostedReplicas::Add(std::uint32_t microservice, std::uint32_t host,
                                                  const ContainerConfig& size, bool is_warm) {
  const ClusterState& state = loop_.state();
  if (microservice >= state.replica_sets.size() || host >= state.hosts.size()) {
    return absl::InvalidArgumentError(fmt::format("microservice {} on host {}: there are {} and {}",
                                                  microservice, host, state.replica_sets.size(),
                                                  state.hosts.size()));
  }
  if (size.cpu <= Millicores(0) || size.memory <= Bytes(0)) {
    return absl::InvalidArgumentError(fmt::format(
        "a replica of microservice '{}' has {} cpu and {} memory, must have more than 0 of both",
        state.scenario->microservices[microservice].name, FormatCpu(size.cpu),
        FormatMemory(size.memory)));
  }
  const std::uint32_t container = loop_.replicas().AddOn(microservice, host, size, is_warm);
  return HostedReplica{microservice, state.containers[container].ordinal, container};
}

absl::Status HostedReplicas::Resize(const HostedReplica& replica, const ContainerConfig& size) {
  if (Find(replica) == nullptr) {
    return absl::NotFoundError(fmt::format("replica {} of microservice {} is gone", replica.ordinal,
                                           replica.microservice));
  }
  return loop_.replicas().ResizeNow(replica.container, size);
}

void HostedReplicas::Drain(const HostedReplica& replica) {
  const Container* container = Find(replica);
  if (container != nullptr && IsLive(container->state)) loop_.replicas().Drain(replica.container);
}

void HostedReplicas::Kill(const HostedReplica& replica) {
  if (Find(replica) != nullptr) loop_.replicas().Destroy(replica.container);
}

const Container* HostedReplicas::Find(const HostedReplica& replica) const {
  const ClusterState& state = loop_.state();
  if (replica.container >= state.containers.size()) return nullptr;
  const Container& c = state.containers[replica.container];
  const bool is_it = c.microservice == replica.microservice && c.ordinal == replica.ordinal;
  return is_it && c.state != ReplicaState::kGone ? &c : nullptr;
}

}  // namespace trimtab
