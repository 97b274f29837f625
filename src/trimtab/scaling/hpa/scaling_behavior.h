// Stabilisation windows and rate policies of the HorizontalPodAutoscaler.
#pragma once

#include <deque>
#include <optional>

#include "trimtab/quantity/time.h"
#include "trimtab/scaling/hpa/hpa_options.h"

namespace trimtab {

// What one HPA object remembers, and how that bends a recommendation:
//   up = min of the recommendations in the up-window and now, down = max over the down-window;
//   recommendation = current, raised to `up` if below, then lowered to `down` if above;
//   then limited by the policies of its direction, counted from the replicas at the period's
//   start (current - added + removed within the period), then by min and max.
// Without a behavior (the object gives none): the highest recommendation in the window and now, at
// most twice the current replicas or 4, whichever is larger, then min and max.
// The recommendation that is remembered is the one before stabilisation. Not thread-safe.
class ScalingBehavior {
 public:
  ScalingBehavior(std::optional<HpaBehavior> behavior, Duration downscale_stabilization);

  // REQUIRES: `now` does not run backwards; 1 <= min <= max.
  int Limit(Instant now, int current, int recommended, int min, int max);

  // The world was asked to go from one number of replicas to another at `at`.
  void RecordChange(Instant at, int from, int to);

 private:
  struct Recommendation {
    Instant at;
    int replicas;
  };
  struct Change {
    Instant at;
    int delta;  // above 0: added
  };

  void Remember(Instant now, int recommended);
  int Highest(Instant now, Duration window, int recommended) const;
  int Stabilize(Instant now, int current, int recommended) const;
  int UpLimit(Instant now, int current) const;
  int DownLimit(Instant now, int current) const;
  int PeriodStart(Instant now, int current, Duration period) const;

  std::optional<HpaBehavior> behavior_;
  Duration downscale_stabilization_;
  std::deque<Recommendation> recommendations_;  // oldest first, none older than both windows
  std::deque<Change> changes_;                  // oldest first, none older than every period
};

}  // namespace trimtab
