// From samples to an application's profile.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "trimtab/endtoend/end_to_end_trainer.h"
#include "trimtab/latency/neural_latency_model.h"
#include "trimtab/profile/application_profile.h"
#include "trimtab/profiling/sample_table.h"
#include "trimtab/profiling/sweep.h"

namespace trimtab {

struct TrainingOptions {
  // Of the latency models; the seed of each is derived from `seed` and the microservice's name.
  NeuralLatencyOptions latency = {};
  EndToEndTrainingOptions end_to_end = {};
  std::uint64_t seed = 1;
  // Also the models of cumulants, each from three networks with the options of `latency`. Neither
  // changes the other models.
  bool cumulants = true;
  int threads = 1;  // does not change a model
  // May be empty; called from any of the threads, one at a time: models done of models in all.
  std::function<void(std::int64_t done, std::int64_t total)> progress = {};
};

// Trains one latency model for each microservice (Grad IV-A) on the training rows of `samples`,
// and one of cumulants if asked for, then the end-to-end predictor (IV-C) on the training runs of
// `tree_samples`, fed with what the latency models predict, and measures the errors of all on the
// rows held out.
//
// kFailedPrecondition, naming the fields that differ, when the tables are not of the same scenario;
// kInvalidArgument when a microservice has fewer than kFewestTrainingSamples samples, or as the
// trainers fail. The same tables, options and seeds give the same profile.
inline constexpr std::int64_t kFewestTrainingSamples = 20;
absl::StatusOr<ApplicationProfile> TrainProfile(const SampleTable& samples,
                                                const SampleTable& tree_samples,
                                                const TrainingOptions& options);

// Sweep and training in one, all in memory: what `RunSweep` measures, `TrainProfile` learns.
struct ProfiledApplication {
  SampleTable samples;
  ApplicationProfile profile;
};
absl::StatusOr<ProfiledApplication> ProfileAndTrain(
    const Application& application, const SampleSource& source, const std::string& scenario_hash,
    const SweepOptions& sweep, const SweepRunner& runner, const TrainingOptions& training);

}  // namespace trimtab
