// Measures the distributions that Derm plans on: every microservice in containers of one size, over
// loads and levels of interference (Derm VIII-B).
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "trimtab/application/allocation.h"
#include "trimtab/application/application.h"
#include "trimtab/application/interference.h"
#include "trimtab/profile/distribution_profile.h"
#include "trimtab/profiling/distribution_trees.h"
#include "trimtab/profiling/sample_source.h"

namespace trimtab {

struct DistributionSweepOptions {
  // Decides behaviour. Even steps up to the highest load at which measuring alone is right.
  int loads = 10;
  // Whole-tree runs, which stand for the loads that they reach.
  DistributionTreeOptions trees = {};
  // What `paper` is fitted to, by plain subtraction where calls are traced (D21); the paper takes
  // 2,000 a load.
  std::int64_t paper_samples = 2'000;
  // What moments and cumulants are taken from: queues correlate the latencies of one moment, and
  // third cumulants need many moments.
  std::int64_t samples = 20'000;
  // The last ones of each load test the fits (VIII-B: 20 %).
  double held_out = 0.2;
  // Shares of the four resources that others use, a level each; memory capacity at most 0.6, which
  // is what profiling injects. Rising.
  std::vector<double> levels = {0, 0.2, 0.4, 0.6};
  std::uint64_t seed = 1;

  // kInvalidArgument naming every value that is out of its bound.
  absl::Status Validate() const;
};

struct DistributionSweepRunner {
  int threads = 1;  // changes no figure
  // May be empty. Microservices done of all; called under a lock, from any of the threads.
  std::function<void(std::int64_t done, std::int64_t total)> progress = {};
  const std::atomic<bool>* stop = nullptr;  // null: runs to its end
};

// All four kinds at `share`, memory capacity at most 0.6.
Interference InterferenceLevel(double share);

// `containers` are by MicroserviceId. Loads between the lowest and the highest of the whole-tree
// runs are measured there; lower ones, and those of a microservice that is visited too rarely, on
// the container alone as far as that is right (see docs/profiling.md): a utilisation of at most
// 0.8, of at most 0.6 for servers whose threads block, and a pool that is rarely full. Loads whose
// latency does not vary at all are given a deviation of a thousandth of their mean. Fails with
// kInvalidArgument, naming the microservice, when a container cannot run under a level; with
// kCancelled after `runner.stop`; else as `source` does.
absl::StatusOr<DistributionProfile> MeasureDistributions(
    const Application& application, const std::string& scenario_hash,
    std::span<const ContainerConfig> containers, const SampleSource& source,
    const DistributionSweepOptions& options, const DistributionSweepRunner& runner);

// What MeasureDistributions() measures on a container alone for one microservice and level:
// `options.samples` latencies at each of `options.loads` loads. `stream` names the random numbers.
// Fails as that does.
absl::StatusOr<std::vector<DrawnLoad>> DrawLoads(const SampleSource& source,
                                                 MicroserviceId microservice,
                                                 const ContainerConfig& container,
                                                 const Interference& level, std::string_view stream,
                                                 const DistributionSweepOptions& options,
                                                 const std::atomic<bool>* stop = nullptr);

// The laws of one microservice at one level from loads in rising order. kInvalidArgument for no
// load, or latencies that are negative or not finite.
absl::StatusOr<LatencyLaws> FitLaws(std::span<const DrawnLoad> loads,
                                    const DistributionSweepOptions& options);

}  // namespace trimtab
