// From a table of samples to what the models are trained on.
#pragma once

#include <span>
#include <vector>

#include "trimtab/application/ids.h"
#include "trimtab/endtoend/own_latency.h"
#include "trimtab/latency/latency_model.h"
#include "trimtab/latency/latency_sample.h"
#include "trimtab/profiling/sample_table.h"

namespace trimtab {

// A P95 of fewer requests has fewer than 25 above it and says little.
inline constexpr std::int64_t kFewestRequestsOfALabel = 500;

// Relative, as estimated when it was measured.
inline constexpr double kMostErrorOfATestLabel = 0.1;

// The rows of one microservice with this role, alone and in the tree. Where alone is least certain
// (utilisation above 0.6) the measured bias of measuring alone counts into the label's error, twice
// into that of the variance and thrice into that of the third cumulant.
// Rows without a latency or with fewer than kFewestRequestsOfALabel requests are left out, and of
// those to test on the ones whose own error exceeds kMostErrorOfATestLabel: a model is not to be
// judged by them.
std::vector<LatencySample> LatencySamplesOf(const SampleTable& table, MicroserviceId microservice,
                                            SampleRole role);

// One sample a whole-tree run with this role, in the order of the table: the end-to-end tail that
// was measured over the own latencies that `models` predict for the run's containers, for that is
// what planning will feed the predictor (Grad IV-C). `models` in the order of MicroserviceId, as
// many as the table has microservices.
std::vector<EndToEndSample> EndToEndSamplesOf(const SampleTable& table, SampleRole role,
                                              std::span<const LatencyModel* const> models);

}  // namespace trimtab
