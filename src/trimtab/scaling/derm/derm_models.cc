#include "trimtab/scaling/derm/derm_models.h"

#include <algorithm>
#include <string>

#include "fmt/format.h"

namespace trimtab {
namespace {

// Interference is rounded up to the next level, but not for this little.
constexpr double kLevelTolerance = 0.05;

}  // namespace

DermModels DermModels::Of(const DistributionProfile& profile) {
  DermModels models;
  models.levels = profile.levels;
  for (const ProfiledDistribution& of : profile.microservices) {
    DermMicroserviceModel& model = models.microservices.emplace_back();
    model.container = of.container;
    for (const LatencyLaws& at : of.levels) {
      DermLaws& laws = model.laws.emplace_back();
      laws.rate = {.offset = at.paper.offset_seconds,
                   .slope = at.paper.slope,
                   .intercept = at.paper.intercept,
                   .most_load = at.paper.highest_load};
      for (const CumulantPoint& point : at.cumulants.points()) {
        laws.curve.push_back({.load = point.container_load,
                              .mean = point.cumulants.mean,
                              .variance = point.cumulants.variance,
                              .third = point.cumulants.third});
      }
    }
  }
  return models;
}

double DermModels::Excess(const Interference& interference, std::size_t level) const {
  double excess = 0;
  for (const InterferenceKind kind : kInterferenceKinds) {
    excess = std::max(excess, interference.ValueOr(kind, 0) - levels[level].ValueOr(kind, 0));
  }
  return excess;
}

std::size_t DermModels::LevelFor(const Interference& interference) const {
  for (std::size_t level = 0; level < levels.size(); ++level) {
    if (Excess(interference, level) <= kLevelTolerance) return level;
  }
  return levels.size() - 1;
}

absl::Status DermModels::Check(const Application& application) const {
  if (levels.empty()) return absl::InvalidArgumentError("derm's models have no level");
  if (microservices.size() != application.size()) {
    return absl::InvalidArgumentError(
        fmt::format("derm's models know {} microservices, application '{}' has {}",
                    microservices.size(), application.name(), application.size()));
  }
  for (std::size_t i = 0; i < microservices.size(); ++i) {
    const std::string& name = application.microservice(MicroserviceId(i)).name;
    if (microservices[i].laws.size() != levels.size()) {
      return absl::InvalidArgumentError(fmt::format("derm has {} latency laws of '{}', expected {}",
                                                    microservices[i].laws.size(), name,
                                                    levels.size()));
    }
    for (const DermLaws& laws : microservices[i].laws) {
      for (const absl::Status& status :
           {LoadLaw::Of(laws.rate).status(), LoadLaw::Of(laws.curve).status()}) {
        if (status.ok()) continue;
        return absl::InvalidArgumentError(
            fmt::format("derm's latency law of '{}': {}", name, std::string(status.message())));
      }
    }
  }
  return absl::OkStatus();
}

}  // namespace trimtab
