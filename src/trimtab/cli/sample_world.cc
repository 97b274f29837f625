#include "trimtab/cli/sample_world.h"

#include <string>
#include <utility>
#include <vector>

#include "trimtab/cli/scenarios.h"
#include "trimtab/experiment/policy_choices.h"
#include "trimtab/scenario/scenario.h"
#include "trimtab/simulation/simulated_samples.h"

namespace trimtab {

absl::StatusOr<SampleWorld> MakeSampleWorld(std::string_view name) {
  const auto path = FindScenario(name);
  if (!path.ok()) return path.status();
  auto scenario = LoadScenario(*path);
  if (!scenario.ok()) return scenario.status();
  std::string hash = ClusterHash(scenario->cluster);
  std::vector<ContainerConfig> containers;
  for (const MicroserviceAllocation& of : InitialAllocation(*scenario)) {
    containers.push_back(of.container);
  }
  auto source = SimulatedSamples::Create(std::move(scenario->cluster));
  if (!source.ok()) return source.status();
  return SampleWorld{std::move(scenario->application), std::move(hash), std::move(containers),
                     *std::move(source)};
}

}  // namespace trimtab
