#include "trimtab/profiling/distribution_sweep.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <limits>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "trimtab/latency/distribution_fit.h"
#include "trimtab/neural/parallel_for.h"
#include "trimtab/probability/random_stream.h"
#include "trimtab/profiling/sweep.h"
#include "trimtab/profiling/sweep_plan.h"

namespace trimtab {
namespace {

constexpr double kTail = 0.95;
constexpr double kMostMemoryCapacity = 0.6;
// A first short run finds out whether the thread pool fills up.
constexpr std::int64_t kTrialRequests = 2'000;
constexpr double kNextTrial = 0.7;
constexpr int kMostTrials = 20;
// Of the mean: the least deviation that a law is given.
constexpr double kLeastDeviation = 1e-3;

// One load, divided. Sorted.
struct DividedLoad {
  double container_load = 0;
  std::vector<double> paper;
  std::vector<double> training;
  std::vector<double> test;
};

std::vector<double> SortedPart(std::span<const double> values, std::size_t from, std::size_t to) {
  std::vector<double> part(values.begin() + static_cast<std::ptrdiff_t>(from),
                           values.begin() + static_cast<std::ptrdiff_t>(to));
  std::ranges::sort(part);
  return part;
}

// Latencies that are all alike get the least deviation, by an even spread.
void Spread(std::vector<double>& sorted) {
  const double middle = std::max(sorted[sorted.size() / 2], 1e-9);
  if (sorted.back() - sorted.front() > 2 * kLeastDeviation * middle) return;
  const double step = 2 * std::sqrt(3.0) * kLeastDeviation * middle /
                      static_cast<double>(std::max<std::size_t>(sorted.size() - 1, 1));
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    sorted[i] = middle * (1 - std::sqrt(3.0) * kLeastDeviation) + step * static_cast<double>(i);
  }
}

DividedLoad DivideLoad(const DrawnLoad& drawn, const DistributionSweepOptions& options) {
  const std::size_t count = drawn.seconds.size();
  const auto part = [&](std::size_t of) {
    return std::clamp<std::size_t>(
        static_cast<std::size_t>(std::llround(static_cast<double>(of) * (1 - options.held_out))), 1,
        of);
  };
  const std::size_t training = part(count);
  const auto wanted = static_cast<std::size_t>(options.paper_samples);
  const std::vector<double>& plain =
      drawn.plain_seconds.empty() ? drawn.seconds : drawn.plain_seconds;
  DividedLoad divided{.container_load = drawn.container_load,
                      .paper = SortedPart(plain, 0, part(std::min(wanted, plain.size()))),
                      .training = SortedPart(drawn.seconds, 0, training),
                      .test = SortedPart(drawn.seconds, training < count ? training : 0, count)};
  Spread(divided.paper);
  Spread(divided.training);
  return divided;
}

absl::StatusOr<ConditionalExponential> FitLaw(const std::vector<DividedLoad>& loads,
                                              ExponentialFit fit, const RateLineOptions& line) {
  std::vector<LoadedExponential> fitted;
  for (const DividedLoad& load : loads) {
    const auto law = FitShiftedExponential(
        fit == ExponentialFit::kAuthorsBins ? load.paper : load.training, fit);
    if (!law.ok()) return law.status();
    fitted.push_back({load.container_load, *law});
  }
  return FitConditionalExponential(fitted, line);
}

absl::StatusOr<ConditionalExponential> FitPaperLaw(const std::vector<DividedLoad>& loads) {
  auto free = FitLaw(loads, ExponentialFit::kAuthorsBins, {.constrained = false});
  if (free.ok()) return free;
  return FitLaw(loads, ExponentialFit::kAuthorsBins, {});
}

DistributionQuality QualityOf(const LatencyLaws& laws, const std::vector<DividedLoad>& loads) {
  DistributionQuality quality;
  const auto share = 1 / static_cast<double>(loads.size());
  for (const DividedLoad& load : loads) {
    const double measured = SortedQuantile(load.test, kTail);
    if (!(measured > 0)) continue;
    const auto error = [&](double predicted) { return share * std::abs(predicted / measured - 1); };
    const ShiftedExponential paper = laws.paper.At(load.container_load);
    double ks = 0;
    const auto count = static_cast<double>(load.test.size());
    for (std::size_t i = 0; i < load.test.size(); ++i) {
      const double fitted = paper.Cdf(load.test[i]);
      ks = std::max({ks, std::abs(fitted - static_cast<double>(i) / count),
                     std::abs(fitted - static_cast<double>(i + 1) / count)});
    }
    ++quality.loads;
    quality.samples += std::ssize(load.test);
    quality.paper_ks += share * ks;
    quality.paper_p95_error += error(paper.Quantile(kTail));
    quality.tail_p95_error += error(laws.tail.At(load.container_load).Quantile(kTail));
    quality.cumulants_p95_error += error(QuantileOf(laws.cumulants.At(load.container_load), kTail));
  }
  return quality;
}

// One microservice at one level, on one thread.
class StationSweep {
 public:
  StationSweep(MicroserviceId id, const ContainerConfig& container, const Interference& level,
               std::string_view stream, const SampleSource& source,
               const DistributionSweepOptions& options)
      : setting_{id, container, RequestsPerSecond(0), level},
        seeds_(options.seed, stream),
        source_(source),
        options_(options) {}

