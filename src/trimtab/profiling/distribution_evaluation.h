// How well distributions describe the own latencies of a recording (Derm VIII-B1, figure 9a).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "trimtab/latency/latency_distribution.h"
#include "trimtab/latency/load_models.h"
#include "trimtab/profiling/loaded_latencies.h"

namespace trimtab {

// A family fitted at each load to the samples not held out; means over the loads.
struct FamilyAccuracy {
  LatencyFamily family = LatencyFamily::kExponential;
  double ks = 0;         // against the samples held out
  double p95_error = 0;  // |fitted / held out - 1|
};

struct DistributionAccuracy {
  std::string name;
  std::int64_t samples = 0;
  std::int64_t loads = 0;
  std::vector<FamilyAccuracy> families;  // in the order of kLatencyFamilies
  // With each load left out in turn; empty with fewer than three loads.
  std::vector<LoadModelAccuracy> over_load;
};

struct DistributionEvaluation {
  std::vector<DistributionAccuracy> microservices;
  struct LeftOut {
    std::string name;
    std::string reason;
  };
  std::vector<LeftOut> left_out;
};

struct DistributionEvaluationOptions {
  double held_out = 0.2;  // share of the samples of a load (VIII-B)
  std::int64_t fewest_samples = 50;
  std::uint64_t seed = 1;
};

// A load of a microservice with fewer samples, or with no spread, is not used; a microservice
// without any is left out, with the reason.
DistributionEvaluation EvaluateDistributions(const LoadedLatencies& latencies,
                                             const DistributionEvaluationOptions& options);

}  // namespace trimtab
