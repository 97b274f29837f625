#include "trimtab/experiment/static_search.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "trimtab/interference/interference_player.h"
#include "trimtab/simulation/simulated_cluster.h"
#include "trimtab/simulation/simulated_samples.h"

namespace trimtab {
namespace {

constexpr Millicores kCpuStep{100};
constexpr Bytes kMemoryStep = Mebibytes(50);

// One trial: the whole application under the constant workload.
class Trials {
 public:
  Trials(const Scenario& scenario, const WorkloadSeries& constant,
         const StaticSearchOptions& options)
      : scenario_(scenario), constant_(constant), options_(options) {}

  // The largest window P95; a window with timeouts or failures above 5 % is as long as they are.
  absl::StatusOr<Latency> Tail(const Allocation& allocation) {
    if (options_.stopped && options_.stopped()) {
      return absl::CancelledError("the search was interrupted");
    }
    ++count_;
    if (options_.progress) options_.progress(count_);
    ClusterScenario spec = scenario_.cluster;
    for (std::size_t i = 0; i < spec.microservices.size(); ++i) {
      spec.microservices[i].initial = allocation[MicroserviceId(i)];
    }
    Latency worst{0};
    int windows = 0;
    const Duration window = std::chrono::seconds(60);
    auto cluster = SimulatedCluster::Create(
        std::move(spec), {.seed = options_.seed,
                          .load = constant_.load,
                          .end = {},
                          .span_share = 0,
                          .scrape_interval = Duration(0),
                          .window = window,
                          .on_window = [&](const WindowRecord& record) {
                            if (++windows <= options_.warm_up_minutes) return;
                            const bool failing = record.failures * 20 > record.requests;
                            worst =
                                std::max(worst, failing ? scenario_.sla.latency * 100 : record.p95);
                          }});
    if (!cluster.ok()) return cluster.status();
    InterferencePlayer clock((*cluster)->clock(), (*cluster)->anomalies(), constant_.interference,
                             {.hosts = scenario_.cluster.hosts.size(), .stopped = {}});
    clock.WaitUntil(Instant(window * (options_.warm_up_minutes + options_.minutes)));
    if (!clock.status().ok()) return clock.status();
    return worst;
  }

  absl::StatusOr<bool> Holds(const Allocation& allocation) {
    const auto tail = Tail(allocation);
    if (!tail.ok()) {
      // An allocation that does not fit on the hosts does not hold.
      if (tail.status().code() == absl::StatusCode::kInvalidArgument) return false;
      return tail.status();
    }
    return *tail <= scenario_.sla.latency * options_.tail_share;
  }

  std::int64_t count() const { return count_; }