  absl::StatusOr<std::vector<DrawnLoad>> Run(const std::atomic<bool>* stop) {
    const auto highest = HighestLoad();
    if (!highest.ok()) return highest.status();
    std::vector<DrawnLoad> loads;
    for (int i = 1; i <= options_.loads; ++i) {
      if (stop != nullptr && *stop) return absl::CancelledError("stopped while measuring");
      setting_.container_load = RequestsPerSecond(*highest * i / options_.loads);
      auto draws = source_.Draw(setting_, options_.samples, seeds_.NextBits());
      if (!draws.ok()) return draws.status();
      loads.push_back({setting_.container_load.value(), std::move(draws->seconds)});
    }
    return loads;
  }

 private:
  // The highest load at which measuring alone is right.
  absl::StatusOr<double> HighestLoad() {
    const StationTraits traits = source_.Traits(setting_.microservice);
    const auto cpu =
        source_.CpuPerRequest(setting_.microservice, setting_.container, setting_.interference);
    if (!cpu.ok()) return cpu.status();
    // A request that takes no CPU at all has no capacity to speak of: a nanosecond stands for it.
    const double seconds = std::max(InSeconds(*cpu), 1e-9);
    double utilization =
        traits.asynchronous ? kMostAsynchronousUtilization : kMostBlockingUtilization;
    for (int trial = 0; trial < kMostTrials; ++trial) {
      const double load = utilization * InCores(setting_.container.cpu) / seconds;
      setting_.container_load = RequestsPerSecond(load);
      const auto draws = source_.Draw(setting_, kTrialRequests, seeds_.NextBits());
      // Under interference the host may have less left than the limit: then the load is too high.
      if (!draws.ok() && !absl::IsInvalidArgument(draws.status())) return draws.status();
      if (draws.ok() && ValidAlone(traits, utilization, draws->pool_full_share)) return load;
      if (!draws.ok()) last_ = draws.status();
      utilization *= kNextTrial;
    }
    if (!last_.ok()) return last_;
    return absl::InvalidArgumentError(fmt::format(
        "its threads are busy at a utilisation of {:.4f} already", utilization / kNextTrial));
  }

  StationSetting setting_;
  RandomStream seeds_;
  const SampleSource& source_;
  const DistributionSweepOptions& options_;
  absl::Status last_;
};

// Tells how much of the work is done, from any thread.
class Counter {
 public:
  Counter(const DistributionSweepRunner& runner, std::size_t total)
      : runner_(runner), total_(static_cast<std::int64_t>(total)) {}

  void Next() {
    const std::lock_guard lock(mutex_);
    if (runner_.progress) runner_.progress(++done_, total_);
  }

