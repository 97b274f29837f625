// A scenario against the laws it was made from: what the simulated cluster makes of its demands.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "trimtab/calibration/hold_out.h"
#include "trimtab/calibration/latency_law.h"
#include "trimtab/scenario/scenario.h"

namespace trimtab {

struct ScenarioCheckRow {
  std::string microservice;
  Comparison p50;  // measured: the run or the law; predicted: the simulated cluster
  Comparison p95;
};

// Runs `operation` alone, or with "" all of them, at 20 requests/s for 1,000 simulated seconds,
// every container with 4 cores and 1000 MiB, and compares the own latencies of the microservices
// that have a law, with what was measured in `not_fitted` if there is one, else with the law at an
// idle machine. Microservices without a law (caches and stores without spans in a recording) count
// as part of their callers.
// kInvalidArgument: no such operation, or the containers do not fit on the hosts.
absl::StatusOr<std::vector<ScenarioCheckRow>> CheckScenario(
    const Scenario& scenario, const std::map<std::string, LatencyLaw>& laws,
    const RecordedRun* not_fitted, const std::string& operation, std::uint64_t seed);

}  // namespace trimtab
