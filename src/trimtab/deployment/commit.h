// Hands a list of changes to the actuator of a world and says what became of each.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "trimtab/deployment/actuator.h"

namespace trimtab {

enum class CommitMode : std::uint8_t {
  kApply,
  kDryRun,  // checks that the plan is not stale; asks the world for nothing
};

struct RefusedChange {
  AllocationChange change;
  absl::Status why;
};

// Every change handed in is in exactly one of the three, in its order.
struct CommitReport {
  std::vector<AllocationChange> accepted;
  std::vector<RefusedChange> refused;
  std::vector<AllocationChange> skipped;  // not tried any more
  bool Complete() const { return refused.empty() && skipped.empty(); }
};

// Applies `changes` in order. A change that the world forbids (kInvalidArgument) is refused alone
// and the others go on; a stale plan (kAborted) or a world that cannot be reached ends the list,
// since what follows was planned for another world or will not arrive either. What was accepted
// before stays: the caller commits raises and lowers apart, so half a list is never less than safe.
CommitReport Commit(const std::vector<AllocationChange>& changes, Actuator& actuator,
                    CommitMode mode);

}  // namespace trimtab
