// The policies that Derm is compared with, each from the same start and with the same information.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "trimtab/application/allocation.h"
#include "trimtab/experiment/graph_mix.h"
#include "trimtab/experiment/policy_run.h"
#include "trimtab/graphdynamics/share_learner.h"
#include "trimtab/profile/distribution_profile.h"
#include "trimtab/scenario/scenario.h"

namespace trimtab {

enum class DermArm : std::uint8_t {
  kCorrected,  // Derm as it is shipped: persistence foresees the graph shares
  kNetwork,    // `corrected` with the network, trained before the run and in it
  kPaper,      // Derm as published, shares by persistence
  kHistory,    // `corrected` with the graph shares of the whole training history (figure 18)
  kUniform,    // `corrected` with every graph at the promise: same laws, forecast, solver, rounding
  kHpa,        // the Kubernetes HPA at 80 %
  kHpaTuned,
  kStatic,
};
// "derm corrected", "derm network", "derm paper", "derm history", "uniform percentile", "hpa 80 %",
// "hpa tuned", "static".
std::string_view DermArmName(DermArm arm);

// What a tuning chooses for the baselines. Derm itself is not tuned.
struct ArmTuning {
  double hpa_target = 80;           // per cent
  double static_utilization = 0.5;  // of the most that a container was seen to carry
};

struct ArmWorld {
  const Scenario& scenario;  // with the SLA that is judged
  const DistributionProfile& distributions;
  const GraphMix& history;  // of a training run, on another seed
  double first_load = 0;    // requests/s that every arm starts sized for
  double static_load = 0;   // requests/s that the static size is made for
  ArmTuning tuning;
  // What the network knows before the run; absent: nothing.
  std::shared_ptr<const ShareKnowledge> shares = nullptr;
};

// Containers under which each carries `utilization` of the most its microservice was profiled at.
Allocation SizedFor(const ArmWorld& world, double load, double utilization);

// The arm, starting with SizedFor(first_load, 0.5). Fails as DermChoice().
absl::StatusOr<PolicyRunOptions> MakeArm(const ArmWorld& world, DermArm arm);

}  // namespace trimtab
