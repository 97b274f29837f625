// Random problems of any size for tests, benchmarks and whoever wants to compare an optimiser.
#pragma once

#include <cstdint>

#include "absl/status/statusor.h"
#include "trimtab/scaling/derm/derm_problem.h"

namespace trimtab {

struct DermInstanceOptions {
  int microservices = 50;
  int graphs = 12;
  bool parallel = false;   // random trees; otherwise sequences
  double tightness = 1.5;  // SLA over the P95 with idle containers
  double application_load = 1000;
  int most_visits = 1;  // of a microservice in a graph, uniform from 1
  std::uint64_t seed = 1;
};

// Microservices: idle mean 8 ms times a lognormal(0.6), capacity 40 calls/s times a lognormal(0.8),
// offset uniform up to half the mean. Graphs: 5 to 30 microservices of up to 50, 20 to 150 of up to
// 400, 40 to 400 of more; a third of each from a popular core of a tenth of all; shares Zipf(1).
// Trees: random recursive of depth at most 6, a step parallel with probability 0.6, 2 to 8
// branches. Same options, same instance on every machine. kInvalidArgument: fewer than 10
// microservices, no graph, a tightness that is not above 1.
absl::StatusOr<DermProblem> MakeDermInstance(const DermInstanceOptions& options);

}  // namespace trimtab
