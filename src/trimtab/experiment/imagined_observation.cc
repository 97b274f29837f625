#include "trimtab/experiment/imagined_observation.h"

#include <algorithm>
#include <cstddef>

#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "trimtab/application/ids.h"
#include "trimtab/simulation/simulated_samples.h"

namespace trimtab {

absl::StatusOr<Observation> ImagineObservation(const Scenario& scenario,
                                               const Allocation& allocation,
                                               RequestsPerSecond application_load,
                                               const Interference& interference) {
  const auto source = SimulatedSamples::Create(scenario.cluster);
  if (!source.ok()) return source.status();
  Observation seen;
  seen.window = std::chrono::seconds(60);
  seen.application_load = application_load;
  for (const HostSpec& host : scenario.cluster.hosts) {
    seen.hosts.push_back({.name = host.name,
                          .allocatable_cpu = host.cpu,
                          .allocatable_memory = host.memory,
                          .requested_cpu = {},
                          .requested_memory = {},
                          .interference = interference});
  }
  for (std::size_t i = 0; i < allocation.size(); ++i) {
    const MicroserviceId id(i);
    const MicroserviceAllocation& given = allocation[id];
    const double arrivals = application_load.value() * (*source)->Traits(id).visits_per_request;
    const double load = arrivals / given.replicas;
    const auto demand = (*source)->CpuPerRequest(id, given.container, interference);
    if (!demand.ok()) return demand.status();
    MicroserviceObservation of;
    of.desired = given;
    of.ready = given.replicas;
    of.arrival_rate = RequestsPerSecond(arrivals);
    for (int replica = 0; replica < given.replicas; ++replica) {
      ContainerObservation container;
      container.pod = fmt::format("{}-{}", scenario.application.microservice(id).name, replica);
      container.ready = true;
      container.limits = given.container;
      container.cpu_usage = {.value =
                                 std::min(load * InSeconds(*demand), InCores(given.container.cpu))};
      container.container_load = {.value = RequestsPerSecond(load)};
      container.interference = interference;
      of.containers.push_back(std::move(container));
    }
    seen.microservices.push_back(std::move(of));
  }
  return seen;
}

}  // namespace trimtab
