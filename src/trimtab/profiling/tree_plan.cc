#include "trimtab/profiling/tree_plan.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "fmt/format.h"
#include "trimtab/probability/random_stream.h"
#include "trimtab/profiling/interference_design.h"
#include "trimtab/profiling/sweep_plan.h"

namespace trimtab {
namespace {

Interference AtTableResolution(Interference interference) {
  for (const InterferenceKind kind : kInterferenceKinds) {
    if (const auto share = interference[kind]) {
      interference.Set(kind, Ratio(ToMillionths(share->value())));
    }
  }
  return interference;
}

int ReplicasFor(double demanded, double supplied_each, const ScalingBounds& bounds) {
  const double replicas = std::ceil(demanded / supplied_each - 1e-9);
  return static_cast<int>(std::clamp(replicas, static_cast<double>(bounds.fewest_replicas),
                                     static_cast<double>(bounds.most_replicas)));
}

// Those whose load one replica gets, more or less, when all of `arrival_rate` goes to it.
std::vector<StationSetting> Reachable(const std::vector<StationSetting>& settings,
                                      double arrival_rate) {
  constexpr double kNearly = 1.2;
  std::vector<StationSetting> reachable;
  for (const StationSetting& setting : settings) {
    if (setting.container_load.value() <= kNearly * arrival_rate) reachable.push_back(setting);
  }
  return reachable;
}

// The setting that this run is to take of those set aside: the microservices in turn, and of each
// its settings in turn.
std::optional<StationSetting> TakeSetAside(
    const Application& application, const SampleSource& source,
    const std::vector<std::vector<StationSetting>>& set_aside, const TreeSetting& setting,
    std::int64_t run) {
  std::vector<std::vector<StationSetting>> reachable;
  for (std::size_t m = 0; m < application.size(); ++m) {
    auto list = Reachable(set_aside[m], setting.application_load.value() *
                                            source.Traits(MicroserviceId(m)).visits_per_request);
    if (!list.empty()) reachable.push_back(std::move(list));
  }
  if (reachable.empty()) return std::nullopt;
  const auto turn = static_cast<std::size_t>(run);
  const auto& list = reachable[turn % reachable.size()];
  return list[turn / reachable.size() % list.size()];
}

class RunPlanner {
 public:
  RunPlanner(const Application& application, const SampleSource& source,
             const SweepOptions& options, RandomStream& random)
      : application_(application), source_(source), options_(options), random_(random) {}

  // A container that runs under `interference`, with enough replicas for a random utilisation.
  // When the most replicas do not reach the highest utilisation, the largest CPU setting is taken.
  absl::StatusOr<MicroserviceAllocation> Draw(MicroserviceId id, const Interference& interference,
                                              double arrival_rate) {
    const ScalingBounds& bounds = application_.microservice(id).bounds;
    const auto cpu = Below(options_.cpu_settings);
    const auto memory = Below(options_.memory_settings);
    const double utilization =
        options_.lowest_utilization +
        random_.Uniform() * (options_.highest_utilization - options_.lowest_utilization);
    MicroserviceAllocation best;
    // Upwards from the memory drawn: more memory runs wherever less does.
    for (int m = memory; m < options_.memory_settings; ++m) {
      best.container = ContainerSetting(bounds, options_, cpu, m);
      auto cpu_time = source_.CpuPerRequest(id, best.container, interference);
      if (absl::IsInvalidArgument(cpu_time.status())) continue;
      if (!cpu_time.ok()) return cpu_time.status();
      const double demanded = arrival_rate * InSeconds(*cpu_time);
      best.replicas = ReplicasFor(demanded, utilization * InCores(best.container.cpu), bounds);
      const double most = best.replicas * InCores(best.container.cpu);
      if (demanded > options_.highest_utilization * most) {
        best.container.cpu = bounds.largest.cpu;
        best.replicas = ReplicasFor(demanded, utilization * InCores(best.container.cpu), bounds);
      }
      return best;
    }
    return absl::InvalidArgumentError(
        fmt::format("microservice '{}' cannot run with any memory from {} to {} MiB",
                    application_.microservice(id).name, InMebibytes(bounds.smallest.memory),
                    InMebibytes(bounds.largest.memory)));
  }

 private:
  int Below(int bound) {
    return static_cast<int>(random_.Below(static_cast<std::uint64_t>(bound)));
  }

  const Application& application_;
  const SampleSource& source_;
  const SweepOptions& options_;
  RandomStream& random_;
};

}  // namespace

absl::StatusOr<TreeJob> PlanTreeRun(const Application& application, const SampleSource& source,
                                    const SweepOptions& options,
                                    const std::vector<std::vector<StationSetting>>& set_aside,
                                    std::int64_t run) {
  RandomStream random(options.seed, fmt::format("profiling/tree/{}", run));
  TreeJob job;
  job.role = random.Uniform() < options.test_share ? SampleRole::kTest : SampleRole::kTrain;
  job.seed = random.NextBits();
  const double lowest = options.lowest_application_load.value();
  const double span = options.highest_application_load.value() - lowest;
  job.setting.application_load = RequestsPerSecond(ToMillionths(lowest + span * random.Uniform()));
  std::optional<Interference> shared;
  if (random.Uniform() < 0.5) shared = AtTableResolution(InterferenceDesign::Random(random));

  job.setting.allocation = Allocation(application.size());
  const auto wanted = TakeSetAside(application, source, set_aside, job.setting, run);
  RunPlanner planner(application, source, options, random);
  for (std::size_t m = 0; m < application.size(); ++m) {
    const MicroserviceId id(m);
    const double arrival_rate =
        job.setting.application_load.value() * source.Traits(id).visits_per_request;
    Interference interference =
        shared ? *shared : AtTableResolution(InterferenceDesign::Random(random));
    if (wanted && wanted->microservice == id) {
      interference = wanted->interference;
      job.setting.allocation[id] = {ReplicasFor(arrival_rate, wanted->container_load.value(),
                                                application.microservice(id).bounds),
                                    wanted->container};
    } else {
      auto drawn = planner.Draw(id, interference, arrival_rate);
      if (!drawn.ok()) return drawn.status();
      job.setting.allocation[id] = *drawn;
    }
    job.setting.interference.push_back(interference);
  }
  return job;
}

}  // namespace trimtab
