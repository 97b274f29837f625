// How many replicas one metric asks for, as the HorizontalPodAutoscaler computes it.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "absl/status/statusor.h"

namespace trimtab {

// One pod as the calculator groups it. `usage` and `request` are whole millicores or bytes:
// Kubernetes computes in integers, and its truncations decide.
struct HpaPod {
  enum class State : std::uint8_t {
    kCounted,  // ready, with a sample
    kUnready,  // pending or too young: its sample does not count
    kMissing,  // without a sample
  };
  State state = State::kCounted;
  std::int64_t usage = 0;
  std::int64_t request = 0;
};

// How far usage / target may be from 1 without a change, in each direction.
struct HpaTolerance {
  double down = 0.1;
  double up = 0.1;
  bool Allows(double ratio) const { return 1.0 - down <= ratio && ratio <= 1.0 + up; }
};

// averageUtilization: the per cent is truncated to a whole number before it is compared with the
// target. Pods without a sample count as 100 % of their request (or the target, if that is higher)
// when the others ask to go down, and as 0 when they ask to go up; unready pods count as 0 going
// up and not at all going down. A change that this turns round or brings within the tolerance is
// not made. kUnavailable when no pod is counted, kInvalidArgument when no request is above 0.
absl::StatusOr<int> ReplicasForUtilization(std::span<const HpaPod> pods, int current_replicas,
                                           int target_per_cent, const HpaTolerance& tolerance);

// averageValue of a resource: the same with the mean usage a pod, truncated, against the target;
// pods without a sample count as the target going down.
absl::StatusOr<int> ReplicasForAverageValue(std::span<const HpaPod> pods, int current_replicas,
                                            std::int64_t target, const HpaTolerance& tolerance);

// An external metric with AverageValue: its total over the target, rounded up.
int ReplicasForExternalTotal(double total, int current_replicas, double target,
                             const HpaTolerance& tolerance);

}  // namespace trimtab
