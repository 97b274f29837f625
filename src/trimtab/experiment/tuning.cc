#include "trimtab/experiment/tuning.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "trimtab/experiment/comparison.h"
#include "trimtab/experiment/policy_choices.h"
#include "trimtab/experiment/run_record.h"
#include "trimtab/experiment/static_search.h"
#include "trimtab/experiment/tuned_options.h"
#include "trimtab/profile/atomic_file.h"

namespace trimtab {
namespace {

constexpr std::size_t kFinalists = 3;
constexpr std::uint64_t kFurtherSeeds = 2;

// Lower is better: units where the goal is kept with a fifth to spare, else the violations first.
double Loss(const RunSummary& summary) {
  const double spare = 0.8 * kGoalViolationShare;
  const double excess = std::max(0.0, summary.sla_violation_share - spare);
  return summary.mean_resource_units.total() + (excess > 0 ? 1000 + excess * 1e5 : 0);
}

// The HPA can choose neither CPU nor memory of a container: both are tuned with its target.
std::vector<TunedHpa> HpaCandidates() {
  std::vector<TunedHpa> candidates;
  const auto add = [&](int cpu, int mebibytes, double target) {
    candidates.push_back({.target_utilization = target,
                          .container = {.cpu = Millicores(cpu), .memory = Mebibytes(mebibytes)}});
  };
  for (const double target : {50.0, 60.0, 70.0}) {
    add(300, 200, target);
    add(500, 200, target);
    add(500, 350, target);
    add(1000, 200, target);
  }
  add(500, 500, 60);
  add(1000, 350, 60);
  return candidates;
}

std::vector<TunedGrad> GradCandidates() {
  std::vector<TunedGrad> candidates;
  for (const double utilization : {0.6, 0.7, 0.8}) {
    for (const double horizon : {4.0, 10.0}) {
      for (const double confidence : {0.7, 0.9}) {
        candidates.push_back({confidence, utilization, horizon});
      }
    }
  }
  candidates.push_back({0.95, 0.6, 10.0});
  candidates.push_back({0.95, 0.7, 10.0});
  return candidates;
}

absl::StatusOr<std::vector<PolicyRunOptions>> RunsOf(const ExperimentInput& input,
                                                     const std::vector<TunedHpa>& hpa,
                                                     const std::vector<TunedGrad>& grad) {
  std::vector<PolicyRunOptions> runs;
  for (const TunedHpa& candidate : hpa) {
    runs.push_back(HpaChoice(input.scenario, candidate));
    runs.back().label =
        fmt::format("hpa {:.0f} % of {}m {:.0f}Mi", candidate.target_utilization,
                    candidate.container.cpu.value(), InMebibytes(candidate.container.memory));
  }
  for (const TunedGrad& candidate : grad) {
    auto run = GradChoice(input.scenario, *input.profile, GradFidelity::kCorrected, candidate);
    if (!run.ok()) return run.status();
    run->label = fmt::format("grad {} of demand {} min, {}", candidate.most_utilization,
                             candidate.horizon_minutes, candidate.confidence);
    runs.push_back(*std::move(run));
  }
  return runs;
}

absl::StatusOr<std::vector<RunRecord>> RunOnSeed(const ExperimentInput& input, std::uint64_t seed,
                                                 std::vector<PolicyRunOptions> runs) {
  ExperimentInput seeded = input;
  seeded.seed = seed;
  const int minutes = input.minutes.value_or(kComparisonMinutes);
  const auto workload = WorkloadOf(seeded, minutes);
  if (!workload.ok()) return workload.status();
  for (PolicyRunOptions& run : runs) {
    run.minutes = minutes;
    run.seed = seed;
  }
  return RunPolicies(seeded, *workload, std::move(runs), /*keep=*/false);
}

// The `kFinalists` best of `runs` from `first` on, as indices, best first.
std::vector<std::size_t> BestOf(const std::vector<RunRecord>& runs, std::size_t first,
                                std::size_t count) {
  std::vector<std::size_t> order(count);
  for (std::size_t i = 0; i < count; ++i) order[i] = first + i;
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return Loss(runs[a].summary) < Loss(runs[b].summary);
  });
  order.resize(std::min(count, kFinalists));
  return order;
}