 private:
  const DistributionSweepRunner& runner_;
  const std::int64_t total_;
  std::mutex mutex_;
  std::int64_t done_ = 0;
};

// [level][microservice], loads rising.
using TreeLoads = std::vector<std::vector<std::vector<DrawnLoad>>>;

absl::StatusOr<TreeLoads> DrawAllTrees(const Application& application,
                                       std::span<const ContainerConfig> containers,
                                       const std::vector<Interference>& levels,
                                       const SampleSource& source,
                                       const DistributionSweepOptions& options,
                                       const DistributionSweepRunner& runner, Counter& counter) {
  TreeLoads trees(levels.size());
  std::vector<absl::Status> statuses(levels.size());
  ParallelFor(levels.size(), runner.threads, [&](std::size_t level) {
    auto drawn = DrawTreeLoads(application, containers, levels[level], source, options.seed,
                               fmt::format("distributions/trees/{}", level), options.trees,
                               runner.stop, [&counter] { counter.Next(); });
    if (drawn.ok()) {
      trees[level] = *std::move(drawn);
    } else {
      statuses[level] = drawn.status();
    }
  });
  for (const absl::Status& status : statuses) {
    if (!status.ok()) return status;
  }
  return trees;
}

// The loads of whole trees, and of those measured alone the ones outside their range.
std::vector<DrawnLoad> Merge(std::vector<DrawnLoad> alone, std::vector<DrawnLoad> trees) {
  if (trees.empty()) return alone;
  const double lowest = trees.front().container_load;
  const double highest = trees.back().container_load;
  std::vector<DrawnLoad> merged;
  for (DrawnLoad& load : alone) {
    if (load.container_load * kNextLoad < lowest) merged.push_back(std::move(load));
  }
  std::ranges::move(trees, std::back_inserter(merged));
  for (DrawnLoad& load : alone) {
    if (load.container_load > kNextLoad * highest) merged.push_back(std::move(load));
  }
  return merged;
}

}  // namespace

absl::Status DistributionSweepOptions::Validate() const {
  std::string violations;
  const auto check = [&violations](bool ok, std::string_view name, double value,
                                   std::string_view bound) {
    if (ok) return;
    violations +=
        fmt::format("{}{} is {}, expected {}", violations.empty() ? "" : "; ", name, value, bound);
  };
  check(loads >= 3 && loads <= 1000, "loads", loads, "3 to 1000");
  check(samples >= 100 && samples <= 10'000'000, "samples", static_cast<double>(samples),
        "100 to 10000000");
  check(paper_samples >= 100 && paper_samples <= samples, "paper samples",
        static_cast<double>(paper_samples), "100 to samples");
  check(held_out > 0 && held_out < 1, "held out share", held_out, "0 to 1, both excluded");
  for (std::size_t i = 0; i < trees.utilizations.size(); ++i) {
    check(trees.utilizations[i] > 0 && trees.utilizations[i] < 1 &&
              (i == 0 || trees.utilizations[i] > trees.utilizations[i - 1]),
          fmt::format("utilisation {}", i), trees.utilizations[i],
          "0 to 1, both excluded, above the one before");
  }
  check(trees.requests >= 100 && trees.requests <= 10'000'000, "tree requests",
        static_cast<double>(trees.requests), "100 to 10000000");
  check(trees.samples >= 100 && trees.samples <= 10'000'000, "tree samples",
        static_cast<double>(trees.samples), "100 to 10000000");
  check(!levels.empty() && levels.size() <= 100, "number of levels",
        static_cast<double>(levels.size()), "1 to 100");
  for (std::size_t i = 0; i < levels.size(); ++i) {
    check(levels[i] >= 0 && levels[i] <= 0.9 && (i == 0 || levels[i] > levels[i - 1]),
          fmt::format("level {}", i), levels[i], "0 to 0.9, above the one before");
  }
  return violations.empty() ? absl::OkStatus() : absl::InvalidArgumentError(violations);
}

Interference InterferenceLevel(double share) {
  Interference level;
  for (const InterferenceKind kind : kInterferenceKinds) {
    const bool capacity = kind == InterferenceKind::kMemoryCapacity;
    level.Set(kind, Ratio(capacity ? std::min(share, kMostMemoryCapacity) : share));
  }
  return level;
}

