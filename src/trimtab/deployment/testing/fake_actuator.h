// An actuator whose world does at once what it is asked for, unless told otherwise.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "trimtab/deployment/actuator.h"

namespace trimtab {

class FakeActuator : public Actuator {
 public:
  explicit FakeActuator(const Allocation& start) {
    for (const MicroserviceAllocation& each : start) {
      MicroserviceState state;
      state.desired = each;
      state.ready = each.replicas;
      states.push_back(state);
    }
  }

  absl::StatusOr<std::vector<MicroserviceState>> State() override {
    if (on_state) on_state();
    if (!state_error.ok()) return state_error;
    return states;
  }

  absl::Status Apply(const AllocationChange& change) override {
    if (on_apply) on_apply(change);
    const std::size_t index = change.microservice.value();
    if (const auto it = apply_errors.find(index); it != apply_errors.end()) return it->second;
    if (states[index].desired != change.from) return absl::AbortedError("stale plan");
    applied.push_back(change);
    states[index].desired = change.to;
    if (slow_start && change.to.replicas > states[index].ready) {
      states[index].pending = change.to.replicas - states[index].ready;
    } else {
      states[index].ready = change.to.replicas;
      states[index].pending = 0;
    }
    return absl::OkStatus();
  }

  // Lets everything that starts become ready.
  void FinishStarts() {
    for (MicroserviceState& state : states) {
      state.ready = state.desired.replicas;
      state.pending = 0;
    }
  }

  std::vector<MicroserviceState> states;
  std::vector<AllocationChange> applied;
  std::function<void()> on_state;                         // before State() is answered
  std::function<void(const AllocationChange&)> on_apply;  // before it is answered
  absl::Status state_error;                               // what State() answers instead
  std::map<std::size_t, absl::Status> apply_errors;       // by microservice
  bool slow_start = false;                                // new replicas wait for FinishStarts()
};

}  // namespace trimtab