struct Choice {
  std::size_t hpa = 0;
  std::size_t grad = 0;
};

// Runs the finalists on the further seeds; adds the tables of both rounds to `result`.
absl::StatusOr<Choice> Choose(const ExperimentInput& input, const std::vector<TunedHpa>& hpa,
                              const std::vector<TunedGrad>& grad, ExperimentResult& result) {
  const auto runs = RunsOf(input, hpa, grad);
  if (!runs.ok()) return runs.status();
  const auto first = RunOnSeed(input, input.seed, *runs);
  if (!first.ok()) return first.status();
  result.tables.push_back(SummaryTable(*first));
  result.tables.back().title = fmt::format("first round, seed {}", input.seed);

  std::vector<std::size_t> finalists = BestOf(*first, 0, hpa.size());
  const std::size_t hpa_finalists = finalists.size();
  for (const std::size_t i : BestOf(*first, hpa.size(), grad.size())) finalists.push_back(i);
  std::vector<std::vector<RunRecord>> by_finalist;
  for (const std::size_t i : finalists) by_finalist.push_back({(*first)[i]});
  for (std::uint64_t further = 1; further <= kFurtherSeeds; ++further) {
    std::vector<PolicyRunOptions> again;
    for (const std::size_t i : finalists) again.push_back((*runs)[i]);
    auto records = RunOnSeed(input, input.seed + further, std::move(again));
    if (!records.ok()) return records.status();
    for (std::size_t f = 0; f < finalists.size(); ++f) {
      by_finalist[f].push_back(std::move((*records)[f]));
    }
  }
  std::vector<RunRecord> means;
  for (const std::vector<RunRecord>& seeds : by_finalist) means.push_back(MeanOf(seeds));
  result.tables.push_back(SummaryTable(means));
  result.tables.back().title =
      fmt::format("finalists, means of seeds {} to {}; changes and reversions in all", input.seed,
                  input.seed + kFurtherSeeds);
  const std::size_t best_hpa = BestOf(means, 0, hpa_finalists).front();
  const std::size_t best_grad = BestOf(means, hpa_finalists, means.size() - hpa_finalists).front();
  return Choice{.hpa = finalists[best_hpa], .grad = finalists[best_grad] - hpa.size()};
}

}  // namespace

absl::StatusOr<ExperimentResult> RunTune(const ExperimentInput& input) {
  const int minutes = input.minutes.value_or(kComparisonMinutes);
  const auto workload = WorkloadOf(input, minutes);
  if (!workload.ok()) return workload.status();
  const auto bar = input.progress.Start(
      "search static", static_cast<std::int64_t>(input.scenario.application.size()) * 18);
  const auto found = SearchStatic(input.scenario, WorstOf(*workload, std::chrono::minutes(minutes)),
                                  {.seed = input.seed, .progress = bar, .stopped = input.stopped});
  if (!found.ok()) return found.status();
  const std::vector<TunedHpa> hpa = HpaCandidates();
  const std::vector<TunedGrad> grad = GradCandidates();
  ExperimentResult result;
  const auto choice = Choose(input, hpa, grad, result);
  if (!choice.ok()) return choice.status();

  TunedOptions tuned;
  tuned.scenario_hash = ClusterHash(input.scenario.cluster);
  tuned.command = fmt::format("trimtab experiment run tune --scenario {} --seed {}",
                              input.scenario.name, input.seed);
  tuned.seed = input.seed;
  tuned.static_allocation = found->allocation;
  tuned.hpa = hpa[choice->hpa];
  tuned.grad = grad[choice->grad];
  const std::string path = TunedPathOf(input.scenario_path);
  if (auto s = ReplaceFile(path, TunedToJson(tuned, input.scenario.application)); !s.ok()) {
    return s;
  }
  result.verdicts.push_back(
      fmt::format("static: {:.1f} units after {} trials, P95 {:.0f} ms at the worst",
                  UnitsOf(found->allocation).total(), found->trials, found->tail.count()));
  result.verdicts.push_back(fmt::format("wrote '{}'", path));
  return result;
}

}  // namespace trimtab
