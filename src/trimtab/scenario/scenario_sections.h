// The sections of a scenario file, one reader each; LoadScenario() puts them together.
#pragma once

#include <string>
#include <vector>

#include "trimtab/scenario/config_reader.h"
#include "trimtab/simulation/request_model.h"
#include "trimtab/simulation/scenario.h"
#include "trimtab/workload/workload.h"
#include "trimtab/yaml/yaml_document.h"

namespace trimtab {

// A reference from a call or an operation to "microservice/endpoint", checked when all are known.
struct EndpointReference {
  int line;
  std::string path;
  std::string microservice;
  std::string endpoint;
};

Distribution ReadDistribution(const YamlNode& node, const std::string& path,
                              ConfigProblems& problems);
std::vector<ProgramStep> ReadProgram(const YamlNode& node, const std::string& path,
                                     ConfigProblems& problems,
                                     std::vector<EndpointReference>& references);
ArgumentSpec ReadArgument(const YamlNode& node, const std::string& path, ConfigProblems& problems);
StateSpec ReadState(const YamlNode& node, const std::string& path, ConfigProblems& problems);
// One condition, or a list of which all must hold.
std::vector<ConditionSpec> ReadConditions(const YamlNode& node, const std::string& path,
                                          ConfigProblems& problems);
EffectSpec ReadEffect(const YamlNode& node, const std::string& path, ConfigProblems& problems);
// The keys of a repeat that say how often.
RepeatCountSpec ReadRepeatCount(MapReader& map);
MicroserviceSpec ReadMicroservice(const YamlNode& node, const std::string& path,
                                  ConfigProblems& problems,
                                  std::vector<EndpointReference>& references);
// Hosts, network, life, quota period and span start.
void ReadCluster(const YamlNode& node, const std::string& path, ConfigProblems& problems,
                 ClusterScenario& cluster);
Workload ReadWorkload(const YamlNode& node, const std::string& path, ConfigProblems& problems);

// "geo/Nearby" in two; reports what is not of that form.
EndpointReference ReadReference(const YamlNode& node, const std::string& path,
                                ConfigProblems& problems);

}  // namespace trimtab
