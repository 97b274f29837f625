// The call programs of a scenario, flattened into one array of steps.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "trimtab/simulation/event_queue.h"
#include "trimtab/simulation/request_rules.h"
#include "trimtab/simulation/sampler.h"
#include "trimtab/simulation/scenario.h"

namespace trimtab {

enum class StepKind : std::uint8_t {
  kCpu,     // sampler a
  kWait,    // sampler a
  kCall,    // targets [a, a + b) at once
  kBranch,  // goes on with probability branches[a], else jumps to step b
  kWhen,    // goes on when condition a of the request holds, else jumps to step b
  kRepeat,  // sets the frame's repeats to count a of the request; if 0, jumps to step b
  kAgain,   // jumps to step b as long as repeats are left
  kJump,    // to step b
  kEnd,
};

struct Step {
  StepKind kind = StepKind::kEnd;
  std::uint32_t a = 0;
  std::uint32_t b = 0;
};

inline constexpr std::uint32_t kNoTimeout = 0xFFFFFFFF;

struct CompiledTarget {
  std::uint32_t endpoint = 0;
  std::uint32_t timeout_class = kNoTimeout;
};

struct CompiledEndpoint {
  std::uint32_t microservice = 0;
  std::uint32_t first_step = 0;
  double transfer_nanos = 0;
  double network_bytes = 0;
  std::string name;
};

// Immutable after Compile(): one for all clusters of a scenario. Conditions and counts of a request
// are those of RequestRules::Of() the scenario.
struct CompiledPrograms {
  std::vector<Step> steps;
  std::vector<Sampler> samplers;
  std::vector<double> branches;  // probabilities
  std::vector<CompiledTarget> targets;
  std::vector<SimNanos> timeouts;  // by class: each distinct duration
  // Those of the scenario in its order, then one a microservice: its start-up.
  std::vector<CompiledEndpoint> endpoints;
  std::vector<CompiledTarget> entries;  // by entry of the scenario
  std::uint32_t first_start_up = 0;     // endpoint of microservice 0's start-up

  // REQUIRES: a scenario that Validate() accepts.
  static CompiledPrograms Compile(const ClusterScenario& scenario);
};

}  // namespace trimtab
