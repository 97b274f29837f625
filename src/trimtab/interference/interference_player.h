// Plays interference series on the hosts of a world while its time passes.
#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <optional>

#include "absl/status/status.h"
#include "trimtab/clock/clock.h"
#include "trimtab/interference/anomaly_injector.h"
#include "trimtab/quantity/time.h"
#include "trimtab/workload/load_series.h"

namespace trimtab {

// A clock that injects the next piece of every series before it lets time pass over it, so that no
// anomaly is injected long before it begins. All hosts get the same series (Grad VI-D2: average
// interference conditions). Thread-safety: none.
class InterferencePlayer : public Clock {
 public:
  using Series = std::array<std::optional<StepSeries>, 4>;  // as kInterferenceKinds

  struct Options {
    std::size_t hosts = 0;
    Duration step = std::chrono::seconds(20);  // how long one intensity holds
    std::function<bool()> stopped;             // asked at every wait; may be absent
  };
  // `clock`, `injector` and `series` must outlive it.
  InterferencePlayer(Clock& clock, AnomalyInjector& injector, const Series& series,
                     Options options);

  Instant Now() const override { return clock_.Now(); }
  // False also when stopped, or when an injection failed: see status().
  bool WaitUntil(Instant instant) override;

  const absl::Status& status() const { return status_; }

 private:
  absl::Status InjectStep(Instant start);

  Clock& clock_;
  AnomalyInjector& injector_;
  const Series& series_;
  Options options_;
  Instant origin_;
  Instant next_;
  absl::Status status_;
};

}  // namespace trimtab
