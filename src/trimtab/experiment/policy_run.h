// One policy on one scenario under one workload: the whole life of a simulated run.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "trimtab/application/allocation.h"
#include "trimtab/controller/control_loop.h"
#include "trimtab/controller/control_options.h"
#include "trimtab/experiment/run_record.h"
#include "trimtab/scaling/policies.h"
#include "trimtab/scaling/scaling_policy.h"
#include "trimtab/scenario/scenario.h"
#include "trimtab/simulation/window.h"
#include "trimtab/workload/workload.h"

namespace trimtab {

struct PolicyRunOptions {
  std::string label;                  // as shown: "grad (corrected)"
  std::string policy = "grad";        // a name of PolicyTable()
  std::string fidelity;               // of the policy; empty where it has none
  PolicyParts parts;                  // what the policy is made from
  int minutes = 400;                  // simulated
  std::uint64_t seed = 1;             // of arrivals, demands and sampling; the workload has its own
  double span_share = 0.02;           // of the requests that are traced
  int skip_minutes = 5;               // start-up that does not count
  ControlOptions control;             // SLA and capacity are taken from the scenario
  std::optional<Allocation> initial;  // otherwise the scenario's
  // Where journal.sqlite and spans.csv.gz go; must exist. Empty: neither is kept.
  std::string directory;
  bool keep_spans = false;
};

struct PolicyRunHooks {
  std::function<void(double minute)> progress;  // after each window; may be absent
  std::function<bool()> stopped;                // asked at least each simulated 20 s; may be absent
  Stopwatch stopwatch;                          // for decisionSeconds; may be absent
  std::function<void(const WindowRecord&)> on_window = nullptr;  // the world's own; may be absent
  // Stands between the loop and the policy that the options name; may be absent.
  std::function<std::unique_ptr<ScalingPolicy>(std::unique_ptr<ScalingPolicy>)> decorate = nullptr;
};

// Runs it. Same scenario, workload, options: same windows, byte for byte. kCancelled when stopped.
// Thread-safety: distinct runs are independent.
absl::StatusOr<RunRecord> RunPolicy(const Scenario& scenario, const WorkloadSeries& workload,
                                    const PolicyRunOptions& options, const PolicyRunHooks& hooks);

// All allocatable CPU and memory of the scenario's hosts.
ClusterCapacity CapacityOf(const Scenario& scenario);

}  // namespace trimtab
