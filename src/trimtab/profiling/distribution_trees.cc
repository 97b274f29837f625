#include "trimtab/profiling/distribution_trees.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "fmt/format.h"
#include "trimtab/probability/random_stream.h"

namespace trimtab {
namespace {

constexpr double kContainersEach = 6;
// Fewer latencies tell no third cumulant.
constexpr std::size_t kFewestLatencies = 1'000;
// Fewer tell no exponential. Where plain subtraction leaves fewer above 0, the others stand for
// them.
constexpr std::size_t kFewestPlain = 50;
// Rather this much above the utilisation wanted than a container more.
constexpr double kOvershoot = 1.05;
constexpr double kHighestApplicationLoad = 1e6;

class TreeSeries {
 public:
  TreeSeries(const Application& application, std::span<const ContainerConfig> containers,
             const Interference& interference, const SampleSource& source,
             const DistributionTreeOptions& options)
      : containers_(containers), source_(source), options_(options), loads_(application.size()) {
    setting_.allocation = Allocation(application.size());
    setting_.interference.assign(application.size(), interference);
    for (std::size_t m = 0; m < application.size(); ++m) {
      names_.push_back(application.microservice(MicroserviceId(m)).name);
    }
  }

  // Finds the load of the application for the heaviest run; false where it needs no CPU at all.
  absl::StatusOr<bool> Start() {
    double containers = 0;  // for one request a second
    for (std::size_t m = 0; m < loads_.size(); ++m) {
      const MicroserviceId id(m);
      const auto cpu = source_.CpuPerRequest(id, containers_[m], setting_.interference[m]);
      if (!cpu.ok()) {
        return absl::Status(cpu.status().code(), fmt::format("distributions of '{}': {}", names_[m],
                                                             std::string(cpu.status().message())));
      }
      cores_.push_back(source_.Traits(id).visits_per_request * InSeconds(*cpu));
      containers += cores_.back() / (HighestUtilization() * InCores(containers_[m].cpu));
    }
    if (!(containers > 0)) return false;
    heaviest_ = std::min(kContainersEach * static_cast<double>(loads_.size()) / containers,
                         kHighestApplicationLoad);
    return true;
  }

  // False where the world refuses the run.
  absl::StatusOr<bool> Run(double utilization, std::uint64_t seed) {
    for (std::size_t m = 0; m < loads_.size(); ++m) {
      const double each = kOvershoot * HighestUtilization() * InCores(containers_[m].cpu);
      const double replicas = std::max(std::ceil(heaviest_ * cores_[m] / each - 1e-9), 1.0);
      setting_.allocation[MicroserviceId(m)] = {static_cast<int>(replicas), containers_[m]};
    }
    const double load = heaviest_ * utilization / HighestUtilization();
    setting_.application_load = RequestsPerSecond(load);
    auto drawn = source_.Draw(setting_, options_.requests, seed);
    if (absl::IsInvalidArgument(drawn.status())) return false;
    if (!drawn.ok()) return drawn.status();
    for (std::size_t m = 0; m < loads_.size(); ++m) {
      TreeLatencies& of = (*drawn)[m];
      if (of.draws.seconds.empty()) continue;
      cores_[m] = of.draws.utilization * InCores(containers_[m].cpu) * of.containers / load;
      Keep(std::move(of), loads_[m]);
    }
    return true;
  }

  std::vector<std::vector<DrawnLoad>> Take() { return std::move(loads_); }

 private:
  void Keep(TreeLatencies of, std::vector<DrawnLoad>& loads) const {
    std::vector<double>& seconds = of.draws.seconds;
    if (seconds.size() < kFewestLatencies) return;
    if (!loads.empty() && of.container_load < kNextLoad * loads.back().container_load) return;
    const auto most = static_cast<std::size_t>(options_.samples);
    if (seconds.size() > most) {
      for (std::size_t i = 0; i < most; ++i) seconds[i] = seconds[i * seconds.size() / most];
      seconds.resize(most);
      seconds.shrink_to_fit();
    }
    if (of.plain_seconds.size() < kFewestPlain) of.plain_seconds.clear();
    loads.push_back({of.container_load, std::move(seconds), std::move(of.plain_seconds)});
  }

  double HighestUtilization() const { return options_.utilizations.back(); }

  std::span<const ContainerConfig> containers_;
  const SampleSource& source_;
  const DistributionTreeOptions& options_;
  TreeSetting setting_;
  std::vector<std::string> names_;
  std::vector<double> cores_;  // for one request of the application a second
  double heaviest_ = 0;        // requests/s
  std::vector<std::vector<DrawnLoad>> loads_;
};

}  // namespace

absl::StatusOr<std::vector<std::vector<DrawnLoad>>> DrawTreeLoads(
    const Application& application, std::span<const ContainerConfig> containers,
    const Interference& interference, const SampleSource& source, std::uint64_t seed,
    std::string_view stream, const DistributionTreeOptions& options, const std::atomic<bool>* stop,
    const std::function<void()>& run_done) {
  TreeSeries series(application, containers, interference, source, options);
  if (options.utilizations.empty()) return series.Take();
  const auto started = series.Start();
  if (!started.ok()) return started.status();
  if (!*started) return series.Take();
  RandomStream seeds(seed, stream);
  for (const double utilization : options.utilizations) {
    if (stop != nullptr && *stop) return absl::CancelledError("stopped while measuring");
    const auto ran = series.Run(utilization, seeds.NextBits());
    if (!ran.ok()) return ran.status();
    if (!*ran) break;
    if (run_done) run_done();
  }
  return series.Take();
}

}  // namespace trimtab
