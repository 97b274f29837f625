// Port `AnomalyInjector` of the simulated cluster.
#pragma once

#include <vector>

#include "trimtab/interference/anomaly_injector.h"
#include "trimtab/simulation/event_loop.h"

namespace trimtab {

// Pseudo-containers for CPU, memory capacity and memory bandwidth, and traffic for the network.
// Each takes its share of the host's capacity before anything else does, so that the share that a
// Monitor reads as used there is the intensity asked for plus what the containers use.
class SimulatedAnomalies : public AnomalyInjector {
 public:
  // `loop` must outlive it.
  explicit SimulatedAnomalies(EventLoop& loop) : loop_(loop) {}

  absl::StatusOr<AnomalyId> Inject(const Anomaly& anomaly) override;
  absl::Status Remove(AnomalyId id) override;

  // Events kAnomaly: some anomaly begins or ends now.
  void Update();

 private:
  struct Entry {
    AnomalyId id;
    Anomaly anomaly;
  };

  EventLoop& loop_;
  std::vector<Entry> entries_;  // not yet ended, in order of injection
  std::size_t next_id_ = 0;
};

}  // namespace trimtab
