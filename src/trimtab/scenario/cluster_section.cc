#include <string>

#include "fmt/format.h"
#include "trimtab/quantity/quantity.h"
#include "trimtab/scenario/config_reader.h"
#include "trimtab/scenario/scenario_sections.h"
#include "trimtab/simulation/scenario.h"
#include "trimtab/yaml/yaml_document.h"

namespace trimtab {
namespace {

constexpr int kMostHosts = 100000;

// `count` hosts named "name-1", "name-2", ..., or one named "name" without a count.
void ReadHosts(const YamlNode& node, const std::string& path, ConfigProblems& problems,
               ClusterScenario& cluster) {
  HostSpec host;
  int count = 1;
  MapReader map(node, path, problems);
  for (const char* key : {"name", "cpu", "memory"}) map.Require(key);
  map.Text("name", host.name);
  const bool counted = map.Find("count") != nullptr;
  map.Integer("count", count, {1, kMostHosts});
  map.Cpu("cpu", host.cpu, {0.001, 4096});
  map.Memory("memory", host.memory);
  map.Number("memoryBandwidth", host.memory_bandwidth, {1, 1e15});
  map.Number("networkBandwidth", host.network_bandwidth, {1, 1e15});
  map.Finish();
  for (int i = 1; i <= count; ++i) {
    cluster.hosts.push_back(host);
    if (counted) cluster.hosts.back().name = fmt::format("{}-{}", host.name, i);
  }
}

void ReadNetwork(const YamlNode& node, const std::string& path, ConfigProblems& problems,
                 NetworkSpec& network) {
  MapReader map(node, path, problems);
  map.Time("hop", network.hop);
  map.Time("entryHop", network.entry_hop);
  map.Number("idleUntil", network.idle_until, {0, 0.99});
  map.Finish();
}

void ReadLife(const YamlNode& node, const std::string& path, ConfigProblems& problems,
              LifeSpec& life) {
  MapReader map(node, path, problems);
  map.Time("decisionDelay", life.decision_delay);
  map.Time("resizeDelay", life.resize_delay);
  map.Number("startsPerSecond", life.starts_per_second, {1e-3, 1e6});
  map.Time("readinessPeriod", life.readiness_period);
  map.Time("shortestPropagation", life.shortest_propagation);
  map.Time("longestPropagation", life.longest_propagation);
  map.Time("terminationGrace", life.termination_grace);
  map.Time("firstBackOff", life.first_back_off);
  map.Time("longestBackOff", life.longest_back_off);
  map.Finish();
}

}  // namespace

void ReadCluster(const YamlNode& node, const std::string& path, ConfigProblems& problems,
                 ClusterScenario& cluster) {
  MapReader map(node, path, problems);
  map.Require("hosts");
  map.Items("hosts", [&](const YamlNode& item, const std::string& at) {
    if (static_cast<int>(cluster.hosts.size()) < kMostHosts) {
      ReadHosts(item, at, problems, cluster);
    } else {
      problems.Add(item.line, at, fmt::format("more than {} hosts", kMostHosts));
    }
  });
  if (const YamlNode* network = map.Find("network"); network != nullptr) {
    ReadNetwork(*network, map.PathOf("network"), problems, cluster.network);
  }
  if (const YamlNode* life = map.Find("life"); life != nullptr) {
    ReadLife(*life, map.PathOf("life"), problems, cluster.life);
  }
  map.Time("quotaPeriod", cluster.quota_period);
  if (const YamlNode* start = map.Find("spanStart"); start != nullptr) {
    if (start->text == "threadStart") {
      cluster.span_start = SpanStart::kThreadStart;
    } else if (start->text != "arrival") {
      map.Problem("spanStart", fmt::format("is '{}', must be arrival or threadStart", start->text));
    }
  }
  map.Finish();
}

}  // namespace trimtab
