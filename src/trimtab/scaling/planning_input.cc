#include "trimtab/scaling/planning_input.h"

#include <cmath>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "fmt/format.h"

namespace trimtab {

absl::Status CheckPlanningInput(const PlanningInput& input) {
  std::vector<std::string> problems;
  const std::size_t count = input.application.size();
  if (input.observation.microservices.size() != count) {
    problems.push_back(fmt::format("the observation has {} microservices, expected {}",
                                   input.observation.microservices.size(), count));
  }
  if (input.desired.size() != count) {
    problems.push_back(fmt::format("the desired allocation has {} microservices, expected {}",
                                   input.desired.size(), count));
  } else {
    for (std::size_t i = 0; i < count; ++i) {
      const MicroserviceAllocation& each = input.desired[MicroserviceId(i)];
      if (each.replicas < 1 || each.container.cpu <= Millicores(0) ||
          each.container.memory <= Bytes(0)) {
        problems.push_back(fmt::format(
            "microservice '{}' has {} replicas of {}m cpu and {} B, expected all above 0",
            input.application.microservice(MicroserviceId(i)).name, each.replicas,
            each.container.cpu.value(), each.container.memory.value()));
      }
    }
  }
  const double sla = InMilliseconds(input.sla.latency);
  if (!(sla > 0 && std::isfinite(sla))) {
    problems.push_back(fmt::format("the SLA is {} ms, expected above 0", sla));
  }
  if (!(input.tail_correction > 0 && std::isfinite(input.tail_correction))) {
    problems.push_back(
        fmt::format("the tail correction is {}, expected above 0", input.tail_correction));
  }
  if (problems.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(fmt::format(
      "planning for application '{}': {}", input.application.name(), fmt::join(problems, "; ")));
}

}  // namespace trimtab
