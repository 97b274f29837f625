#include "trimtab/experiment/imagined_observation.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "trimtab/application/ids.h"
#include "trimtab/callgraph/call_tree.h"
#include "trimtab/callgraph/graph_class.h"
#include "trimtab/simulation/request_graphs.h"
#include "trimtab/simulation/request_process.h"
#include "trimtab/simulation/simulated_samples.h"
#include "trimtab/workload/load_series.h"

namespace trimtab {
namespace {

constexpr std::int64_t kRequests = 20'000;
constexpr SimNanos kWarmUp = SimNanos{20 * 60} * 1'000'000'000;
constexpr std::int64_t kMostWarmUp = 2'000'000;

void AddVisits(const CallTree& tree, double weight, const Application& application,
               std::vector<double>& visits) {
  if (const auto id = application.Find(tree.microservice)) visits[id->value()] += weight;
  for (const TreeStep& step : tree.steps) {
    for (const CallTree& call : step.branches) {
      AddVisits(call, weight * static_cast<double>(call.calls), application, visits);
    }
  }
}

// By microservice, of one request.
std::vector<double> VisitsOf(const std::vector<GraphClassObservation>& graph_classes,
                             const Application& application) {
  std::vector<double> visits(application.size(), 0.0);
  for (const GraphClassObservation& of : graph_classes) {
    AddVisits(of.tree, of.share, application, visits);
  }
  return visits;
}

}  // namespace

std::vector<GraphClassObservation> ImagineGraphClasses(const Scenario& scenario,
                                                       RequestsPerSecond application_load,
                                                       std::uint64_t seed) {
  RequestProcess process(scenario.cluster, StepSeries::Constant(application_load.value()), seed);
  RequestGraphs graphs(scenario.cluster, process, ClassKey::kMultiplicity, seed);
  Request request = process.Next();
  // Without states there is nothing to warm up.
  for (std::int64_t i = 0;
       !scenario.cluster.states.empty() && i < kMostWarmUp && request.time < kWarmUp; ++i) {
    request = process.Next();
  }
  std::map<ClassId, std::int64_t> counts;
  for (std::int64_t i = 0; i < kRequests; ++i, request = process.Next()) {
    ++counts[graphs.ClassOf(request)];
  }
  std::vector<GraphClassObservation> classes;
  for (const auto& [id, count] : counts) {
    classes.push_back({.id = id.ToString(),
                       .tree = Canonical(graphs.FirstOf(id)),
                       .traces = count,
                       .share = static_cast<double>(count) / static_cast<double>(kRequests),
                       .attainment = std::nullopt});
  }
  std::ranges::sort(classes, [](const auto& a, const auto& b) {
    return a.traces != b.traces ? a.traces > b.traces : a.id < b.id;
  });
  return classes;
}

absl::StatusOr<Observation> ImagineObservation(const Scenario& scenario,
                                               const Allocation& allocation,
                                               RequestsPerSecond application_load,
                                               const Interference& interference,
                                               std::vector<GraphClassObservation> graph_classes) {
  const auto source = SimulatedSamples::Create(scenario.cluster);
  if (!source.ok()) return source.status();
  const std::vector<double> visits = VisitsOf(graph_classes, scenario.application);
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
    const double arrivals =
        application_load.value() *
        (graph_classes.empty() ? (*source)->Traits(id).visits_per_request : visits[i]);
    const double load = arrivals / given.replicas;
    const auto demand = (*source)->CpuPerRequest(id, given.container, interference);
    if (!demand.ok()) return demand.status();
    MicroserviceObservation of;
    of.desired = given;
    of.ready = given.replicas;
    of.arrival_rate = RequestsPerSecond(arrivals);
    const bool entered = std::ranges::any_of(graph_classes, [&](const auto& each) {
      return each.tree.microservice == scenario.application.microservice(id).name;
    });
    of.transit = ToLatency(entered ? Duration(0) : 2 * scenario.cluster.network.hop);
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
  seen.graph_classes = std::move(graph_classes);
  return seen;
}

}  // namespace trimtab
