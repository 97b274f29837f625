#include "trimtab/experiment/graph_mix.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "trimtab/callgraph/class_clusters.h"
#include "trimtab/callgraph/graph_class.h"
#include "trimtab/scaling/derm/derm_graphs.h"
#include "trimtab/scaling/derm/derm_options.h"
#include "trimtab/scaling/derm/rare_graphs.h"
#include "trimtab/simulation/request_graphs.h"
#include "trimtab/simulation/request_process.h"

namespace trimtab {
namespace {

void SortClasses(GraphMix& mix) {
  std::ranges::sort(mix.classes, [](const GraphMix::Class& a, const GraphMix::Class& b) {
    return std::tuple(-a.share, a.id) < std::tuple(-b.share, b.id);
  });
}

}  // namespace

absl::StatusOr<GraphMix> CountGraphs(const Scenario& scenario, const StepSeries& load,
                                     Duration from, Duration to, std::uint64_t seed) {
  RequestProcess process(scenario.cluster, load, seed);
  RequestGraphs graphs(scenario.cluster, process, ClassKey::kMultiplicity, seed);
  std::map<ClassId, GraphMix::Class> seen;  // `share` counts the requests
  GraphMix mix;
  for (Request request = process.Next(); request.time < to.count(); request = process.Next()) {
    if (request.time < from.count()) continue;
    const ClassId id = graphs.ClassOf(request);
    GraphMix::Class& of = seen[id];
    if (of.share == 0) of.tree = graphs.FirstOf(id);
    of.share += 1;
    mix.requests += 1;
  }
  if (mix.requests == 0) {
    return absl::InvalidArgumentError(
        fmt::format("no request of '{}' arrives from {:.0f} s to {:.0f} s", scenario.name,
                    InSeconds(from), InSeconds(to)));
  }
  for (auto& [id, of] : seen) {
    of.id = id.ToString();
    of.share /= mix.requests;
    of.calls = static_cast<double>(TotalCalls(of.tree));
    mix.mean_calls += of.share * of.calls;
    mix.classes.push_back(std::move(of));
  }
  SortClasses(mix);
  return mix;
}

GraphMix Together(std::span<const GraphMix> mixes) {
  GraphMix all;
  for (const GraphMix& mix : mixes) all.requests += mix.requests;
  std::map<std::string, GraphMix::Class> classes;
  for (const GraphMix& mix : mixes) {
    const double weight = mix.requests / all.requests;
    all.mean_calls += weight * mix.mean_calls;
    for (const GraphMix::Class& of : mix.classes) {
      const auto [at, is_new] = classes.emplace(of.id, of);
      if (is_new) at->second.share = 0;
      at->second.share += weight * of.share;
    }
  }
  for (auto& [id, of] : classes) all.classes.push_back(std::move(of));
  SortClasses(all);
  return all;
}

DermProblem ProblemOf(const Scenario& scenario, const DermModels& models, const GraphMix& mix,
                      double application_load, double sla_seconds) {
  DermProblem problem;
  problem.application_load = application_load;
  problem.sla = sla_seconds;
  problem.target = scenario.sla.quantile.level();
  const Application& application = scenario.application;
  for (std::size_t i = 0; i < application.size(); ++i) {
    const Microservice& of = application.microservice(MicroserviceId(i));
    problem.microservices.push_back({.name = of.name,
                                     .law = models.microservices[i].laws.front().curve,
                                     .fewest = of.bounds.fewest_replicas,
                                     .most = of.bounds.most_replicas});
  }
  std::vector<std::string> unknown;
  std::vector<CandidateGraph> candidates;
  for (const GraphMix::Class& of : mix.classes) {
    candidates.push_back(
        {.graph = {.id = of.id, .share = of.share, .tree = GraphOf(of.tree, application, unknown)},
         .calls = CountCalls(of.tree)});
  }
  AddClusteredGraphs(std::move(candidates), DermOptions{}.most_graphs, problem);
  return problem;
}

absl::StatusOr<MixPlan> PlanFor(const DermProblem& problem) {
  auto solution = SolveDerm(problem);
  if (!solution.ok()) return solution.status();
  DermCounts counts = RoundDerm(problem, *solution);
  return MixPlan{.solution = *std::move(solution), .counts = std::move(counts)};
}

}  // namespace trimtab
