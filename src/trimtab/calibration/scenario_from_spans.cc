#include "trimtab/calibration/scenario_from_spans.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "trimtab/application/application.h"
#include "trimtab/calibration/latency_law.h"
#include "trimtab/calibration/run_samples.h"
#include "trimtab/callgraph/call_tree.h"
#include "trimtab/quantity/quantity.h"
#include "trimtab/quantity/time.h"
#include "trimtab/scenario/scenario.h"
#include "trimtab/simulation/scenario.h"

namespace trimtab {
namespace {

constexpr std::int64_t kMostCalls = 1000;

// Rounded to whole nanoseconds, as a file holds them.
Latency Whole(double milliseconds) { return Latency(std::round(milliseconds * 1e6) * 1e-6); }

CpuStep DemandOf(const LatencyMode& mode) {
  return {ShiftedLognormal{Whole(mode.shift), Whole(mode.mean), mode.cv}};
}

std::vector<ProgramStep> OwnSteps(const LatencyLaw& law) {
  if (!law.fast) return {{DemandOf(law.slow)}};
  BranchStep modes;
  modes.probability = law.fast_share;
  modes.then.push_back({DemandOf(*law.fast)});
  modes.otherwise.push_back({DemandOf(law.slow)});
  return {{std::move(modes)}};
}

// Endpoints by the structure below them.
class EndpointTable {
 public:
  EndpointTable(const std::map<std::string, LatencyLaw>& laws, ClusterScenario& cluster)
      : laws_(laws), cluster_(cluster) {}

  // The endpoint that serves this tree; made, with everything below it, when it is new.
  absl::StatusOr<CallTarget> TargetOf(const CallTree& tree) {
    CallTree one = tree;
    one.calls = 1;
    const std::string text = CanonicalText(one);
    if (const auto known = known_.find(text); known != known_.end()) return known->second;
    const auto law = laws_.find(tree.microservice);
    if (law == laws_.end()) {
      return absl::InvalidArgumentError(
          fmt::format("microservice '{}' has no law of own latency", tree.microservice));
    }
    EndpointSpec endpoint;
    endpoint.program = OwnSteps(law->second);
    for (const TreeStep& step : tree.steps) {
      CallStep call;
      call.parallel = step.parallel;
      for (const CallTree& branch : step.branches) {
        auto target = TargetOf(branch);
        if (!target.ok()) return target;
        const std::int64_t room = kMostCalls - static_cast<std::int64_t>(call.targets.size());
        if (branch.calls > room) {
          return absl::InvalidArgumentError(
              fmt::format("microservice '{}' makes more than {} calls in one step",
                          tree.microservice, kMostCalls));
        }
        call.targets.insert(call.targets.end(), static_cast<std::size_t>(branch.calls), *target);
      }
      endpoint.program.push_back({std::move(call)});
    }
    MicroserviceSpec& microservice = MicroserviceOf(tree.microservice);
    endpoint.name = fmt::format("e{}", microservice.endpoints.size() + 1);
    CallTarget target{tree.microservice, endpoint.name, std::nullopt};
    microservice.endpoints.push_back(std::move(endpoint));
    known_.emplace(text, target);
    return target;
  }

 private:
  MicroserviceSpec& MicroserviceOf(const std::string& name) {
    for (MicroserviceSpec& spec : cluster_.microservices) {
      if (spec.name == name) return spec;
    }
    MicroserviceSpec& spec = cluster_.microservices.emplace_back();
    spec.name = name;
    spec.initial = {1, {Millicores(200), Mebibytes(100)}};
    return spec;
  }

  const std::map<std::string, LatencyLaw>& laws_;
  ClusterScenario& cluster_;
  std::map<std::string, CallTarget> known_;
};

std::vector<Provenance> Rows() {
  constexpr auto kMeasured = Provenance::Status::kMeasured;
  constexpr auto kAssumed = Provenance::Status::kAssumed;
  const std::string varied = "trimtab calibrate --of scenario prints it";
  return {
      {"operations*", "by class", kMeasured, "call trees and their shares in the spans", varied},
      {"microservices[*].endpoints[*].program*", "by endpoint", kMeasured,
       "own latencies in the spans at an idle machine, all of it taken for CPU time", varied},
      {"workload.load*", "mean of the runs", kMeasured, "the spans", varied},
      {"sla*", "twice the measured P95", kAssumed, "nothing in the spans", varied},
      {"cluster*", "ten hosts of 8 cores and 16 GiB", kAssumed, "nothing in the spans", varied},
      {"microservices*", "the defaults of the format", kAssumed, "nothing in the spans", varied},
  };
}

}  // namespace

absl::StatusOr<Scenario> ScenarioFromSpans(const std::string& name,
                                           const std::vector<InferredClass>& classes,
                                           const std::map<std::string, LatencyLaw>& laws,
                                           const std::vector<RecordedRun>& runs) {
  if (classes.empty() || runs.empty()) return absl::InvalidArgumentError("there are no traces");
  ClusterScenario cluster;
  cluster.name = name;
  for (int i = 1; i <= 10; ++i) {
    cluster.hosts.push_back(
        {.name = fmt::format("host-{}", i), .cpu = Cores(8), .memory = Gibibytes(16)});
  }
  double traces = 0;
  for (const InferredClass& one : classes) traces += static_cast<double>(one.traces);
  EndpointTable endpoints(laws, cluster);
  for (std::size_t i = 0; i < classes.size(); ++i) {
    const auto entry = endpoints.TargetOf(classes[i].tree);
    if (!entry.ok()) return entry.status();
    cluster.entries.push_back({fmt::format("class-{}", i + 1),
                               entry->microservice,
                               entry->endpoint,
                               static_cast<double>(classes[i].traces) / traces,
                               std::nullopt,
                               {}});
  }
  double rate = 0;
  double tail = 0;
  for (const RecordedRun& run : runs) {
    rate += run.rate / static_cast<double>(runs.size());
    tail = std::max(tail, QuantileOfSorted(run.end_to_end, 0.95));
  }
  Workload workload;
  workload.load = rate;
  if (absl::Status status = cluster.Validate(); !status.ok()) return status;
  auto application = ApplicationOf(cluster);
  if (!application.ok()) return application.status();
  return Scenario{name,
                  *std::move(application),
                  std::move(cluster),
                  Sla{Whole(2 * tail), kP95},
                  workload,
                  Rows(),
                  {}};
}

}  // namespace trimtab
