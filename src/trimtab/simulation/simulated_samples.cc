#include "trimtab/simulation/simulated_samples.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "trimtab/quantity/text.h"
#include "trimtab/simulation/contention.h"
#include "trimtab/simulation/cumulant_estimate.h"
#include "trimtab/simulation/station.h"
#include "trimtab/simulation/tail_estimate.h"
#include "trimtab/simulation/tree_run.h"

namespace trimtab {
namespace {

constexpr std::int64_t kWarmUp = 400;
constexpr std::int64_t kFirstRun = 2000;
// More requests are never in one container at a load below its capacity that a label is worth
// having for; what they would need is beyond the working set for good.
constexpr std::int64_t kMostFramesInFlight = 1024;

Ratio Zero() { return Ratio(0.0); }

// Sets a share below which nothing is felt to 0.
void DropUnfelt(Interference& interference, InterferenceKind kind, const Sensitivity& sensitivity) {
  const double share = interference.ValueOr(kind, 0);
  if (sensitivity.slope == 0 || share <= sensitivity.floor) interference.Set(kind, Zero());
}

}  // namespace

absl::StatusOr<std::unique_ptr<SimulatedSamples>> SimulatedSamples::Create(
    ClusterScenario scenario) {
  if (absl::Status status = scenario.Validate(); !status.ok()) return status;
  return std::unique_ptr<SimulatedSamples>(new SimulatedSamples(std::move(scenario)));
}

SimulatedSamples::SimulatedSamples(ClusterScenario scenario)
    : scenario_(std::move(scenario)),
      programs_(CompiledPrograms::Compile(scenario_)),
      traffic_(TrafficOf(scenario_)) {}

const HostSpec& SimulatedSamples::HostOf(std::size_t microservice) const {
  const auto& allowed = scenario_.microservices[microservice].hosts;
  for (const HostSpec& host : scenario_.hosts) {
    if (!allowed.empty() && host.name == allowed.front()) return host;
  }
  return scenario_.hosts.front();
}

StationTraits SimulatedSamples::Traits(MicroserviceId microservice) const {
  return {traffic_[microservice.value()].visits,
          scenario_.microservices[microservice.value()].threads == 0};
}

absl::Status SimulatedSamples::CheckMemory(std::size_t microservice,
                                           const ContainerConfig& container,
                                           const Interference& interference) const {
  const MicroserviceSpec& spec = scenario_.microservices[microservice];
  const Bytes floor = spec.memory.heap + spec.memory.per_frame;
  const double left = HostOf(microservice).memory.as_double() *
                      (1 - interference.ValueOr(InterferenceKind::kMemoryCapacity, 0));
  const double limit = std::min(container.memory.as_double(), left);
  if (limit < floor.as_double()) {
    return absl::InvalidArgumentError(
        fmt::format("microservice '{}': memory {:.0f} bytes is below {}, which it cannot give back",
                    spec.name, limit, FormatMemory(floor)));
  }
  if (container.cpu <= Millicores(0)) {
    return absl::InvalidArgumentError(fmt::format("microservice '{}': cpu is {}, must be above 0",
                                                  spec.name, FormatCpu(container.cpu)));
  }
  return absl::OkStatus();
}

double SimulatedSamples::Capacity(std::size_t microservice, const ContainerConfig& container,
                                  const Interference& interference) const {
  const double left =
      InCores(HostOf(microservice).cpu) * (1 - interference.ValueOr(InterferenceKind::kCpu, 0));
  return std::min(
      {InCores(container.cpu), scenario_.microservices[microservice].parallelism, left});
}

absl::StatusOr<Duration> SimulatedSamples::CpuPerRequest(MicroserviceId id,
                                                         const ContainerConfig& container,
                                                         const Interference& interference) const {
  const std::size_t m = id.value();
  if (absl::Status status = CheckMemory(m, container, interference); !status.ok()) return status;
  const MicroserviceSpec& spec = scenario_.microservices[m];
  MemoryModel memory(spec.memory, container.memory.as_double());
  const double faults = spec.memory.pages_per_request * memory.MissingShare(1) *
                        static_cast<double>(spec.memory.fault_cpu.count());
  const double speed = SpeedUnder(spec.sensitivity, Contention::From(interference));
  return Duration(
      static_cast<std::int64_t>(std::llround((traffic_[m].cpu_nanos + faults) / speed)));
}

absl::Status SimulatedSamples::CheckLoad(std::size_t microservice, const ContainerConfig& container,
                                         const Interference& interference, double rate) const {
  const auto cpu = CpuPerRequest(MicroserviceId(microservice), container, interference);
  if (!cpu.ok()) return cpu.status();
  const double capacity = Capacity(microservice, container, interference);
  const double wanted = rate * InSeconds(*cpu);
  if (wanted < capacity) return absl::OkStatus();
  return absl::InvalidArgumentError(
      fmt::format("microservice '{}': a load of {} requests/s needs {} cores, must be below {}",
                  scenario_.microservices[microservice].name, rate, wanted, capacity));
}

StationEquivalent SimulatedSamples::Equivalent(const StationSetting& setting) const {
  const std::size_t m = setting.microservice.value();
  const MicroserviceSpec& spec = scenario_.microservices[m];
  StationEquivalent same{setting, Latency(0)};
  StationSetting& representative = same.representative;
  Interference& interference = representative.interference;

  const double left = HostOf(m).memory.as_double() *
                      (1 - interference.ValueOr(InterferenceKind::kMemoryCapacity, 0));
  const Bytes enough =
      spec.memory.heap + spec.memory.file_pages + spec.memory.per_frame * kMostFramesInFlight;
  const bool fits = left >= setting.container.memory.as_double();
  if (fits && setting.container.memory > enough) {
    representative.container.memory = enough;
  }
  if (fits) {
    DropUnfelt(interference, InterferenceKind::kMemoryCapacity, spec.sensitivity.memory_capacity);
  }
  DropUnfelt(interference, InterferenceKind::kMemoryBandwidth, spec.sensitivity.memory_bandwidth);
  const double cores =
      InCores(HostOf(m).cpu) * (1 - interference.ValueOr(InterferenceKind::kCpu, 0));
  if (cores >= spec.parallelism) {
    DropUnfelt(interference, InterferenceKind::kCpu, spec.sensitivity.cpu);
  }
  if (traffic_[m].even_transfer) {
    const double stretch = NetworkStretch(
        interference.ValueOr(InterferenceKind::kNetworkBandwidth, 0), scenario_.network.idle_until);
    same.shift = Latency((stretch - 1) * traffic_[m].transfer_nanos * 1e-6);
    interference.Set(InterferenceKind::kNetworkBandwidth, Zero());
  }
  return same;
}

absl::Status SimulatedSamples::CheckStation(const StationSetting& setting) const {
  const std::size_t m = setting.microservice.value();
  if (m >= scenario_.microservices.size()) {
    return absl::InvalidArgumentError(
        fmt::format("microservice {} is unknown, there are {}", m, scenario_.microservices.size()));
  }
  const double rate = setting.container_load.value();
  if (!(rate > 0)) {
    return absl::InvalidArgumentError(
        fmt::format("container load is {} requests/s, must be above 0", rate));
  }
  return CheckLoad(m, setting.container, setting.interference, rate);
}

std::unique_ptr<Station> SimulatedSamples::StationOf(const StationSetting& setting,
                                                     std::uint64_t seed) const {
  const std::size_t m = setting.microservice.value();
  const HostSpec& host = HostOf(m);
  const StationParameters parameters{static_cast<std::uint32_t>(m),
                                     setting.container,
                                     setting.container_load.value(),
                                     Contention::From(setting.interference),
                                     InCores(host.cpu),
                                     host.memory.as_double(),
                                     traffic_[m].mix,
                                     traffic_[m].kinds};
  auto station = std::make_unique<Station>(scenario_, programs_, parameters, seed);
  station->Run(kWarmUp);
  station->Restart();
  return station;
}

absl::Status SimulatedSamples::Killed(const StationSetting& setting) const {
  return absl::InvalidArgumentError(
      fmt::format("microservice '{}' is killed for memory at a limit of {}",
                  scenario_.microservices[setting.microservice.value()].name,
                  FormatMemory(setting.container.memory)));
}

absl::StatusOr<LatencyLabel> SimulatedSamples::Measure(const StationSetting& setting,
                                                       const LabelAccuracy& accuracy,
                                                       std::uint64_t seed) const {
  if (absl::Status status = CheckStation(setting); !status.ok()) return status;
  const std::unique_ptr<Station> station = StationOf(setting, seed);
  TailEstimate estimate;
  for (std::int64_t total = std::min(kFirstRun, std::max<std::int64_t>(accuracy.most_requests, 1));;
       total = std::min(total * 3, accuracy.most_requests)) {
    station->Run(total - static_cast<std::int64_t>(station->latencies().size()));
    estimate = EstimateTail(station->latencies());
    if (station->killed() || total >= accuracy.most_requests ||
        estimate.relative_standard_error <= accuracy.relative_standard_error) {
      break;
    }
  }
  if (station->killed()) return Killed(setting);
  return LatencyLabel{.tail = estimate.tail,
                      .relative_standard_error = estimate.relative_standard_error,
                      .utilization = station->Utilization(),
                      .pool_full_share = station->PoolFullShare(),
                      .requests = static_cast<std::int64_t>(station->latencies().size()),
                      .whole_tree = false,
                      .cumulants = EstimateCumulants(station->latencies())};
}

absl::StatusOr<LatencyDraws> SimulatedSamples::Draw(const StationSetting& setting,
                                                    std::int64_t requests,
                                                    std::uint64_t seed) const {
  if (absl::Status status = CheckStation(setting); !status.ok()) return status;
  const std::unique_ptr<Station> station = StationOf(setting, seed);
  station->Run(requests);
  if (station->killed()) return Killed(setting);
  LatencyDraws draws{.seconds = {},
                     .utilization = station->Utilization(),
                     .pool_full_share = station->PoolFullShare()};
  draws.seconds.reserve(station->latencies().size());
  for (const float nanoseconds : station->latencies()) {
    draws.seconds.push_back(1e-9 * static_cast<double>(nanoseconds));
  }
  return draws;
}

absl::Status SimulatedSamples::CheckTree(const TreeSetting& setting) const {
  const std::size_t count = scenario_.microservices.size();
  if (setting.allocation.size() != count || setting.interference.size() != count) {
    return absl::InvalidArgumentError(
        fmt::format("setting has {} allocations and {} interferences, must have {} of each",
                    setting.allocation.size(), setting.interference.size(), count));
  }
  const double load = setting.application_load.value();
  if (!(load > 0)) {
    return absl::InvalidArgumentError(
        fmt::format("application load is {} requests/s, must be above 0", load));
  }
  for (std::size_t m = 0; m < count; ++m) {
    const MicroserviceAllocation& allocation = setting.allocation[MicroserviceId(m)];
    const HostSpec& host = HostOf(m);
    if (allocation.replicas < 1 || allocation.container.cpu > host.cpu ||
        allocation.container.memory > host.memory) {
      return absl::InvalidArgumentError(fmt::format(
          "microservice '{}': {} replicas of {} and {}, must be at least 1 that fits on a host",
          scenario_.microservices[m].name, allocation.replicas, FormatCpu(allocation.container.cpu),
          FormatMemory(allocation.container.memory)));
    }
    if (absl::Status status = CheckMemory(m, allocation.container, setting.interference[m]);
        !status.ok()) {
      return status;
    }
  }
  return absl::OkStatus();
}

absl::Status SimulatedSamples::CheckTreeLoad(const TreeSetting& setting) const {
  for (std::size_t m = 0; m < scenario_.microservices.size(); ++m) {
    const MicroserviceAllocation& allocation = setting.allocation[MicroserviceId(m)];
    const double rate = setting.application_load.value() * traffic_[m].visits / allocation.replicas;
    if (absl::Status status = CheckLoad(m, allocation.container, setting.interference[m], rate);
        !status.ok()) {
      return status;
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<TreeSample> SimulatedSamples::Measure(const TreeSetting& setting,
                                                     const LabelAccuracy& accuracy,
                                                     std::uint64_t seed) const {
  if (absl::Status status = CheckTree(setting); !status.ok()) return status;
  if (absl::Status status = CheckTreeLoad(setting); !status.ok()) return status;
  return MeasureTree(scenario_, setting, accuracy, seed);
}

absl::StatusOr<std::vector<TreeLatencies>> SimulatedSamples::Draw(const TreeSetting& setting,
                                                                  std::int64_t requests,
                                                                  std::uint64_t seed) const {
  if (absl::Status status = CheckTree(setting); !status.ok()) return status;
  return DrawTree(scenario_, setting, requests, seed);
}

}  // namespace trimtab
