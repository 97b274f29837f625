// The world that samples are measured in: the simulated cluster of a scenario.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "trimtab/application/allocation.h"
#include "trimtab/application/application.h"
#include "trimtab/profiling/sample_source.h"

namespace trimtab {

struct SampleWorld {
  Application application;
  std::string hash;                                 // of what a profile is valid for
  std::vector<ContainerConfig> initial_containers;  // by MicroserviceId
  std::unique_ptr<SampleSource> source;
};

// `name` as FindScenario() takes it. Fails as that, LoadScenario() and the source do.
absl::StatusOr<SampleWorld> MakeSampleWorld(std::string_view name);

}  // namespace trimtab
