// How fast and how far an allocation may move, whatever a policy asks for.
#pragma once

#include "absl/status/status.h"
#include "trimtab/quantity/time.h"

namespace trimtab {

// The sizes and replicas inside which a microservice stays are the application's ScalingBounds.
// Factors and shares hold for replicas, CPU and memory of a container apart. At least one replica
// more or less is always allowed, or one replica could never become two.
struct SafetyOptions {
  double largest_raise = 4;    // factor in one decision
  double largest_lower = 0.5;  // share taken away in one decision

  // The same for everything that was committed within `rate_window`.
  Duration rate_window = std::chrono::seconds(60);
  double largest_raise_in_window = 16;
  double largest_lower_in_window = 0.75;

  // Lowers only to the largest that was asked for within this long, as the HPA's stabilisation
  // window; after a start, one full window passes before the first lower. 0: at once.
  Duration scale_down_stabilisation = std::chrono::seconds(60);

  // While replicas start or containers change size nothing is lowered: the measured tail does not
  // yet tell of them. A start that takes longer than this is stuck and freezes no more.
  Duration longest_start = std::chrono::seconds(120);

  // kInvalidArgument lists every violation.
  absl::Status Validate() const;
};

}  // namespace trimtab
