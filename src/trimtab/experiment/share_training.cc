#include "trimtab/experiment/share_training.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "fmt/format.h"
#include "trimtab/graphdynamics/class_roster.h"
#include "trimtab/graphdynamics/share_steps.h"
#include "trimtab/neural/parallel_for.h"
#include "trimtab/probability/random_stream.h"
#include "trimtab/simulation/request_graphs.h"
#include "trimtab/simulation/request_process.h"
#include "trimtab/tracing/text_hash.h"
#include "trimtab/workload/workload.h"

namespace trimtab {
namespace {

// Raised when days or training change.
constexpr int kLearningVersion = 2;

using Counts = std::map<std::string, std::uint64_t>;

absl::StatusOr<StepSeries> LoadOfDay(const Scenario& scenario, const ShareTrainingDays& days,
                                     std::size_t day) {
  RandomStream seeds(days.seed, fmt::format("share-training/load/{}", day));
  auto workload = RealizeWorkload(scenario.workload, seeds.NextBits());
  if (!workload.ok()) return workload.status();
  return std::move(workload->load);
}

double RequestsOf(const StepSeries& load, Duration length) {
  double requests = 0;
  for (Duration at{0}; at < length; at += load.step()) {
    requests += load.At(at) * InSeconds(std::min(load.step(), length - at));
  }
  return requests;
}

absl::StatusOr<std::size_t> DaysOf(const Scenario& scenario, const ShareTrainingDays& days) {
  const auto first = LoadOfDay(scenario, days, 0);
  if (!first.ok()) return first.status();
  const double each = std::max(RequestsOf(*first, days.day), 1.0);
  return std::clamp<std::size_t>(static_cast<std::size_t>(days.most_requests / each), 8,
                                 days.most_days);
}

RandomStream RandomOfDay(const ShareTrainingDays& days, std::size_t day) {
  return {days.seed, fmt::format("share-training/day/{}", day)};
}

// The steps of one day that showed a request; one that showed none repeats the one before it.
absl::StatusOr<std::vector<ShareStep>> SeenOn(const Scenario& scenario,
                                              const ShareTrainingDays& days, std::size_t day) {
  auto load = LoadOfDay(scenario, days, day);
  if (!load.ok()) return load.status();
  RandomStream random = RandomOfDay(days, day);
  RequestProcess process(scenario.cluster, *std::move(load), random.NextBits());
  RequestGraphs graphs(scenario.cluster, process, ClassKey::kMultiplicity, random.NextBits());
  std::vector<ShareStep> steps;
  Request request = process.Next();
  for (Duration end = days.step; end <= days.day; end += days.step) {
    std::map<ClassId, double> by_graph;
    absl::flat_hash_map<std::uint32_t, double> by_kind;
    double requests = 0;
    for (; request.time < end.count(); request = process.Next(), ++requests) {
      if (random.Uniform() >= days.span_share) continue;
      by_graph[graphs.ClassOf(request)] += 1;
      by_kind[request.kind] += 1;
    }
    ShareStep step{.load = requests / InSeconds(days.step)};
    for (const auto& [id, count] : by_graph) step.graphs[id.ToString()] = count;
    for (const auto& [kind, count] : by_kind) {
      const std::string& name = process.ArgumentClasses(kind);
      if (!name.empty()) step.arguments[name] += count;
    }
    if (!step.graphs.empty()) {
      steps.push_back(std::move(step));
    } else if (!steps.empty()) {
      steps.push_back(steps.back());
    }
    if (days.stopped && days.stopped()) {
      return absl::CancelledError("stopped while graph shares were simulated");
    }
  }
  return steps;
}

void AddCounts(const ShareMix& mix, Counts& counts) {
  for (const auto& [name, count] : mix) counts[name] += static_cast<std::uint64_t>(count);
}

ShareSeries SeriesOf(const std::vector<std::vector<ShareStep>>& days) {
  Counts arguments;
  Counts graphs;
  for (const auto& day : days) {
    for (const ShareStep& step : day) {
      AddCounts(step.arguments, arguments);
      AddCounts(step.graphs, graphs);
    }
  }
  ShareSeries series;
  series.space.graph_classes = ClassRoster::Create(graphs, {}).names();
  if (!arguments.empty()) {
    series.space.argument_classes =
        ClassRoster::Create(arguments, {.most_classes = 24, .least_share = 0.001}).names();
  }
  for (const auto& day : days) {
    if (day.empty()) continue;
    ShareBlock& block = series.blocks.emplace_back();
    for (const ShareStep& step : day) AppendShareStep(step, series.space, block.rows);
  }
  return series;
}

}  // namespace

ShareTrainingDays TrainingDaysOf(const ExperimentInput& input, double span_share) {
  return {.span_share = span_share,
          .seed = input.seed,
          .threads = input.threads,
          .stopped = input.stopped};
}

bool GraphsMove(const Scenario& scenario) {
  return !scenario.cluster.arguments.empty() || !scenario.cluster.states.empty();
}

absl::StatusOr<std::string> ShareTrainingKey(const Scenario& scenario,
                                             const ShareTrainingDays& days) {
  const auto load = LoadOfDay(scenario, days, 0);
  if (!load.ok()) return load.status();
  std::string text =
      fmt::format("{};{};{};{};{};{};{};{};{};{};", kLearningVersion, ClusterHash(scenario.cluster),
                  days.step.count(), days.span_share, days.day.count(), days.most_days,
                  days.most_requests, days.plain, days.samples_read, days.seed);
  for (const double value : load->values()) text += fmt::format("{},", value);
  return fmt::format("{:016x}", HashText(text));
}

absl::StatusOr<ShareKnowledge> LearnShares(const Scenario& scenario,
                                           const ShareTrainingDays& days) {
  if (!GraphsMove(scenario)) {
    return absl::InvalidArgumentError(
        fmt::format("scenario '{}' has neither arguments nor states: its graph shares do not move",
                    scenario.name));
  }
  const auto count = DaysOf(scenario, days);
  if (!count.ok()) return count.status();
  std::vector<absl::StatusOr<std::vector<ShareStep>>> seen(*count, absl::UnknownError("not run"));
  ParallelFor(*count, days.threads, [&](std::size_t d) { seen[d] = SeenOn(scenario, days, d); });
  std::vector<std::vector<ShareStep>> steps;
  for (auto& day : seen) {
    if (!day.ok()) return day.status();
    steps.push_back(*std::move(day));
  }
  ShareKnowledge knowledge{.model = {}, .history = SeriesOf(steps)};
  auto model = TrainShareNetwork(knowledge.history, {.copying = !days.plain,
                                                     .samples_read = days.samples_read,
                                                     .seed = days.seed,
                                                     .threads = days.threads,
                                                     .level = days.level,
                                                     .stopped = days.stopped});
  if (!model.ok()) return model.status();
  knowledge.model = *std::move(model);
  return knowledge;
}

absl::StatusOr<GraphMix> CountTrainingGraphs(const Scenario& scenario,
                                             const ShareTrainingDays& days) {
  const auto count = DaysOf(scenario, days);
  if (!count.ok()) return count.status();
  std::vector<absl::StatusOr<GraphMix>> counted(*count, absl::UnknownError("not run"));
  ParallelFor(*count, days.threads, [&](std::size_t day) {
    if (days.stopped && days.stopped()) {
      counted[day] = absl::CancelledError("stopped while graphs were counted");
      return;
    }
    auto load = LoadOfDay(scenario, days, day);
    RandomStream random = RandomOfDay(days, day);
    counted[day] = load.ok()
                       ? CountGraphs(scenario, *load, Duration(0), days.day, random.NextBits())
                       : load.status();
  });
  std::vector<GraphMix> mixes;
  for (auto& mix : counted) {
    if (!mix.ok()) return mix.status();
    mixes.push_back(*std::move(mix));
  }
  return Together(mixes);
}

}  // namespace trimtab
