// A scenario out of spans alone: call trees as they were seen, demands from own latencies.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "trimtab/calibration/latency_law.h"
#include "trimtab/calibration/run_samples.h"
#include "trimtab/scenario/scenario.h"
#include "trimtab/tracing/call_tree_inference.h"

namespace trimtab {

// What spans do not tell, and the scenario's rows call assumed: all own latency is CPU time; the
// cluster is ten hosts of 8 cores and 16 GiB; the load is the mean of the runs; the SLA is twice
// the measured P95.
//
// Each class of traces becomes an operation with its share of the load, each different subtree of a
// microservice an endpoint, so that the call trees of the simulated spans are those of `classes`.
// Demands are the laws at an idle machine. kInvalidArgument: no classes, a microservice without a
// law, or a tree that a scenario cannot hold (more than 1,000 calls in one step).
absl::StatusOr<Scenario> ScenarioFromSpans(const std::string& name,
                                           const std::vector<InferredClass>& classes,
                                           const std::map<std::string, LatencyLaw>& laws,
                                           const std::vector<RecordedRun>& runs);

}  // namespace trimtab
