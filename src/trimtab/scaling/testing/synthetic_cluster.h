// A made-up application with trained latency models, for tests and benchmarks of policies.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "trimtab/application/application.h"
#include "trimtab/endtoend/end_to_end_model.h"
#include "trimtab/latency/neural_latency_model.h"
#include "trimtab/monitoring/observation.h"
#include "trimtab/scaling/derm/derm_models.h"
#include "trimtab/scaling/grad/grad_models.h"
#include "trimtab/scaling/planning_input.h"

namespace trimtab::testing {

// Networks trained on the synthetic microservices of `latency`, one for each seed 0, 1, ...; the
// same ones on every call. About 0.1 s of CPU time each.
const std::vector<NeuralLatencyModel>& TrainedLatencyModels();

// Microservices "m0", "m1", ..., each with a trained model, in a sequence; every replica on a host
// with interference of its own; two classes of call graphs, one of them without the last
// microservice; loads at `load_share` of the most that is profiled for 0.5 core.
struct SyntheticCluster {
  SyntheticCluster(int microservices, int replicas, EndToEndKind kind, double load_share,
                   std::uint64_t seed);

  GradModels Models() const;
  // Derm's: rates over load that reach 0 at 1.25 times the most that is profiled for 0.5 core.
  DermModels LatencyLaws() const;
  PlanningInput Input(Latency sla) const;
  // What the models and the end-to-end model expect of an allocation, in double precision.
  Latency ExpectedTail(const Allocation& allocation) const;

  Application application;
  std::vector<const NeuralLatencyModel*> latency;  // by MicroserviceId
  EndToEndModel end_to_end;
  Allocation desired;
  Observation observation;

 private:
  void AddClass(std::string id, int visits, std::int64_t traces);
};

}  // namespace trimtab::testing
