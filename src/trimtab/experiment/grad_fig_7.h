// Grad figure 7: what training costs as the application grows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "absl/status/statusor.h"
#include "trimtab/experiment/experiment.h"

namespace trimtab {

// A length of training and what it reaches.
struct TrainingRung {
  std::int64_t samples_read = 0;  // of NeuralLatencyOptions
  double median = 0;              // accuracy over the microservices, in percent
  double cpu_seconds = 0;         // of all of them
};
// The first rung whose median is at least `goal`, in percent.
std::optional<std::size_t> FirstReaching(std::span<const TrainingRung> rungs, double goal);

// Finds the shortest training whose median accuracy reaches 90 % on the scenario's microservices,
// then trains 5 to 2,500 latency models with it, for real. Beyond the scenario's own microservices
// the samples of one are drawn from theirs with replacement. Trainings of the usual length stand
// beside them for up to 100 models, and that of the end-to-end predictor.
// Fails as MeasureSamples() and the trainers; kFailedPrecondition when no length reaches 90 %.
absl::StatusOr<ExperimentResult> RunGradFig7(const ExperimentInput& input);

}  // namespace trimtab
