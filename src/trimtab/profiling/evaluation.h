// How models do on the samples of a table that were held out (Grad figure 8).
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "trimtab/endtoend/end_to_end_trainer.h"
#include "trimtab/latency/accuracy.h"
#include "trimtab/latency/latency_model.h"
#include "trimtab/latency/latency_models.h"
#include "trimtab/profiling/sample_table.h"

namespace trimtab {

// The samples of each microservice, divided as the table's roles say, for EvaluateLatencyModel().
std::vector<MicroserviceSamples> DividedSamplesOf(const SampleTable& table);

// Figure 8b: the end-to-end predictor in every EndToEndKind, trained on the runs of the table to
// train on and tested on those held out, both fed with what `models` (in the order of
// MicroserviceId) predict. One report a kind, each with the one entry "end-to-end"; the kinds train
// on up to `threads` threads, which changes no figure. Fails as TrainEndToEnd(), and with
// kInvalidArgument when no run was held out.
absl::StatusOr<std::vector<AccuracyReport>> EvaluateEndToEnd(
    const SampleTable& table, std::span<const LatencyModel* const> models,
    const EndToEndTrainingOptions& options, int threads);

}  // namespace trimtab
