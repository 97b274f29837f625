// A plan: the allocation a policy asks for, what it expects of it, and every step on the way.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "trimtab/application/allocation.h"
#include "trimtab/application/ids.h"
#include "trimtab/quantity/time.h"

namespace trimtab {

// What a step changes, or why it comes before all trading.
enum class ScalingAction : std::uint8_t {
  kCpu,         // the CPU limit of every container
  kMemory,      // the memory limit of every container
  kReplicas,    // the number of containers
  kCapacity,    // CPU or replicas, because the measured demand lies outside the profiled range
  kWorkingSet,  // the memory limit, because it lies below what the microservice cannot give back
};
// "cpu", "memory", "replicas", "capacity", "working-set".
std::string_view ScalingActionName(ScalingAction action);
absl::StatusOr<ScalingAction> ParseScalingAction(std::string_view name);

// A candidate that was weighed and not taken.
struct PlanAlternative {
  MicroserviceId microservice;
  ScalingAction action = ScalingAction::kCpu;
  MicroserviceAllocation after;
  Latency gain{0};   // expected reduction of the tail; below 0 when it would rise
  double cost = 0;   // at the policy's prices; below 0 when it saves
  double score = 0;  // what the policy ranks by, higher is better
};

struct PlanStep {
  MicroserviceId microservice;
  ScalingAction action = ScalingAction::kCpu;
  MicroserviceAllocation before;
  MicroserviceAllocation after;
  std::optional<Latency> tail_before;  // absent when the policy predicts no tail
  std::optional<Latency> tail_after;
  Latency gain{0};
  double cost = 0;
  double score = 0;
  std::string reason;
  std::vector<PlanAlternative> alternatives;  // best first
};

// How planning ended. Not an error: Plan::feasible says whether the promise is expected to hold.
enum class PlanTermination : std::uint8_t {
  kKept,            // nothing to change
  kMetSla,          // raised until the tail meets the promise
  kSaved,           // lowered as far as the promise allows
  kNoGain,          // no candidate lowers the tail any further
  kNoCapacity,      // what would help exceeds the cluster or the bounds
  kIterationLimit,  // stopped by the limit on steps
  kRecommended,     // a policy that predicts no tail followed its rule
};
// "kept", "met-sla", "saved", "no-gain", "no-capacity", "iteration-limit", "recommended".
std::string_view PlanTerminationName(PlanTermination termination);
absl::StatusOr<PlanTermination> ParsePlanTermination(std::string_view name);

struct PlanSummary {
  PlanTermination termination = PlanTermination::kKept;
  std::string message;
  int iterations = 0;
};

// A class of requests, as a plan over graph classes expects it to fare.
struct PlanClass {
  std::string id;
  double share = 0;
  double attainment = 0;  // expected share of its requests within the SLA
};

// What a policy that plans a probability expects of `Plan::target`.
struct PlanAttainment {
  std::vector<PlanClass> classes;  // in descending share
  double expected = 0;             // share of all requests within the SLA
  double target = 0;               // what is promised
  double continuous_bound = 0;     // containers that no plan under the same models can go below
  // By MicroserviceId: what one container more, or one less, would make of `expected`. Absent where
  // one less does not carry the load.
  std::vector<std::optional<double>> with_one_more;
  std::vector<std::optional<double>> with_one_less;
};

struct Plan {
  bool feasible = true;
  std::optional<Latency> predicted_tail_latency;  // of `target`, corrected by measurement
  Allocation target;
  std::vector<MicroserviceId> binding;  // what keeps the promise out of reach, worst first
  std::vector<PlanStep> steps;
  PlanSummary summary;
  // Of a policy that plans over graph classes.
  std::optional<PlanAttainment> attainment = std::nullopt;
};

}  // namespace trimtab
