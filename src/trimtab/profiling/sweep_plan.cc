#include "trimtab/profiling/sweep_plan.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <map>
#include <span>
#include <string>
#include <tuple>
#include <utility>

#include "fmt/format.h"
#include "trimtab/probability/random_stream.h"
#include "trimtab/profiling/interference_design.h"

namespace trimtab {
namespace {

std::int64_t EvenStep(std::int64_t smallest, std::int64_t largest, int index, int count) {
  return smallest + (largest - smallest) * index / (count - 1);
}

// What decides whether two settings of one microservice are the same.
using SettingKey = std::tuple<std::int64_t, std::int64_t, double, std::array<double, 4>>;
SettingKey KeyOf(const StationSetting& setting) {
  std::array<double, 4> interference{};
  for (std::size_t i = 0; i < kInterferenceKinds.size(); ++i) {
    interference[i] = setting.interference.ValueOr(kInterferenceKinds[i], -1.0);
  }
  return {setting.container.cpu.value(), setting.container.memory.value(),
          setting.container_load.value(), interference};
}

// Collects the settings of one microservice into jobs.
class StationPlanner {
 public:
  StationPlanner(const Application& application, const SampleSource& source,
                 const SweepOptions& options, MicroserviceId microservice)
      : bounds_(application.microservice(microservice).bounds),
        source_(source),
        options_(options),
        microservice_(microservice) {}

  // The jobs that the memory settings make of one CPU setting, utilisation and set of
  // interferences, in order of first appearance. Refused settings are counted.
  absl::StatusOr<std::vector<StationJob>> Jobs(int cpu, double utilization,
                                               std::span<const Interference> interferences) {
    std::vector<StationJob> jobs;
    std::map<SettingKey, std::size_t> known;
    for (const Interference& interference : interferences) {
      for (int memory = 0; memory < options_.memory_settings; ++memory) {
        const ContainerConfig container = ContainerSetting(bounds_, options_, cpu, memory);
        const auto cpu_time = source_.CpuPerRequest(microservice_, container, interference);
        if (absl::IsInvalidArgument(cpu_time.status())) {
          ++refused_;
          continue;
        }
        if (!cpu_time.ok()) return cpu_time.status();
        const double load = utilization * InCores(container.cpu) / InSeconds(*cpu_time);
        const StationEquivalent same = source_.Equivalent(
            {microservice_, container, RequestsPerSecond(ToMillionths(load)), interference});
        const auto [entry, is_new] = known.emplace(KeyOf(same.representative), jobs.size());
        if (is_new) jobs.push_back({.representative = same.representative});
        jobs[entry->second].members.push_back({container, interference, same.shift});
      }
    }
    return jobs;
  }

  double HighestValidAlone() const {
    return source_.Traits(microservice_).asynchronous ? kMostAsynchronousUtilization
                                                      : kMostBlockingUtilization;
  }
  std::int64_t refused() const { return refused_; }

 private:
  const ScalingBounds& bounds_;
  const SampleSource& source_;
  const SweepOptions& options_;
  MicroserviceId microservice_;
  std::int64_t refused_ = 0;
};

absl::Status AddFullGrid(StationPlanner& planner, const SweepOptions& options,
                         const InterferenceDesign& design, RandomStream& random,
                         std::vector<StationJob>& jobs) {
  const double step = (options.highest_utilization - options.lowest_utilization) /
                      static_cast<double>(options.load_settings - 1);
  for (int cpu = 0; cpu < options.cpu_settings; ++cpu) {
    for (int load = 0; load <= options.load_settings; ++load) {
      const double utilization =
          load == 0 ? options.idle_utilization : options.lowest_utilization + step * (load - 1);
      const auto cell = static_cast<std::size_t>(cpu * (options.load_settings + 1) + load);
      const auto states =
          design.ForCell(cell, static_cast<std::size_t>(options.interference_settings));
      auto added = planner.Jobs(cpu, utilization, states);
      if (!added.ok()) return added.status();
      std::ranges::move(*added, std::back_inserter(jobs));
    }
  }
  for (std::size_t i = jobs.size(); i > 1; --i) std::swap(jobs[i - 1], jobs[random.Below(i)]);
  return absl::OkStatus();
}

// The additive recurrence of Roberts: multiples of 1/g, 1/g^2, ... with g^5 = g + 1, whose points
// fill four dimensions evenly whatever their number.
class FourDimensionalSequence {
 public:
  explicit FourDimensionalSequence(RandomStream& random) {
    for (double& start : start_) start = random.Uniform();
  }
  std::array<double, 4> At(std::int64_t n) const {
    constexpr double kGeneralizedGolden = 1.1673039782614187;
    std::array<double, 4> point{};
    double step = 1;
    for (std::size_t d = 0; d < point.size(); ++d) {
      step /= kGeneralizedGolden;
      const double value = start_[d] + step * static_cast<double>(n);
      point[d] = value - std::floor(value);
    }
    return point;
  }

