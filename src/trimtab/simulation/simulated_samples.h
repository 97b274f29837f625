// `SampleSource` of the simulated cluster: a station alone, or the whole tree.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "trimtab/profiling/sample_source.h"
#include "trimtab/simulation/program.h"
#include "trimtab/simulation/scenario.h"
#include "trimtab/simulation/traffic.h"

namespace trimtab {

class Station;

// Alone: one container on a host of its own kind, of which others use the shares that the setting
// names; 400 requests of warm-up, then 2,000, 6,000, 18,000 ... until the estimated error is small
// enough. In the tree: every replica on a host of its own, so that it feels exactly the
// interference of its microservice; batches until the mean error over all containers is small
// enough or the bound on application requests is met.
// Immutable. Thread-safety: const methods from any thread. Cost: station.h, event_loop.h.
class SimulatedSamples : public SampleSource {
 public:
  // Fails as ClusterScenario::Validate() does.
  static absl::StatusOr<std::unique_ptr<SimulatedSamples>> Create(ClusterScenario scenario);
  SimulatedSamples(const SimulatedSamples&) = delete;
  SimulatedSamples& operator=(const SimulatedSamples&) = delete;

  StationTraits Traits(MicroserviceId microservice) const override;
  absl::StatusOr<Duration> CpuPerRequest(MicroserviceId microservice,
                                         const ContainerConfig& container,
                                         const Interference& interference) const override;
  StationEquivalent Equivalent(const StationSetting& setting) const override;
  absl::StatusOr<LatencyLabel> Measure(const StationSetting& setting, const LabelAccuracy& accuracy,
                                       std::uint64_t seed) const override;
  absl::StatusOr<LatencyDraws> Draw(const StationSetting& setting, std::int64_t requests,
                                    std::uint64_t seed) const override;
  absl::StatusOr<TreeSample> Measure(const TreeSetting& setting, const LabelAccuracy& accuracy,
                                     std::uint64_t seed) const override;
  absl::StatusOr<std::vector<TreeLatencies>> Draw(const TreeSetting& setting, std::int64_t requests,
                                                  std::uint64_t seed) const override;

  const ClusterScenario& scenario() const { return scenario_; }

 private:
  explicit SimulatedSamples(ClusterScenario scenario);
  const HostSpec& HostOf(std::size_t microservice) const;
  absl::Status CheckMemory(std::size_t microservice, const ContainerConfig& container,
                           const Interference& interference) const;
  // Cores that a container can make progress with, at most.
  double Capacity(std::size_t microservice, const ContainerConfig& container,
                  const Interference& interference) const;
  absl::Status CheckLoad(std::size_t microservice, const ContainerConfig& container,
                         const Interference& interference, double rate) const;
  absl::Status CheckStation(const StationSetting& setting) const;
  // Past its warm-up. REQUIRES: a setting that CheckStation() accepts.
  std::unique_ptr<Station> StationOf(const StationSetting& setting, std::uint64_t seed) const;
  absl::Status Killed(const StationSetting& setting) const;
  absl::Status CheckTree(const TreeSetting& setting) const;
  absl::Status CheckTreeLoad(const TreeSetting& setting) const;

  const ClusterScenario scenario_;
  const CompiledPrograms programs_;
  const std::vector<MicroserviceTraffic> traffic_;
};

}  // namespace trimtab