 private:
  const Scenario& scenario_;
  const WorkloadSeries& constant_;
  const StaticSearchOptions& options_;
  std::int64_t count_ = 0;
};

// One quantity of one microservice as a whole number of steps.
struct Coordinate {
  MicroserviceId microservice;
  enum class What { kReplicas, kCpu, kMemory } what;
};

std::int64_t StepsOf(const Allocation& allocation, const Coordinate& c) {
  const MicroserviceAllocation& a = allocation[c.microservice];
  switch (c.what) {
    case Coordinate::What::kReplicas:
      return a.replicas;
    case Coordinate::What::kCpu:
      return a.container.cpu.value() / kCpuStep.value();
    case Coordinate::What::kMemory:
      return a.container.memory.value() / kMemoryStep.value();
  }
  return 0;
}

void SetSteps(Allocation& allocation, const Coordinate& c, std::int64_t steps) {
  MicroserviceAllocation& a = allocation[c.microservice];
  switch (c.what) {
    case Coordinate::What::kReplicas:
      a.replicas = static_cast<int>(steps);
      break;
    case Coordinate::What::kCpu:
      a.container.cpu = kCpuStep * steps;
      break;
    case Coordinate::What::kMemory:
      a.container.memory = kMemoryStep * steps;
      break;
  }
}

std::int64_t FewestSteps(const ScalingBounds& bounds, Coordinate::What what) {
  const auto up = [](std::int64_t value, std::int64_t step) { return (value + step - 1) / step; };
  switch (what) {
    case Coordinate::What::kReplicas:
      return bounds.fewest_replicas;
    case Coordinate::What::kCpu:
      return up(bounds.smallest.cpu.value(), kCpuStep.value());
    case Coordinate::What::kMemory:
      return up(std::max(bounds.smallest.memory, bounds.working_set).value(), kMemoryStep.value());
  }
  return 1;
}

// What one coordinate could save at most, in reported units: the order of the descent.
double Saving(const Application& application, const Allocation& allocation, const Coordinate& c) {
  Allocation least = allocation;
  SetSteps(least, c, FewestSteps(application.microservice(c.microservice).bounds, c.what));
  return UnitsOf(allocation).total() - UnitsOf(least).total();
}

absl::Status LowerOne(const Coordinate& c, std::int64_t fewest, Trials& trials,
                      Allocation& allocation) {
  std::int64_t fails = fewest - 1;
  std::int64_t holds = StepsOf(allocation, c);
  while (holds - fails > 1) {
    Allocation trial = allocation;
    const std::int64_t middle = fails + (holds - fails) / 2;
    SetSteps(trial, c, middle);
    const auto ok = trials.Holds(trial);
    if (!ok.ok()) return ok.status();
    (*ok ? holds : fails) = middle;
  }
  SetSteps(allocation, c, holds);
  return absl::OkStatus();
}

// The largest containers, and so many that each is at most so busy.
absl::StatusOr<Allocation> Generous(const Scenario& scenario, const WorkloadSeries& constant,
                                    double busy) {
  Interference interference = Interference::None();
  for (const InterferenceKind kind : kInterferenceKinds) {
    const auto& series = constant.interference[static_cast<std::size_t>(kind)];
    if (series) interference.Set(kind, Ratio(std::clamp(series->At(Duration(0)), 0.0, 1.0)));
  }
  const auto source = SimulatedSamples::Create(scenario.cluster);
  if (!source.ok()) return source.status();
  Allocation allocation(scenario.application.size());
  for (std::size_t i = 0; i < allocation.size(); ++i) {
    const MicroserviceId id(i);
    const ScalingBounds& bounds = scenario.application.microservice(id).bounds;
    const auto demand = (*source)->CpuPerRequest(id, bounds.largest, interference);
    if (!demand.ok()) return demand.status();
    const double cores = constant.load.At(Duration(0)) * (*source)->Traits(id).visits_per_request *
                         InSeconds(*demand);
    const auto replicas = static_cast<int>(std::ceil(cores / InCores(bounds.largest.cpu) / busy));
    allocation[id] = {
        .replicas = std::clamp(replicas, bounds.fewest_replicas, bounds.most_replicas),
        .container = bounds.largest};
  }
  return allocation;
}

// The first generous allocation, from the most to the least, that fits on the hosts and holds.
absl::StatusOr<Allocation> StartOf(const Scenario& scenario, const WorkloadSeries& constant,
                                   Trials& trials) {
  for (const double busy : {0.3, 0.4, 0.5, 0.6, 0.7, 0.8}) {
    auto allocation = Generous(scenario, constant, busy);
    if (!allocation.ok()) return allocation.status();
    const auto holds = trials.Holds(*allocation);
    if (!holds.ok()) return holds.status();
    if (*holds) return allocation;
  }
  return absl::FailedPreconditionError(
      "no allocation of the largest containers, each 30 to 80 % busy, both fits on the hosts and "
      "holds the SLA at the worst load and interference");
}

}  // namespace

WorkloadSeries WorstOf(const WorkloadSeries& workload, Duration length) {
  static constexpr Duration kStretch = std::chrono::minutes(5);
  const auto highest = [length](const StepSeries& series) {
    const Duration step = std::min(series.step(), Duration(kStretch));
    const auto steps = static_cast<std::size_t>(kStretch / step);
    std::deque<double> last;
    double sum = 0;
    double most = 0;
    for (Duration t{0}; t < length; t += step) {
      last.push_back(series.At(t));
      sum += last.back();
      if (last.size() > steps) {
        sum -= last.front();
        last.pop_front();
      }
      most = std::max(most, sum / static_cast<double>(last.size()));
    }
    return StepSeries::Constant(most);
  };
  WorkloadSeries worst;
  worst.load = highest(workload.load);
  for (std::size_t kind = 0; kind < worst.interference.size(); ++kind) {
    if (workload.interference[kind])
      worst.interference[kind] = highest(*workload.interference[kind]);
  }
  return worst;
}

absl::StatusOr<StaticSearchResult> SearchStatic(const Scenario& scenario,
                                                const WorkloadSeries& constant,
                                                const StaticSearchOptions& options) {
  Trials trials(scenario, constant, options);
  const auto start = StartOf(scenario, constant, trials);
  if (!start.ok()) return start.status();
  Allocation allocation = *start;
  std::vector<Coordinate> coordinates;
  for (std::size_t i = 0; i < scenario.application.size(); ++i) {
    for (const auto what :
         {Coordinate::What::kReplicas, Coordinate::What::kCpu, Coordinate::What::kMemory}) {
      coordinates.push_back({MicroserviceId(i), what});
    }
  }
  for (int pass = 0; pass < options.passes; ++pass) {
    std::stable_sort(coordinates.begin(), coordinates.end(),
                     [&](const Coordinate& a, const Coordinate& b) {
                       return Saving(scenario.application, allocation, a) >
                              Saving(scenario.application, allocation, b);
                     });
    for (const Coordinate& c : coordinates) {
      const std::int64_t fewest =
          FewestSteps(scenario.application.microservice(c.microservice).bounds, c.what);
      if (const absl::Status s = LowerOne(c, fewest, trials, allocation); !s.ok()) return s;
    }
  }
  const auto tail = trials.Tail(allocation);
  if (!tail.ok()) return tail.status();
  return StaticSearchResult{.allocation = allocation, .tail = *tail, .trials = trials.count()};
}

}  // namespace trimtab
