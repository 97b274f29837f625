// What the status of an AppScaler says of one cycle.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "trimtab/application/application.h"
#include "trimtab/appscaler/app_scaler.h"
#include "trimtab/controller/decision.h"
#include "trimtab/operator/app_world.h"
#include "trimtab/quantity/time.h"

namespace trimtab {

// Begins the gap of an observation that is no fault of a source, but a reason to lower nothing.
inline constexpr std::string_view kFreezePrefix = "nothing is lowered: ";

// One cycle, as far as it came.
struct CycleReport {
  Instant at{};
  std::int64_t generation = 0;
  absl::Status spec{};    // of reading the resource
  absl::Status world{};   // AppWorld::Ready()
  absl::Status model{};   // of making the policy
  bool applies = false;   // decisions are acted on
  bool may_apply = true;  // the process allows it
  bool is_paused = false;
  std::string paused_reason{};
  std::vector<RivalNotice> rivals{};
  std::vector<std::string> freezes{};    // why nothing may be lowered, besides what was observed
  std::vector<FixedAllocation> fixed{};  // by MicroserviceId
  // Absent where no decision was made.
  const AppScaler* scaler = nullptr;
  const Application* application = nullptr;
  const Decision* decision = nullptr;
};

// All ten conditions, in a fixed order.
std::vector<ObjectCondition> ConditionsOf(const CycleReport& report);

// `now` with the times, and where only numbers differ the words, of what was there `before`: so a
// condition changes when its state or reason does.
std::vector<ObjectCondition> Merged(const std::vector<ObjectCondition>& before,
                                    std::vector<ObjectCondition> now, Instant at);

// Puts the whole report into the status. Latencies within 5 % of what stands there, and a decision
// that asks for the same as the last, leave it as it is.
void Report(const CycleReport& report, AppScalerStatus& status);

// "frontend 2 x 200m/100Mi -> 3 x 200m/100Mi, search ...": at most five; empty without changes.
std::string SummaryOf(const Decision& decision, const Application& application);

// The stable word that a reason of a workload begins with, and the whole, such as "NodeCapacity: no
// node has ..."; "ChangeRefused" where it begins with none.
std::pair<std::string, std::string> ReasonAndWords(const std::string& text);

// Why a decision is what it is: "PredictedAboveTarget", "ObservedAboveTarget", "SlackAvailable",
// "WithinTolerance", "NoData".
std::string_view ReasonOf(const Decision& decision, Latency target);

}  // namespace trimtab
