// Everything that can be set about the control loop.
#pragma once

#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "trimtab/application/application.h"
#include "trimtab/controller/tail_bias.h"
#include "trimtab/controller/window_rules.h"
#include "trimtab/deployment/commit.h"
#include "trimtab/deployment/safety_options.h"
#include "trimtab/monitoring/monitor.h"
#include "trimtab/monitoring/tail_tracker.h"
#include "trimtab/quantity/time.h"
#include "trimtab/scaling/planning_input.h"

namespace trimtab {

struct ControlOptions {
  Sla sla;
  // From one decision to the next; the HPA's own period, for every policy.
  Duration interval = std::chrono::seconds(15);
  CommitMode mode = CommitMode::kApply;
  // How often the world is asked whether raises are effective, before the lowers follow.
  Duration effect_poll = std::chrono::seconds(1);
  // What the cluster can give to the application; absent: plans are not checked against it.
  std::optional<ClusterCapacity> capacity;

  MonitorOptions monitor;
  TailTrackerOptions tails;  // its quantile is the SLA's
  WindowRulesOptions windows;
  SafetyOptions safety;
  std::vector<SafetyOptions> safety_of;  // by MicroserviceId; empty: `safety` for each
  TailBiasOptions bias;

  // kInvalidArgument lists every violation, those of the parts included.
  absl::Status Validate() const;
};

}  // namespace trimtab
