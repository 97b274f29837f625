#include "trimtab/profiling/distribution_evaluation.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "fmt/format.h"
#include "trimtab/latency/accuracy.h"
#include "trimtab/latency/distribution_fit.h"

namespace trimtab {
namespace {

std::vector<double> Sorted(const std::vector<double>& values,
                           std::span<const std::size_t> indices) {
  std::vector<double> sorted;
  sorted.reserve(indices.size());
  for (const std::size_t index : indices) sorted.push_back(values[index]);
  std::ranges::sort(sorted);
  return sorted;
}

// Why the latencies of a load cannot be judged; empty when they can.
std::string Problem(const LatenciesAtLoad& at, std::int64_t fewest) {
  if (std::ssize(at.seconds) < fewest) {
    return fmt::format("{} samples at a load, at least {} are needed", at.seconds.size(), fewest);
  }
  std::vector<double> sorted = at.seconds;
  std::ranges::sort(sorted);
  if (absl::Status status = ValidateLatencies(sorted); !status.ok()) {
    return std::string(status.message());
  }
  if (!(SortedQuantile(sorted, 0.95) > 0)) return "the P95 is 0";
  return "";
}

std::vector<FamilyAccuracy> JudgeFamilies(const std::vector<const LatenciesAtLoad*>& loads,
                                          const DistributionEvaluationOptions& options) {
  std::vector<FamilyAccuracy> families;
  for (const LatencyFamily family : kLatencyFamilies) {
    FamilyAccuracy accuracy{.family = family};
    double judged = 0;
    for (const LatenciesAtLoad* at : loads) {
      const SampleSplit split = SplitSamples(at->seconds.size(), options.held_out, options.seed);
      const std::vector<double> test = Sorted(at->seconds, split.test);
      const auto fitted = FitLatencyFamily(family, Sorted(at->seconds, split.training));
      if (!fitted.ok() || test.empty() || !(SortedQuantile(test, 0.95) > 0)) continue;
      const GoodnessOfFit goodness = GoodnessOf(*fitted, test);
      accuracy.ks += goodness.ks;
      accuracy.p95_error += std::abs(goodness.p95_error);
      judged += 1;
    }
    if (judged > 0) {
      accuracy.ks /= judged;
      accuracy.p95_error /= judged;
      families.push_back(accuracy);
    }
  }
  return families;
}

std::vector<LoadModelAccuracy> JudgeLoadModels(const std::vector<const LatenciesAtLoad*>& loads) {
  std::vector<std::vector<double>> sorted;
  for (const LatenciesAtLoad* at : loads) {
    sorted.push_back(at->seconds);
    std::ranges::sort(sorted.back());
  }
  std::vector<LoadLevel> levels;
  for (std::size_t i = 0; i < loads.size(); ++i) {
    // Two loads of the application may be one of this microservice.
    if (!levels.empty() && loads[i]->container_load <= levels.back().container_load) continue;
    levels.push_back({loads[i]->container_load, sorted[i]});
  }
  auto judged = EvaluateLoadModels(levels);
  return judged.ok() ? *std::move(judged) : std::vector<LoadModelAccuracy>();
}

}  // namespace

DistributionEvaluation EvaluateDistributions(const LoadedLatencies& latencies,
                                             const DistributionEvaluationOptions& options) {
  DistributionEvaluation evaluation;
  for (const LoadedLatencies::OfMicroservice& of : latencies.microservices) {
    std::vector<const LatenciesAtLoad*> usable;
    std::string problem;
    std::int64_t samples = 0;
    for (const LatenciesAtLoad& at : of.loads) {
      if (const std::string found = Problem(at, options.fewest_samples); !found.empty()) {
        problem = found;
        continue;
      }
      samples += std::ssize(at.seconds);
      usable.push_back(&at);
    }
    if (usable.empty()) {
      evaluation.left_out.push_back({of.name, problem});
      continue;
    }
    evaluation.microservices.push_back({.name = of.name,
                                        .samples = samples,
                                        .loads = std::ssize(usable),
                                        .families = JudgeFamilies(usable, options),
                                        .over_load = JudgeLoadModels(usable)});
  }
  return evaluation;
}

}  // namespace trimtab