 private:
  std::array<double, 4> start_{};
};

// The utilisation at `position` in [0, 1): idle with the share that it has of a grid's loads.
double UtilizationAt(double position, const SweepOptions& options, double highest) {
  const double level = position * (options.load_settings + 1) - 1;
  if (level < 0) return options.idle_utilization;
  return options.lowest_utilization +
         level / options.load_settings * (highest - options.lowest_utilization);
}

absl::Status AddThinned(StationPlanner& planner, const SweepOptions& options,
                        const InterferenceDesign& design, std::int64_t count, RandomStream& random,
                        std::vector<StationJob>& jobs) {
  const FourDimensionalSequence sequence(random);
  // Few as they are, none is spent where measuring alone is known not to be valid.
  const double highest =
      std::max(std::min(options.highest_utilization, planner.HighestValidAlone()),
               options.lowest_utilization);
  // Points whose memory settings are all refused leave no job; so many in a row mean that none is
  // left anywhere.
  const std::int64_t most_points = 20 * count + 100;
  const std::size_t wanted = jobs.size() + static_cast<std::size_t>(count);
  for (std::int64_t n = 0; n < most_points && jobs.size() < wanted; ++n) {
    const auto point = sequence.At(n);
    const int cpu =
        std::min(static_cast<int>(point[0] * options.cpu_settings), options.cpu_settings - 1);
    const double utilization = UtilizationAt(point[1], options, highest);
    const Interference& interference =
        design.At(point[2], static_cast<std::size_t>(options.interference_settings));
    auto different = planner.Jobs(cpu, utilization, {&interference, 1});
    if (!different.ok()) return different.status();
    if (different->empty()) continue;
    const auto pick = static_cast<std::size_t>(point[3] * static_cast<double>(different->size()));
    jobs.push_back(std::move((*different)[std::min(pick, different->size() - 1)]));
  }
  return absl::OkStatus();
}

// Part `index` of `total` dealt out over `parts`: at least 1, so that every microservice has one.
std::int64_t ShareOf(std::int64_t total, std::size_t index, std::size_t parts) {
  const auto whole = total / static_cast<std::int64_t>(parts);
  const auto rest = static_cast<std::size_t>(total % static_cast<std::int64_t>(parts));
  return std::max<std::int64_t>(whole + (index < rest ? 1 : 0), 1);
}

// The jobs of all microservices in turn, each microservice's own order kept.
std::vector<StationJob> Interleave(std::vector<std::vector<StationJob>> jobs) {
  std::size_t longest = 0;
  for (const auto& list : jobs) longest = std::max(longest, list.size());
  std::vector<StationJob> order;
  for (std::size_t i = 0; i < longest; ++i) {
    for (auto& list : jobs) {
      if (i < list.size()) order.push_back(std::move(list[i]));
    }
  }
  return order;
}

}  // namespace

ContainerConfig ContainerSetting(const ScalingBounds& bounds, const SweepOptions& options, int cpu,
                                 int memory) {
  return {Millicores(EvenStep(bounds.smallest.cpu.value(), bounds.largest.cpu.value(), cpu,
                              options.cpu_settings)),
          Bytes(EvenStep(bounds.smallest.memory.value(), bounds.largest.memory.value(), memory,
                         options.memory_settings))};
}

absl::StatusOr<SweepPlan> PlanSweep(const Application& application, const SampleSource& source,
                                    const SweepOptions& options) {
  if (auto status = options.Validate(); !status.ok()) return status;
  const InterferenceDesign design;
  std::vector<std::vector<StationJob>> jobs(application.size());
  SweepPlan plan;
  for (std::size_t m = 0; m < application.size(); ++m) {
    const Microservice& microservice = application.microservices()[m];
    StationPlanner planner(application, source, options, MicroserviceId(m));
    RandomStream random(options.seed, fmt::format("profiling/plan/{}", microservice.name));
    const auto status =
        options.station_settings
            ? AddThinned(planner, options, design,
                         ShareOf(*options.station_settings, m, application.size()), random, jobs[m])
            : AddFullGrid(planner, options, design, random, jobs[m]);
    if (!status.ok()) return status;
    if (jobs[m].empty()) {
      return absl::InvalidArgumentError(fmt::format(
          "microservice '{}' runs at none of the planned settings; {} were refused, its largest "
          "memory is {} MiB",
          microservice.name, planner.refused(), InMebibytes(microservice.bounds.largest.memory)));
    }
    for (StationJob& job : jobs[m]) {
      job.role = random.Uniform() < options.test_share ? SampleRole::kTest : SampleRole::kTrain;
      job.seed = random.NextBits();
    }
    plan.refused.push_back(planner.refused());
  }
  plan.stations = Interleave(std::move(jobs));
  return plan;
}

}  // namespace trimtab
