// A made-up application with trained latency models, for tests and benchmarks of policies.
#pragma once

#include <cstdint>
#include <vector>

#include "trimtab/application/application.h"
#include "trimtab/endtoend/end_to_end_model.h"
#include "trimtab/latency/neural_latency_model.h"
#include "trimtab/monitoring/observation.h"
#include "trimtab/scaling/grad/grad_models.h"
#include "trimtab/scaling/planning_input.h"

namespace trimtab::testing {

// Networks trained on the synthetic microservices of `latency`, one for each seed 0, 1, ...; the
// same ones on every call. About 0.1 s of CPU time each.
const std::vector<NeuralLatencyModel>& TrainedLatencyModels();

// Microservices "m0", "m1", ..., each with a trained model, in a sequence; every replica on a host
// with interference of its own; loads at `load_share` of the most that is profiled for 0.5 core.
struct SyntheticCluster {
  SyntheticCluster(int microservices, int replicas, EndToEndKind kind, double load_share,
                   std::uint64_t seed);

  GradModels Models() const;
  PlanningInput Input(Latency sla) const;
  // What the models and the end-to-end model expect of an allocation, in double precision.
  Latency ExpectedTail(const Allocation& allocation) const;

  Application application;
  std::vector<const NeuralLatencyModel*> latency;  // by MicroserviceId
  EndToEndModel end_to_end;
  Allocation desired;
  Observation observation;
};

}  // namespace trimtab::testing