absl::StatusOr<std::vector<DrawnLoad>> DrawLoads(const SampleSource& source,
                                                 MicroserviceId microservice,
                                                 const ContainerConfig& container,
                                                 const Interference& level, std::string_view stream,
                                                 const DistributionSweepOptions& options,
                                                 const std::atomic<bool>* stop) {
  return StationSweep(microservice, container, level, stream, source, options).Run(stop);
}

absl::StatusOr<LatencyLaws> FitLaws(std::span<const DrawnLoad> loads,
                                    const DistributionSweepOptions& options) {
  std::vector<DividedLoad> divided;
  std::vector<CumulantPoint> points;
  for (const DrawnLoad& load : loads) {
    if (load.seconds.size() < 4) {
      return absl::InvalidArgumentError(
          fmt::format("{} latencies at {} calls/s, expected 4 or more", load.seconds.size(),
                      load.container_load));
    }
    divided.push_back(DivideLoad(load, options));
    points.push_back({load.container_load, CumulantsOf(divided.back().training)});
  }
  const auto paper = FitPaperLaw(divided);
  if (!paper.ok()) return paper.status();
  const auto moments = FitLaw(divided, ExponentialFit::kMoments, {});
  if (!moments.ok()) return moments.status();
  const auto tail = FitLaw(divided, ExponentialFit::kTail, {});
  if (!tail.ok()) return tail.status();
  auto curve = CumulantCurve::Fit(std::move(points));
  if (!curve.ok()) return curve.status();
  LatencyLaws laws{*paper, *moments, *tail, *std::move(curve), {}};
  laws.quality = QualityOf(laws, divided);
  return laws;
}

absl::StatusOr<DistributionProfile> MeasureDistributions(
    const Application& application, const std::string& scenario_hash,
    std::span<const ContainerConfig> containers, const SampleSource& source,
    const DistributionSweepOptions& options, const DistributionSweepRunner& runner) {
  if (absl::Status status = options.Validate(); !status.ok()) return status;
  if (containers.size() != application.size()) {
    return absl::InvalidArgumentError(
        fmt::format("{} containers for {} microservices", containers.size(), application.size()));
  }
  DistributionProfile profile{.application = application.name(),
                              .scenario_hash = scenario_hash,
                              .sample_seed = options.seed,
                              .levels = {},
                              .microservices = {}};
  for (const double share : options.levels) profile.levels.push_back(InterferenceLevel(share));
  for (std::size_t m = 0; m < application.size(); ++m) {
    profile.microservices.push_back(
        {application.microservice(MicroserviceId(m)).name, containers[m], {}});
  }
  Counter counter(runner,
                  application.size() + profile.levels.size() * options.trees.utilizations.size());
  auto trees =
      DrawAllTrees(application, containers, profile.levels, source, options, runner, counter);
  if (!trees.ok()) return trees.status();
  std::vector<absl::Status> statuses(application.size());
  ParallelFor(application.size(), runner.threads, [&](std::size_t m) {
    ProfiledDistribution& of = profile.microservices[m];
    for (std::size_t level = 0; level < profile.levels.size() && statuses[m].ok(); ++level) {
      auto loads =
          DrawLoads(source, MicroserviceId(m), of.container, profile.levels[level],
                    fmt::format("distributions/{}/{}", of.name, level), options, runner.stop);
      if (loads.ok()) *loads = Merge(*std::move(loads), std::move((*trees)[level][m]));
      auto laws = loads.ok() ? FitLaws(*loads, options) : loads.status();
      if (laws.ok()) {
        of.levels.push_back(*std::move(laws));
      } else {
        statuses[m] = laws.status();
      }
    }
    counter.Next();
  });
  for (std::size_t m = 0; m < statuses.size(); ++m) {
    if (statuses[m].ok()) continue;
    return absl::Status(statuses[m].code(),
                        fmt::format("distributions of '{}': {}", profile.microservices[m].name,
                                    std::string(statuses[m].message())));
  }
  return profile;
}

}  // namespace trimtab
