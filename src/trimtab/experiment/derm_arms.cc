#include "trimtab/experiment/derm_arms.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "trimtab/experiment/policy_choices.h"
#include "trimtab/scaling/derm/derm_models.h"

namespace trimtab {
namespace {

constexpr Duration kStep = std::chrono::seconds(30);
constexpr double kStartUtilization = 0.5;

}  // namespace

std::string_view DermArmName(DermArm arm) {
  switch (arm) {
    case DermArm::kCorrected:
      return "derm corrected";
    case DermArm::kNetwork:
      return "derm network";
    case DermArm::kPaper:
      return "derm paper";
    case DermArm::kHistory:
      return "derm history";
    case DermArm::kUniform:
      return "uniform percentile";
    case DermArm::kHpa:
      return "hpa 80 %";
    case DermArm::kHpaTuned:
      return "hpa tuned";
    case DermArm::kStatic:
      return "static";
  }
  return "";
}

Allocation SizedFor(const ArmWorld& world, double load, double utilization) {
  const DermProblem problem = ProblemOf(world.scenario, DermModels::Of(world.distributions),
                                        world.history, load, InSeconds(world.scenario.sla.latency));
  const std::vector<double> demand = DemandOf(problem);
  const std::vector<LoadLaw> laws = LawsOf(problem);
  Allocation sized(demand.size());
  for (std::size_t i = 0; i < demand.size(); ++i) {
    const double carried = std::max(utilization * laws[i].limit(), 1e-9);
    const double containers = std::ceil(demand[i] / carried);
    sized[MicroserviceId(i)] = {
        .replicas = static_cast<int>(
            std::clamp(containers, static_cast<double>(problem.microservices[i].fewest),
                       static_cast<double>(problem.microservices[i].most))),
        .container = world.distributions.microservices[i].container};
  }
  return sized;
}

absl::StatusOr<PolicyRunOptions> MakeArm(const ArmWorld& world, DermArm arm) {
  PolicyRunOptions run;
  if (arm == DermArm::kStatic) {
    run = StaticChoice(SizedFor(world, world.static_load, world.tuning.static_utilization));
  } else if (arm == DermArm::kHpa || arm == DermArm::kHpaTuned) {
    TunedHpa hpa = OutOfTheBoxHpa();
    hpa.container = world.distributions.microservices.front().container;
    if (arm == DermArm::kHpaTuned) hpa.target_utilization = world.tuning.hpa_target;
    run = HpaChoice(world.scenario, hpa);
    run.initial = SizedFor(world, world.first_load, kStartUtilization);
  } else {
    const DermFidelity fidelity =
        arm == DermArm::kPaper ? DermFidelity::kPaper : DermFidelity::kCorrected;
    const DermPredictor predictor =
        arm == DermArm::kNetwork ? DermPredictor::kNetwork : DermPredictor::kPersistence;
    auto derm = DermChoice(world.scenario, world.distributions,
                           {.fidelity = fidelity, .step = kStep, .predictor = predictor});
    if (!derm.ok()) return derm.status();
    run = *std::move(derm);
    if (arm == DermArm::kNetwork) run.parts.derm_shares = world.shares;
    run.parts.derm.every_graph = arm == DermArm::kUniform;
    run.initial = SizedFor(world, world.first_load, kStartUtilization);
  }
  run.label = std::string(DermArmName(arm));
  return run;
}

}  // namespace trimtab
