// A microservice whose tail latency is a known formula: an oracle for latency models.
#pragma once

#include <cstdint>
#include <vector>

#include "trimtab/latency/latency_model.h"
#include "trimtab/latency/latency_sample.h"
#include "trimtab/probability/random_stream.h"
#include "trimtab/quantity/time.h"

namespace trimtab::testing {

// tail = (base + network * I_nb^2 + P95 of an M/M/1 queue) * memory factor, capped. The queue's
// service rate falls with CPU and memory-bandwidth interference; from utilisation 0.92 on it grows
// linearly (an overload seen through a finite window). The memory factor is 1 above the working
// set, which memory-capacity interference raises, and grows below it.
class SyntheticMicroservice {
 public:
  // Random parameters: base 1-5 ms, demand 2-10 ms, working set 150-500 MiB.
  explicit SyntheticMicroservice(std::uint64_t seed);

  Latency Tail(const LatencyFeatures& features) const;
  // Exact up to 1e-6 relative: central differences of the formula.
  LatencyGradient Gradient(const LatencyFeatures& features) const;

  // 10 CPU x 10 memory settings x 10 loads (utilisation 0.1-0.8) x 16 interferences (four kinds at
  // four intensities, one at a time) = 16,000 samples in random order, with log-normal noise of
  // 4-8 % and 1 % outliers.
  std::vector<LatencySample> Grid(std::uint64_t seed) const;
  // As Grid, all four interferences varying together: harder.
  std::vector<LatencySample> Joint(std::uint64_t seed) const;

 private:
  double TailMilliseconds(double cores, double memory_mib, double load,
                          const Interference& interference) const;
  LatencySample Noisy(const LatencyFeatures& features, RandomStream& random) const;
  template <class NextInterference>
  std::vector<LatencySample> Sweep(std::uint64_t seed, NextInterference next) const;

  double base_ms_;
  double demand_s_;
  double working_set_mib_;
  double cpu_sensitivity_;
  double bandwidth_sensitivity_;
  double network_ms_;
  double memory_penalty_;
};

// A held-out part of samples in random order: the last 15 %.
inline std::size_t TrainingCount(std::size_t samples) { return samples * 85 / 100; }

}  // namespace trimtab::testing
