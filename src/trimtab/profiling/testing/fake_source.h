// A world whose latencies are a formula.
#pragma once

#include <atomic>
#include <cmath>
#include <cstdint>
#include <vector>

#include "fmt/format.h"
#include "trimtab/application/application.h"
#include "trimtab/probability/random_stream.h"
#include "trimtab/profiling/sample_source.h"

namespace trimtab {

// Microservice i takes 1 ms of CPU for a request, (1 + cpu interference / 2) times as much under
// interference, and (1 + i) / 10 ms more for each 100 MiB below 400 MiB; it cannot run below
// 150 MiB. Its P95 is 3 * demand / (cpu * (1 - utilization)) ms. Above 400 MiB memory changes
// nothing; network interference w adds 2 w ms. The cumulants are those of an exponential with a
// third of the P95 as its mean. Labels of different seeds scatter by 1 %.
class FakeSource : public SampleSource {
 public:
  explicit FakeSource(std::size_t microservices, bool asynchronous = true)
      : microservices_(microservices), asynchronous_(asynchronous) {}

  StationTraits Traits(MicroserviceId) const override {
    return {.visits_per_request = 1, .asynchronous = asynchronous_};
  }

  absl::StatusOr<Duration> CpuPerRequest(MicroserviceId microservice,
                                         const ContainerConfig& container,
                                         const Interference& interference) const override {
    if (container.memory < Mebibytes(150)) {
      return absl::InvalidArgumentError(
          fmt::format("memory {} MiB is below 150 MiB", InMebibytes(container.memory)));
    }
    const double missing = std::max(0.0, 400 - InMebibytes(container.memory)) / 100;
    const double share = static_cast<double>(microservice.value() + 1) / 10;
    const double slow = 1 + interference.ValueOr(InterferenceKind::kCpu, 0) / 2;
    return SecondsToDuration((1 + share * missing) * slow * 1e-3);
  }

  StationEquivalent Equivalent(const StationSetting& setting) const override {
    StationEquivalent out{setting};
    out.representative.container.memory = std::min(setting.container.memory, Mebibytes(400));
    out.representative.interference.Set(InterferenceKind::kMemoryCapacity, Ratio(0));
    out.representative.interference.Set(InterferenceKind::kMemoryBandwidth, Ratio(0));
    out.representative.interference.Set(InterferenceKind::kNetworkBandwidth, Ratio(0));
    out.shift = Latency(2 * setting.interference.ValueOr(InterferenceKind::kNetworkBandwidth, 0));
    return out;
  }

  absl::StatusOr<LatencyLabel> Measure(const StationSetting& setting, const LabelAccuracy& accuracy,
                                       std::uint64_t seed) const override {
    station_calls.fetch_add(1);
    auto label = Label(setting, seed);
    if (label.ok()) label->requests = accuracy.most_requests;
    return label;
  }

  // 1 ms and an exponential of a third of the P95.
  absl::StatusOr<LatencyDraws> Draw(const StationSetting& setting, std::int64_t requests,
                                    std::uint64_t seed) const override {
    const auto label = Label(setting, seed);
    if (!label.ok()) return label.status();
    const double mean = InSeconds(label->tail) / 3;
    RandomStream random(seed, "fake draws");
    LatencyDraws draws{{}, label->utilization, label->pool_full_share};
    for (std::int64_t i = 0; i < requests; ++i) {
      draws.seconds.push_back(1e-3 + mean * random.Exponential());
    }
    return draws;
  }

  absl::StatusOr<TreeSample> Measure(const TreeSetting& setting, const LabelAccuracy& accuracy,
                                     std::uint64_t seed) const override {
    tree_calls.fetch_add(1);
    TreeSample sample;
    for (std::size_t m = 0; m < microservices_; ++m) {
      const MicroserviceId id(m);
      const auto& given = setting.allocation[id];
      const RequestsPerSecond load(setting.application_load.value() / given.replicas);
      std::vector<ContainerLabel> containers;
      for (int replica = 0; replica < given.replicas; ++replica) {
        auto label = Label({id, given.container, load, setting.interference[m]},
                           seed + static_cast<std::uint64_t>(replica));
        if (!label.ok()) return label.status();
        label->whole_tree = true;
        label->requests = accuracy.most_requests;
        containers.push_back({given.container, load, setting.interference[m], *label});
      }
      sample.end_to_end_tail += containers[0].label.tail;
      sample.containers.push_back(std::move(containers));
    }
    sample.end_to_end_relative_standard_error = 0.01;
    sample.requests = accuracy.most_requests;
    return sample;
  }

  // As a station draws.
  absl::StatusOr<std::vector<TreeLatencies>> Draw(const TreeSetting& setting, std::int64_t requests,
                                                  std::uint64_t seed) const override {
    tree_calls.fetch_add(1);
    std::vector<TreeLatencies> all;
    for (std::size_t m = 0; m < microservices_; ++m) {
      const MicroserviceAllocation& given = setting.allocation[MicroserviceId(m)];
      const RequestsPerSecond load(setting.application_load.value() / given.replicas);
      auto draws =
          Draw(StationSetting{MicroserviceId(m), given.container, load, setting.interference[m]},
               requests, seed + m);
      if (!draws.ok()) return draws.status();
      all.push_back({load.value(), given.replicas, *std::move(draws)});
    }
    return all;
  }

  mutable std::atomic<std::int64_t> station_calls{0};
  mutable std::atomic<std::int64_t> tree_calls{0};

 private:
  absl::StatusOr<LatencyLabel> Label(const StationSetting& setting, std::uint64_t seed) const {
    const auto demand =
        CpuPerRequest(setting.microservice, setting.container, setting.interference);
    if (!demand.ok()) return demand.status();
    const double cores = InCores(setting.container.cpu);
    LatencyLabel label;
    label.utilization = setting.container_load.value() * InSeconds(*demand) / cores;
    const double idle = std::max(1 - label.utilization, 0.01);
    RandomStream noise(seed, "fake");
    label.tail =
        Latency(3 * InSeconds(*demand) * 1e3 / (cores * idle) * (1 + 0.01 * noise.Normal()));
    const double mean = InSeconds(label.tail) / 3;
    label.tail += Latency(2 * setting.interference.ValueOr(InterferenceKind::kNetworkBandwidth, 0));
    label.relative_standard_error = 0.01;
    const double network =
        2e-3 * setting.interference.ValueOr(InterferenceKind::kNetworkBandwidth, 0);
    label.cumulants = {
        .value = {.mean = mean + network, .variance = mean * mean, .third = 2 * mean * mean * mean},
        .relative_standard_error = {.mean = 0.01, .variance = 0.02, .third = 0.03}};
    // A pool of threads fills up with the load.
    label.pool_full_share = asynchronous_ ? 0 : std::max(0.0, label.utilization - 0.5);
    return label;
  }

  std::size_t microservices_;
  bool asynchronous_;
};

// One microservice whose largest memory is below what the fake can run.
inline Application TooSmallApplication() {
  Microservice microservice;
  microservice.name = "tiny";
  microservice.bounds.largest.memory = Mebibytes(140);
  return *Application::Create("small", {microservice}, {{"get", "tiny"}});
}

inline Application FakeApplication(std::size_t microservices) {
  std::vector<Microservice> list;
  for (std::size_t i = 0; i < microservices; ++i) {
    Microservice microservice;
    microservice.name = fmt::format("service-{}", i);
    list.push_back(microservice);
  }
  return *Application::Create("fake", std::move(list), {{"get", "service-0"}});
}

}  // namespace trimtab
