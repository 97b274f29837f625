// The safety limits: what of a policy's plan may be done now, and which limit stopped the rest.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "trimtab/application/application.h"
#include "trimtab/deployment/actuator.h"
#include "trimtab/deployment/safety_options.h"

namespace trimtab {

// In the order in which they are applied.
enum class SafetyLimit : std::uint8_t {
  kBounds,          // sizes, replicas and working set of the application
  kRaise,           // factor in one decision
  kLower,           // share in one decision
  kRaiseInWindow,   // factor within the rate window
  kLowerInWindow,   // share within the rate window
  kStabilisation,   // more was asked for a short while ago, or less of a raise
  kTolerance,       // too small a change
  kThrottled,       // the CPU quota cuts containers short
  kMemoryPeak,      // so much memory has been in use
  kStarting,        // replicas start or warm up, or containers change size
  kMissingMetrics,  // something is not known
};
// "bounds", "raise", "lower", "raise-in-window", "lower-in-window", "stabilisation", "tolerance",
// "throttled", "memory-peak", "starting", "missing-metrics".
std::string_view SafetyLimitName(SafetyLimit limit);

struct AppliedLimit {
  MicroserviceId microservice;
  SafetyLimit limit = SafetyLimit::kBounds;
  MicroserviceAllocation wanted;  // before this limit
  MicroserviceAllocation allowed;
};

struct SafeTarget {
  Allocation target;
  std::vector<AppliedLimit> limits;  // in the order of microservices, then of application
};

// What was seen of one microservice that keeps it from being lowered.
struct LowerGuards {
  double throttled = 0;                // share of periods; 1 where it is not known and should be
  std::optional<Bytes> memory_peak{};  // of one container
};

struct SafetyInput {
  Instant now;
  const Allocation& desired;  // what the world was last asked for
  const Allocation& wanted;   // the policy's target
  const std::vector<MicroserviceState>& states;
  bool metrics_complete = true;          // false: nothing is lowered
  std::vector<LowerGuards> guards = {};  // by MicroserviceId; empty: none
  bool warms_up = false;                 // true: nothing is lowered
};

// Every component of the result lies between `desired` and `wanted` cut to the bounds; only what is
// below a lower bound is raised further. So a limit can delay a change, never turn it around.
// Thread-safety: one caller at a time. Cost: linear in microservices and in the decisions of one
// stabilisation window.
class SafetyLimits {
 public:
  // `application` must outlive the limits. `each`, empty or one for each microservice, takes the
  // place of `options`, but for the rate window and the longest start, which are everybody's.
  static absl::StatusOr<SafetyLimits> Create(const Application& application, SafetyOptions options,
                                             std::vector<SafetyOptions> each = {});

  // kInvalidArgument for a `wanted` or `states` of another size or a value that no allocation can
  // have. Remembers `wanted` for the stabilisation window.
  absl::StatusOr<SafeTarget> Check(const SafetyInput& input);

  // Remembers what the world was asked for, for the rate window.
  void Committed(Instant now, const Allocation& desired);

  // Someone else has changed what the world is asked for, to `desired`: nothing of it is lowered
  // for one stabilisation window, and the rate window begins anew. REQUIRES: before Check() of
  // `now`.
  void ChangedByOthers(Instant now, const Allocation& desired);
  // Whether such a window has not passed.
  bool IsFrozen(Instant now) const { return frozen_until_ && now < *frozen_until_; }

  // Whether replicas start or containers change size, for no longer than longest_start: then
  // nothing will be lowered, and a planner need not try. REQUIRES: `now` never goes back.
  bool SomethingStarts(Instant now, const std::vector<MicroserviceState>& states);

 private:
  class Passage;
  struct Past {
    Instant at;
    Allocation allocation;
  };
  SafetyLimits(const Application& application, SafetyOptions options,
               std::vector<SafetyOptions> each)
      : application_(&application), options_(options), each_(std::move(each)) {}

  void Remember(const SafetyInput& input, const Allocation& wanted);
  const SafetyOptions& Of(MicroserviceId id) const {
    return each_.empty() ? options_ : each_[id.value()];
  }
  Duration LongestStabilisation() const;
  Passage Limited(const SafetyInput& input, MicroserviceId id, bool& raise_waits) const;

  const Application* application_;
  SafetyOptions options_;
  std::vector<SafetyOptions> each_;
  std::deque<Past> wanted_;     // within the stabilisation window
  std::deque<Past> committed_;  // the state at the rate window's beginning, then every change in it
  std::vector<std::optional<Instant>> starting_since_;  // per microservice
  std::optional<Instant> frozen_until_;
};

}  // namespace trimtab
