#include "trimtab/simulation/simulated_actuator.h"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "trimtab/quantity/text.h"

namespace trimtab {
namespace {

constexpr int kMostReplicas = 10'000;

std::string Describe(const MicroserviceAllocation& allocation) {
  return fmt::format("{} x ({}, {})", allocation.replicas, FormatCpu(allocation.container.cpu),
                     FormatMemory(allocation.container.memory));
}

}  // namespace

absl::StatusOr<std::vector<MicroserviceState>> SimulatedActuator::State() {
  std::vector<MicroserviceState> states;
  for (const ReplicaSet& set : loop_.state().replica_sets) {
    MicroserviceState state;
    state.desired = set.desired;
    for (const std::uint32_t index : set.containers) {
      const Container& c = loop_.state().containers[index];
      if (IsLive(c.state)) {
        ++(c.state == ReplicaState::kReady ? state.ready : state.pending);
        state.resizing += c.limits == set.desired.container ? 0 : 1;
      } else if (c.state != ReplicaState::kGone) {
        ++state.draining;
      }
    }
    if (!state.Effective()) state.reason = set.stuck;
    states.push_back(std::move(state));
  }
  return states;
}

absl::Status SimulatedActuator::Apply(const AllocationChange& change) {
  ClusterState& state = loop_.state();
  const std::size_t index = change.microservice.value();
  if (index >= state.replica_sets.size()) {
    return absl::InvalidArgumentError(
        fmt::format("microservice {} is unknown, there are {}", index, state.replica_sets.size()));
  }
  const auto microservice = static_cast<std::uint32_t>(index);
  const std::string& name = state.scenario->microservices[index].name;
  const MicroserviceAllocation& to = change.to;
  if (to.replicas < 0 || to.replicas > kMostReplicas || to.container.cpu <= Millicores(0)) {
    return absl::InvalidArgumentError(fmt::format(
        "microservice '{}': asked for {}, must have 0 to {} replicas of more than 0m cpu", name,
        Describe(to), kMostReplicas));
  }
  if (state.replica_sets[index].desired != change.from) {
    return absl::AbortedError(
        fmt::format("microservice '{}': desired is {}, not {} as planned from", name,
                    Describe(state.replica_sets[index].desired), Describe(change.from)));
  }
  const Bytes floor = loop_.replicas().LargestUnreclaimable(microservice);
  if (to.container.memory < floor) {
    return absl::InvalidArgumentError(
        fmt::format("microservice '{}': memory {} is below what is in use, {} bytes", name,
                    FormatMemory(to.container.memory), floor.value()));
  }
  loop_.replicas().Ask(microservice, to);
  ++applied_;
  return absl::OkStatus();
}

}  // namespace trimtab
