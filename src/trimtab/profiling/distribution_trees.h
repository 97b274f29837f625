// Own latencies under load in the whole application.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "trimtab/application/allocation.h"
#include "trimtab/application/application.h"
#include "trimtab/application/interference.h"
#include "trimtab/profiling/sample_source.h"

namespace trimtab {

// The latencies of one load, in order of time.
struct DrawnLoad {
  double container_load = 0;
  std::vector<double> seconds;
  std::vector<double> plain_seconds = {};  // by plain subtraction (D21); empty: `seconds`
};

// Loads of one microservice closer than this ratio are one.
inline constexpr double kNextLoad = 1.02;

struct DistributionTreeOptions {
  // Of every container at once, one run each. Rising; empty: no runs.
  std::vector<double> utilizations = {0.3, 0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9};
  // Of the application, in each run.
  std::int64_t requests = 30'000;
  // Latencies kept of a microservice and run, evenly over the run.
  std::int64_t samples = 20'000;
};

// Calls of one request come in bursts, and a thread that waits for its callees keeps others
// waiting; a container alone shows neither (at a utilisation of 0.8 it promises TrainTicket's
// orders 9 ms, of 38). So: whole-tree runs of the application in containers of the given sizes,
// about six for each microservice, as many as bring each to the utilisation of the run (what the
// run before used decides; one that is called rarely stays below). By MicroserviceId, loads rising
// by 2 % or more; none for a microservice that is visited too rarely to tell a distribution. Runs
// that the world refuses, which are the heavier ones, end the series. `stream` names the random
// numbers; `run_done` is called after each run. Fails with kInvalidArgument when a container cannot
// run, kCancelled after `stop`, else as `source`.
absl::StatusOr<std::vector<std::vector<DrawnLoad>>> DrawTreeLoads(
    const Application& application, std::span<const ContainerConfig> containers,
    const Interference& interference, const SampleSource& source, std::uint64_t seed,
    std::string_view stream, const DistributionTreeOptions& options,
    const std::atomic<bool>* stop = nullptr, const std::function<void()>& run_done = {});

}  // namespace trimtab
