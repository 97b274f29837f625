// Small hand-written scenarios for tests and benchmarks.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "trimtab/simulation/scenario.h"

namespace trimtab {

inline ProgramStep Cpu(Distribution demand) { return {CpuStep{std::move(demand)}}; }
inline ProgramStep Wait(Distribution time) { return {WaitStep{std::move(time)}}; }
inline ProgramStep Call(std::vector<std::string> microservices, bool parallel = false,
                        double probability = 1) {
  CallStep call;
  for (auto& name : microservices) call.targets.push_back({std::move(name), "serve", {}});
  call.parallel = parallel;
  call.probability = probability;
  return {std::move(call)};
}

// A microservice with one endpoint, "serve"; one ready replica with more CPU quota than it can use,
// enough memory and nothing else that could get into the way of a formula.
inline MicroserviceSpec PlainMicroservice(std::string name, std::vector<ProgramStep> program) {
  MicroserviceSpec spec;
  spec.name = std::move(name);
  spec.parallelism = 1;
  spec.memory = {};
  spec.memory.heap = Mebibytes(10);
  EndpointSpec endpoint;
  endpoint.name = "serve";
  endpoint.program = std::move(program);
  spec.endpoints.push_back(std::move(endpoint));
  spec.initial = {1, {Cores(1000), Mebibytes(100)}};
  spec.start_up.delay = Deterministic{Latency(2000)};
  return spec;
}

// One huge host, no hops; the first microservice is the entry.
inline ClusterScenario PlainCluster(std::vector<MicroserviceSpec> microservices) {
  ClusterScenario scenario;
  scenario.name = "plain";
  scenario.hosts.push_back({"host-1", Cores(900'000), Gibibytes(900)});
  scenario.network.hop = Duration(0);
  scenario.entries.push_back({"request", microservices.front().name, "serve", 1.0, {}, {}});
  scenario.microservices = std::move(microservices);
  return scenario;
}

}  // namespace trimtab
