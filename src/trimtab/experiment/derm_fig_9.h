// Derm figures 9a and 9b: which distribution own latency has, and how its rate follows the load.
#pragma once

#include "absl/status/statusor.h"
#include "trimtab/experiment/experiment.h"

namespace trimtab {

// Derm VIII-B1 on the simulated cluster: each microservice alone at ten loads of 2,000 requests,
// the last 20 % of each held out. The exponential, log-logistic, Burr and Pareto families by least
// squares, a normal beside them; KS distance and P95 on what was held out. Five seeds.
// Fails as DrawLoads(), naming the microservice; kCancelled when the input says so.
absl::StatusOr<ExperimentResult> RunDermFig9a(const ExperimentInput& input);

// The rates of the same loads: each fifth of the ten loads held out in turn, predicted from the
// others by the line of eq. 3 (free, and under the constraints of D9), XGBoost and a random forest;
// the mean of the other rates beside them. No support vector regression: Debian has no such library
// for C++. Learners whose library is missing are left out and named.
absl::StatusOr<ExperimentResult> RunDermFig9b(const ExperimentInput& input);

}  // namespace trimtab
