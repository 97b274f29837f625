#include "trimtab/latency/testing/synthetic_microservice.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "trimtab/application/interference.h"
#include "trimtab/latency/latency_model.h"
#include "trimtab/latency/latency_sample.h"
#include "trimtab/probability/random_stream.h"
#include "trimtab/quantity/quantity.h"
#include "trimtab/quantity/time.h"

namespace trimtab::testing {
namespace {

constexpr int kSettings = 10;
constexpr int kInterferences = 16;
constexpr double kOverload = 0.92;
constexpr double kCapMs = 5000;

// The paper's intensities: 30-60 % for memory capacity, 30-80 % for the others.
double Intensity(InterferenceKind kind, double position) {
  return 0.3 + (kind == InterferenceKind::kMemoryCapacity ? 0.3 : 0.5) * position;
}

}  // namespace

SyntheticMicroservice::SyntheticMicroservice(std::uint64_t seed) {
  RandomStream random(seed, "synthetic microservice");
  base_ms_ = 1 + 4 * random.Uniform();
  demand_s_ = 0.002 + 0.008 * random.Uniform();
  working_set_mib_ = 150 + 350 * random.Uniform();
  cpu_sensitivity_ = 0.1 + 0.3 * random.Uniform();
  bandwidth_sensitivity_ = 0.05 + 0.25 * random.Uniform();
  network_ms_ = base_ms_ * (0.2 + random.Uniform());
  memory_penalty_ = 0.5 + 1.5 * random.Uniform();
}

double SyntheticMicroservice::TailMilliseconds(double cores, double memory_mib, double load,
                                               const Interference& interference) const {
  const auto share = [&](InterferenceKind kind) { return interference.ValueOr(kind, 0); };
  const double effective_cores =
      cores * (1 - cpu_sensitivity_ * share(InterferenceKind::kCpu) -
               bandwidth_sensitivity_ * share(InterferenceKind::kMemoryBandwidth));
  const double service_rate = effective_cores / demand_s_;
  const double utilization = load / service_rate;
  // P95 of an exponential sojourn is ln 20 times its mean.
  const double knee = std::log(20.0) / (service_rate * (1 - std::min(utilization, kOverload)));
  const double overload = std::max(0.0, utilization - kOverload) / (1 - kOverload);
  const double queue_ms = 1000 * knee * (1 + overload);
  const double needed = working_set_mib_ * (1 + 0.8 * share(InterferenceKind::kMemoryCapacity));
  const double shortage = std::max(0.0, needed / memory_mib - 1);
  const double memory_factor = 1 + memory_penalty_ * shortage / (1 + 0.3 * shortage);
  const double network = share(InterferenceKind::kNetworkBandwidth);
  return std::min(kCapMs, (base_ms_ + network_ms_ * network * network + queue_ms) * memory_factor);
}

Latency SyntheticMicroservice::Tail(const LatencyFeatures& features) const {
  return Latency(TailMilliseconds(InCores(features.container.cpu),
                                  InMebibytes(features.container.memory),
                                  features.container_load.value(), features.interference));
}

LatencyGradient SyntheticMicroservice::Gradient(const LatencyFeatures& features) const {
  const double cores = InCores(features.container.cpu);
  const double memory = InMebibytes(features.container.memory);
  const double load = features.container_load.value();
  const Interference& interference = features.interference;
  const auto slope = [](double at, const auto& tail) {
    const double step = 1e-4 * at;
    return (tail(at + step) - tail(at - step)) / (2 * step);
  };
  return {slope(cores, [&](double x) { return TailMilliseconds(x, memory, load, interference); }),
          slope(memory, [&](double x) { return TailMilliseconds(cores, x, load, interference); }),
          slope(load, [&](double x) { return TailMilliseconds(cores, memory, x, interference); })};
}

LatencySample SyntheticMicroservice::Noisy(const LatencyFeatures& features,
                                           RandomStream& random) const {
  const double deviation = 0.04 + 0.04 * random.Uniform();
  double factor = std::exp(deviation * random.Normal());
  if (random.Uniform() < 0.01) factor *= 1.5 + random.Uniform();
  return {
      .features = features, .tail = Tail(features) * factor, .relative_standard_error = deviation};
}

template <class NextInterference>
std::vector<LatencySample> SyntheticMicroservice::Sweep(std::uint64_t seed,
                                                        NextInterference next) const {
  RandomStream random(seed, "synthetic samples");
  std::vector<LatencySample> samples;
  samples.reserve(std::size_t{kSettings} * kSettings * kSettings * kInterferences);
  for (int i = 0; i < kSettings * kSettings * kSettings * kInterferences; ++i) {
    const int cpu = 1 + i % kSettings;
    const int memory = 1 + i / kSettings % kSettings;
    const int step = i / (kSettings * kSettings) % kSettings;
    LatencyFeatures features;
    features.container = {Millicores(100 * cpu), Mebibytes(100 * memory)};
    const double utilization = 0.1 + 0.7 * step / (kSettings - 1);
    features.container_load =
        RequestsPerSecond(utilization * InCores(features.container.cpu) / demand_s_);
    features.interference = next(i / (kSettings * kSettings * kSettings), random);
    samples.push_back(Noisy(features, random));
  }
  for (std::size_t i = samples.size(); i > 1; --i) {
    std::swap(samples[i - 1], samples[random.Below(i)]);
  }
  return samples;
}

std::vector<LatencySample> SyntheticMicroservice::Grid(std::uint64_t seed) const {
  return Sweep(seed, [](int index, RandomStream&) {
    Interference interference = Interference::None();
    const InterferenceKind kind = kInterferenceKinds[static_cast<std::size_t>(index / 4)];
    interference.Set(kind, Ratio(Intensity(kind, index % 4 / 3.0)));
    return interference;
  });
}

std::vector<LatencySample> SyntheticMicroservice::Joint(std::uint64_t seed) const {
  return Sweep(seed, [](int, RandomStream& random) {
    Interference interference = Interference::None();
    for (const InterferenceKind kind : kInterferenceKinds) {
      if (random.Uniform() < 0.2) continue;
      interference.Set(kind, Ratio(Intensity(kind, random.Uniform())));
    }
    return interference;
  });
}

}  // namespace trimtab::testing
