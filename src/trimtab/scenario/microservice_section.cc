#include <string>
#include <vector>

#include "fmt/format.h"
#include "trimtab/quantity/quantity.h"
#include "trimtab/scenario/config_reader.h"
#include "trimtab/scenario/scenario_sections.h"
#include "trimtab/simulation/scenario.h"
#include "trimtab/yaml/yaml_document.h"

namespace trimtab {
namespace {

constexpr Bound kShare{0, 1};
constexpr Bound kCores{0.001, 4096};
constexpr Bound kReplicas{1, 10000};

ContainerConfig ReadContainer(const YamlNode& node, const std::string& path,
                              ConfigProblems& problems, ContainerConfig config) {
  MapReader map(node, path, problems);
  map.Cpu("cpu", config.cpu, kCores);
  map.Memory("memory", config.memory);
  map.Finish();
  return config;
}

ScalingBounds ReadBounds(const YamlNode& node, const std::string& path, ConfigProblems& problems) {
  ScalingBounds bounds;
  MapReader map(node, path, problems);
  if (const YamlNode* inner = map.Find("smallest"); inner != nullptr) {
    bounds.smallest = ReadContainer(*inner, map.PathOf("smallest"), problems, bounds.smallest);
  }
  if (const YamlNode* inner = map.Find("largest"); inner != nullptr) {
    bounds.largest = ReadContainer(*inner, map.PathOf("largest"), problems, bounds.largest);
  }
  map.Integer("fewestReplicas", bounds.fewest_replicas, kReplicas);
  map.Integer("mostReplicas", bounds.most_replicas, kReplicas);
  map.Memory("workingSet", bounds.working_set);
  map.Finish();
  return bounds;
}

MicroserviceAllocation ReadInitial(const YamlNode& node, const std::string& path,
                                   ConfigProblems& problems, MicroserviceAllocation initial) {
  MapReader map(node, path, problems);
  map.Integer("replicas", initial.replicas, kReplicas);
  map.Cpu("cpu", initial.container.cpu, kCores);
  map.Memory("memory", initial.container.memory);
  map.Finish();
  return initial;
}

MemorySpec ReadMemory(const YamlNode& node, const std::string& path, ConfigProblems& problems) {
  MemorySpec memory;
  MapReader map(node, path, problems);
  map.Memory("heap", memory.heap);
  map.Memory("perFrame", memory.per_frame);
  map.Memory("filePages", memory.file_pages);
  map.Number("pagesPerRequest", memory.pages_per_request, {0, 1e6});
  map.Number("skew", memory.skew, {0.01, 100});
  map.Time("faultCpu", memory.fault_cpu);
  map.Time("faultWait", memory.fault_wait);
  map.Finish();
  return memory;
}

void ReadSensitivity(MapReader& map, const char* key, Sensitivity& sensitivity) {
  const YamlNode* node = map.Find(key);
  if (node == nullptr) return;
  MapReader inner(*node, map.PathOf(key), map.problems());
  inner.Number("slope", sensitivity.slope, {0, 1000});
  inner.Number("floor", sensitivity.floor, kShare);
  inner.Finish();
}

SensitivitySpec ReadSensitivities(const YamlNode& node, const std::string& path,
                                  ConfigProblems& problems) {
  SensitivitySpec sensitivity;
  MapReader map(node, path, problems);
  ReadSensitivity(map, "cpu", sensitivity.cpu);
  ReadSensitivity(map, "memoryCapacity", sensitivity.memory_capacity);
  ReadSensitivity(map, "memoryBandwidth", sensitivity.memory_bandwidth);
  map.Finish();
  return sensitivity;
}

LoadBalancing ReadBalancing(MapReader& map) {
  const YamlNode* node = map.Find("balancing");
  if (node == nullptr || node->text == "random") return LoadBalancing::kRandom;
  if (node->text == "roundRobin") return LoadBalancing::kRoundRobin;
  if (node->text == "leastOfTwo") return LoadBalancing::kLeastOfTwo;
  map.Problem("balancing",
              fmt::format("is '{}', must be random, roundRobin or leastOfTwo", node->text));
  return LoadBalancing::kRandom;
}

EndpointSpec ReadEndpoint(const YamlNode& node, const std::string& path, ConfigProblems& problems,
                          std::vector<EndpointReference>& references) {
  EndpointSpec endpoint;
  MapReader map(node, path, problems);
  map.Require("name");
  map.Text("name", endpoint.name);
  map.Time("transfer", endpoint.transfer);
  map.Memory("networkBytes", endpoint.network_bytes);
  if (const YamlNode* program = map.Require("program"); program != nullptr) {
    endpoint.program = ReadProgram(*program, map.PathOf("program"), problems, references);
  }
  map.Finish();
  return endpoint;
}

}  // namespace

MicroserviceSpec ReadMicroservice(const YamlNode& node, const std::string& path,
                                  ConfigProblems& problems,
                                  std::vector<EndpointReference>& references) {
  MicroserviceSpec spec;
  spec.initial = {1, {Millicores(200), Mebibytes(100)}};
  MapReader map(node, path, problems);
  map.Require("name");
  map.Text("name", spec.name);
  map.Integer("threads", spec.threads, {0, 100000});
  map.Number("parallelism", spec.parallelism, kCores);
  spec.balancing = ReadBalancing(map);
  map.Number("memoryTraffic", spec.memory_traffic, {0, 1e15});
  if (const YamlNode* bounds = map.Find("bounds"); bounds != nullptr) {
    spec.bounds = ReadBounds(*bounds, map.PathOf("bounds"), problems);
  }
  if (const YamlNode* initial = map.Find("initial"); initial != nullptr) {
    spec.initial = ReadInitial(*initial, map.PathOf("initial"), problems, spec.initial);
  }
  if (const YamlNode* memory = map.Find("memory"); memory != nullptr) {
    spec.memory = ReadMemory(*memory, map.PathOf("memory"), problems);
  }
  if (const YamlNode* sensitivity = map.Find("sensitivity"); sensitivity != nullptr) {
    spec.sensitivity = ReadSensitivities(*sensitivity, map.PathOf("sensitivity"), problems);
  }
  if (const YamlNode* cold = map.Find("coldCache"); cold != nullptr) {
    MapReader inner(*cold, map.PathOf("coldCache"), problems);
    inner.Number("missingShare", spec.cold_cache.missing_share, kShare);
    inner.Number("requests", spec.cold_cache.requests, {0, 1e12});
    inner.Finish();
  }
  if (const YamlNode* start = map.Find("startUp"); start != nullptr) {
    MapReader inner(*start, map.PathOf("startUp"), problems);
    if (const YamlNode* delay = inner.Find("delay"); delay != nullptr) {
      spec.start_up.delay = ReadDistribution(*delay, inner.PathOf("delay"), problems);
    }
    if (const YamlNode* cpu = inner.Find("cpu"); cpu != nullptr) {
      spec.start_up.cpu = ReadDistribution(*cpu, inner.PathOf("cpu"), problems);
    }
    inner.Finish();
  }
  map.Items("hosts", [&](const YamlNode& host, const std::string& at) {
    if (host.kind != YamlNode::Kind::kScalar) problems.Add(host.line, at, "must be a host's name");
    spec.hosts.push_back(host.text);
  });
  map.Require("endpoints");
  map.Items("endpoints", [&](const YamlNode& endpoint, const std::string& at) {
    spec.endpoints.push_back(ReadEndpoint(endpoint, at, problems, references));
  });
  map.Finish();
  return spec;
}

}  // namespace trimtab
