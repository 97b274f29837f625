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

  // Raises only to the smallest that was asked for within this long; nothing is lowered while a
  // raise waits for it. 0: at once.
  Duration scale_up_stabilisation = Duration(0);

  // Changes of at most this share of what is in force are left out. A raise that small is made all
  // the same by a decision that lowers something: what is lowered counts on it.
  double raise_tolerance = 0;
  double lower_tolerance = 0;

  // CPU and replicas are not lowered where the CPU quota cuts short more than this share of the
  // periods in which a container had work to do: the bound above which the usual alerts call it
  // throttled.
  double most_throttled = 0.25;
  // Memory is not lowered to less than the largest that was seen and this share more, in whole MiB.
  double memory_margin = 0.1;

  // While replicas start or containers change size nothing is lowered: the measured tail does not
  // yet tell of them. A start that takes longer than this is stuck and freezes no more.
  Duration longest_start = std::chrono::seconds(120);

  // kInvalidArgument lists every violation.
  absl::Status Validate() const;
};

}  // namespace trimtab
