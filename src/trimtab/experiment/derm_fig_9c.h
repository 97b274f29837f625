// Derm figure 9c: the end-to-end latency, estimated from own latencies.
#pragma once

#include "absl/status/statusor.h"
#include "trimtab/experiment/experiment.h"

namespace trimtab {

// Derm VIII-B1 without Alibaba's traces: simulated TrainTicket (`input`) and an application of
// DeathStarBench (`input.beside`, if there is one) under four loads and five seeds, and the
// measured spans in `input.data_file`, if one is given. The P95 of all requests composed from own
// latencies by Derm's exponential, by moments, by three cumulants and by the samples themselves,
// visits taken as independent. Fails as RecordSimulation(), ReadSpans() and EvaluateComposition().
absl::StatusOr<ExperimentResult> RunDermFig9c(const ExperimentInput& input);

}  // namespace trimtab
