// One decision of the control loop, from what was seen to what was done.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "trimtab/application/allocation.h"
#include "trimtab/deployment/allocation_diff.h"
#include "trimtab/deployment/commit.h"
#include "trimtab/deployment/safety_limits.h"
#include "trimtab/monitoring/observation.h"
#include "trimtab/quantity/time.h"
#include "trimtab/scaling/plan.h"

namespace trimtab {

// What went wrong in a decision. docs/controller.md says what follows from each.
enum class Degradation : std::uint8_t {
  kMetricsDown,        // the metric source cannot be reached: nothing is decided
  kTracesDown,         // the trace source cannot be reached: nothing is lowered or verified
  kStateUnknown,       // the actuator does not say what is deployed: nothing is decided
  kClockJumped,        // nothing is lowered or verified for one window
  kPolicyFailed,       // the policy returned an error: nothing is changed
  kPlanInvalid,        // the plan holds a NaN or an impossible allocation: nothing is changed
  kJournalDown,        // the decision cannot be written down: nothing is changed
  kChangeRefused,      // the world refused a change: what it accepted stays
  kStalePlan,          // someone else changed the allocation: the rest is not tried
  kRaisesIneffective,  // raises were not effective in time: the lowers are left out
  kLowersCancelled,    // what was seen after the raises speaks against the lowers
  kForeignChange,      // someone else changed the allocation: nothing is changed now
};
inline constexpr std::size_t kDegradationCount = 12;
// "metrics-down", "traces-down", "state-unknown", ...
std::string_view DegradationName(Degradation degradation);

struct Trouble {
  Degradation what = Degradation::kMetricsDown;
  std::string words;
};

struct Decision {
  std::int64_t id = 0;  // in the journal; 0: not written
  Instant at;

  // Observed.
  Observation observation;
  Allocation desired;  // what the world was last asked for
  std::vector<MicroserviceState> states;

  // Predicted, prepared and checked.
  double tail_correction = 1;
  bool scale_down_allowed = true;
  std::optional<Plan> plan;
  std::optional<SafeTarget> safe;
  StagedChanges changes;

  // Committed.
  std::optional<CommitReport> raises;
  std::optional<CommitReport> lowers;  // absent when there were none or they were left out

  std::vector<Trouble> troubles;
  bool held = false;     // something went wrong that forbids every change
  bool dry_run = false;  // what the reports accept was only checked
  // As the stopwatch of the loop says.
  Duration collecting_time{0};  // the sources and the state were read
  Duration planning_time{0};    // predicted, prepared and checked
  Duration recording_time{0};   // written into the journal
  Duration committing_time{0};  // acted on, the wait for raises included; 0: nothing was to be done

  void Degrade(Degradation what, std::string words) {
    troubles.push_back({what, std::move(words)});
  }
  // Degrades and forbids every change: the last allocation stays.
  void Hold(Degradation what, std::string words) {
    Degrade(what, std::move(words));
    held = true;
  }
  bool Has(Degradation what) const;
  bool HasChanges() const { return !changes.raises.empty() || !changes.lowers.empty(); }
  // Whether the world accepted at least one change.
  bool Committed() const;
  // What the world is asked for after this decision: `desired` with every accepted change.
  Allocation Reached() const;
};

}  // namespace trimtab
