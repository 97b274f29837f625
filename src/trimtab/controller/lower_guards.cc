#include "trimtab/controller/lower_guards.h"

#include <algorithm>

namespace trimtab {
namespace {

double ThrottledShare(const MicroserviceObservation& microservice) {
  double worst = 0;
  bool is_known = false;
  bool is_unknown = false;
  for (const ContainerObservation& container : microservice.containers) {
    if (!container.ready || container.warming_up) continue;
    if (container.throttled) {
      is_known = true;
      worst = std::max(worst, container.throttled->value.value());
    } else {
      is_unknown = true;
    }
  }
  return is_known && is_unknown ? 1 : worst;
}

}  // namespace

std::vector<LowerGuards> LowerGuardsOf(const Observation& observation) {
  std::vector<LowerGuards> guards;
  for (const MicroserviceObservation& microservice : observation.microservices) {
    guards.push_back(
        {.throttled = ThrottledShare(microservice), .memory_peak = microservice.memory_peak});
  }
  return guards;
}

bool SomethingWarmsUp(const Observation& observation) {
  return std::ranges::any_of(observation.microservices, &MicroserviceObservation::WarmsUp);
}

}  // namespace trimtab
