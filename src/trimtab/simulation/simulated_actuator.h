// Port `Actuator` of the simulated cluster.
#pragma once

#include <vector>

#include "trimtab/deployment/actuator.h"
#include "trimtab/simulation/event_loop.h"

namespace trimtab {

// A change is desired at once and begins to take effect after the scenario's decision delay, as
// replicas.h says. Refused besides what the port names: sizes that are not positive, memory below
// what some replica of the microservice cannot give back.
class SimulatedActuator : public Actuator {
 public:
  // `loop` must outlive it.
  explicit SimulatedActuator(EventLoop& loop) : loop_(loop) {}

  absl::StatusOr<std::vector<MicroserviceState>> State() override;
  absl::Status Apply(const AllocationChange& change) override;

  // Changes accepted so far.
  int applied() const { return applied_; }

 private:
  EventLoop& loop_;
  int applied_ = 0;
};

}  // namespace trimtab
