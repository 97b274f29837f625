#include "trimtab/experiment/sampled_application.h"

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "trimtab/profiling/evaluation.h"
#include "trimtab/profiling/sweep.h"
#include "trimtab/simulation/simulated_samples.h"

namespace trimtab {
namespace {

// A line of progress for each stage; the totals are known once a stage begins.
class SweepLines {
 public:
  explicit SweepLines(ExperimentProgress& progress) : progress_(progress) {}

  void Show(const SweepProgress& at) {
    constexpr std::array kNames = {"measure alone", "measure whole trees", "measure both ways"};
    const auto stage = static_cast<std::size_t>(at.stage);
    if (!lines_[stage]) lines_[stage] = progress_.Start(kNames[stage], at.total);
    lines_[stage](at.done);
  }

 private:
  ExperimentProgress& progress_;
  std::array<std::function<void(std::int64_t)>, 3> lines_;
};

}  // namespace

absl::StatusOr<SampleTable> MeasureSamples(const ExperimentInput& input) {
  const auto source = SimulatedSamples::Create(input.scenario.cluster);
  if (!source.ok()) return source.status();
  SweepOptions options = SweepOptions::Demo();
  options.seed = input.seed;
  const auto prepared = PrepareSweep(input.scenario.application, **source,
                                     ClusterHash(input.scenario.cluster), options);
  if (!prepared.ok()) return prepared.status();
  SweepLines lines(input.progress);
  std::atomic<bool> stop = false;
  const SweepRunner runner{.threads = input.threads,
                           .progress =
                               [&](const SweepProgress& at) {
                                 lines.Show(at);
                                 if (input.stopped && input.stopped()) stop = true;
                               },
                           .stop = &stop};
  return RunSweep(input.scenario.application, **source, *prepared, runner, nullptr);
}

absl::StatusOr<std::vector<MicroserviceSamples>> JudgedSamplesOf(const SampleTable& table) {
  std::vector<MicroserviceSamples> samples = DividedSamplesOf(table);
  std::erase_if(samples, [](const MicroserviceSamples& of) {
    return of.training.empty() || of.test.empty();
  });
  if (samples.empty()) return absl::InvalidArgumentError("the sweep held no sample out");
  return samples;
}

}  // namespace trimtab
