#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "trimtab/application/application.h"
#include "trimtab/quantity/quantity.h"
#include "trimtab/quantity/time.h"
#include "trimtab/scenario/config_reader.h"
#include "trimtab/scenario/provenance.h"
#include "trimtab/scenario/scenario.h"
#include "trimtab/scenario/scenario_extension.h"
#include "trimtab/scenario/scenario_sections.h"
#include "trimtab/simulation/scenario.h"
#include "trimtab/yaml/yaml_document.h"

namespace trimtab {
namespace {

void ReadVersion(MapReader& map) {
  constexpr std::string_view kVersion = "trimtab.dev/v1alpha1";
  constexpr std::string_view kKind = "Scenario";
  for (const auto& [key, wanted] : {std::pair("apiVersion", kVersion), std::pair("kind", kKind)}) {
    const YamlNode* node = map.Require(key);
    if (node != nullptr && node->text != wanted) {
      map.Problem(key, fmt::format("is '{}', must be '{}'", node->text.substr(0, 64), wanted));
    }
  }
}

Sla ReadSla(const YamlNode& node, const std::string& path, ConfigProblems& problems) {
  Sla sla;
  MapReader map(node, path, problems);
  map.Require("latency");
  Duration latency = std::chrono::milliseconds(300);
  map.Time("latency", latency);
  if (latency <= Duration(0)) map.Problem("latency", "must be above 0");
  sla.latency = ToLatency(latency);
  double quantile = sla.quantile.level();
  map.Number("quantile", quantile, {0.01, 0.9999});
  sla.quantile = Quantile(quantile);
  map.Finish();
  return sla;
}

EntrySpec ReadOperation(const YamlNode& node, const std::string& path, ConfigProblems& problems,
                        std::vector<EndpointReference>& references) {
  EntrySpec entry;
  MapReader map(node, path, problems);
  map.Require("name");
  map.Text("name", entry.operation);
  if (const YamlNode* target = map.Require("entry"); target != nullptr) {
    references.push_back(ReadReference(*target, map.PathOf("entry"), problems));
    entry.microservice = references.back().microservice;
    entry.endpoint = references.back().endpoint;
  }
  map.Number("share", entry.share, {0, 1e9});
  if (map.Find("timeout") != nullptr) {
    Duration timeout{0};
    map.Time("timeout", timeout);
    if (timeout <= Duration(0)) map.Problem("timeout", "must be above 0");
    entry.timeout = timeout;
  }
  map.Items("effects", [&](const YamlNode& item, const std::string& at) {
    entry.effects.push_back(ReadEffect(item, at, problems));
  });
  map.Finish();
  return entry;
}

Provenance ReadProvenance(const YamlNode& node, const std::string& path, ConfigProblems& problems) {
  Provenance row;
  MapReader map(node, path, problems);
  for (const char* key : {"parameter", "value", "status", "source", "effect"}) map.Require(key);
  map.Text("parameter", row.parameter);
  map.Text("value", row.value);
  std::string status = "assumed";
  map.Text("status", status);
  if (status != "assumed" && status != "measured") {
    map.Problem("status", fmt::format("is '{}', must be measured or assumed", status));
  }
  row.status = status == "measured" ? Provenance::Status::kMeasured : Provenance::Status::kAssumed;
  map.Text("source", row.source);
  map.Text("effect", row.effect);
  map.Finish();
  return row;
}

void CheckReferences(const ClusterScenario& cluster, const std::vector<EndpointReference>& all,
                     ConfigProblems& problems) {
  std::map<std::string, std::set<std::string>> endpoints;
  for (const MicroserviceSpec& m : cluster.microservices) {
    for (const EndpointSpec& endpoint : m.endpoints) endpoints[m.name].insert(endpoint.name);
  }
  for (const EndpointReference& reference : all) {
    if (reference.microservice.empty()) continue;
    const auto microservice = endpoints.find(reference.microservice);
    if (microservice == endpoints.end()) {
      problems.Add(reference.line, reference.path,
                   fmt::format("there is no microservice '{}'", reference.microservice));
    } else if (!microservice->second.contains(reference.endpoint)) {
      problems.Add(reference.line, reference.path,
                   fmt::format("microservice '{}' has no endpoint '{}'", reference.microservice,
                               reference.endpoint));
    }
  }
}

struct Sections {
  ClusterScenario cluster;
  Sla sla;
  Workload workload;
  std::vector<Provenance> provenance;
};

Sections ReadSections(const YamlNode& root, ConfigProblems& problems) {
  Sections sections;
  std::vector<EndpointReference> references;
  MapReader map(root, "", problems);
  ReadVersion(map);
  map.Require("name");
  map.Text("name", sections.cluster.name);
  if (const YamlNode* sla = map.Require("sla"); sla != nullptr) {
    sections.sla = ReadSla(*sla, "sla", problems);
  }
  if (const YamlNode* cluster = map.Require("cluster"); cluster != nullptr) {
    ReadCluster(*cluster, "cluster", problems, sections.cluster);
  }
  map.Require("operations");
  map.Items("operations", [&](const YamlNode& item, const std::string& at) {
    sections.cluster.entries.push_back(ReadOperation(item, at, problems, references));
  });
  map.Items("arguments", [&](const YamlNode& item, const std::string& at) {
    sections.cluster.arguments.push_back(ReadArgument(item, at, problems));
  });
  map.Items("states", [&](const YamlNode& item, const std::string& at) {
    sections.cluster.states.push_back(ReadState(item, at, problems));
  });
  map.Require("microservices");
  map.Items("microservices", [&](const YamlNode& item, const std::string& at) {
    sections.cluster.microservices.push_back(ReadMicroservice(item, at, problems, references));
  });
  if (const YamlNode* workload = map.Require("workload"); workload != nullptr) {
    sections.workload = ReadWorkload(*workload, "workload", problems);
  }
  map.Items("provenance", [&](const YamlNode& item, const std::string& at) {
    sections.provenance.push_back(ReadProvenance(item, at, problems));
  });
  map.Finish();
  CheckReferences(sections.cluster, references, problems);
  return sections;
}

}  // namespace

absl::StatusOr<Scenario> ParseScenario(std::string_view text, std::string_view name) {
  const auto document = ParseYaml(text, name);
  if (!document.ok()) return document.status();
  return ScenarioFrom(*document, name);
}

namespace {

const YamlNode* FindExtends(const YamlNode& document) {
  const auto found = std::ranges::find(document.entries, "extends", &YamlNode::Entry::key);
  return found == document.entries.end() ? nullptr : &found->value;
}

absl::StatusOr<Scenario> ScenarioOf(const YamlNode& document, std::string_view name,
                                    bool is_extended) {
  ConfigProblems problems{std::string(name)};
  Sections sections = ReadSections(document, problems);
  if (absl::Status status = problems.ToStatus(); !status.ok()) return status;

  const auto located = [&](const absl::Status& status) {
    return absl::InvalidArgumentError(fmt::format("{}: {}", name, std::string(status.message())));
  };
  if (absl::Status status = sections.cluster.Validate(); !status.ok()) return located(status);
  if (is_extended) DropUnreached(sections.cluster);
  auto application = ApplicationOf(sections.cluster);
  if (!application.ok()) return located(application.status());
  std::vector<std::string> without = ParametersWithoutProvenance(document, sections.provenance);
  return Scenario{
      sections.cluster.name, *std::move(application),      std::move(sections.cluster),
      sections.sla,          std::move(sections.workload), std::move(sections.provenance),
      std::move(without)};
}

}  // namespace

absl::StatusOr<Scenario> ScenarioFrom(const YamlNode& document, std::string_view name) {
  if (const YamlNode* base = FindExtends(document); base != nullptr) {
    return absl::InvalidArgumentError(fmt::format(
        "{}:{}: extends: is '{}', only a file that is loaded by its path can extend another", name,
        base->line, base->text.substr(0, 64)));
  }
  return ScenarioOf(document, name, false);
}

namespace {

absl::StatusOr<YamlNode> ReadDocument(const std::string& path) {
  const auto text = ReadConfiguration(path);
  if (!text.ok()) return text.status();
  return ParseYaml(*text, path);
}

}  // namespace

absl::StatusOr<Scenario> LoadScenario(const std::string& path) {
  auto document = ReadDocument(path);
  if (!document.ok()) return document.status();
  const YamlNode* base = FindExtends(*document);
  if (base == nullptr) return ScenarioFrom(*document, path);
  // Beside the file, and one step only: what a scenario is made of must be easy to find.
  if (base->text.empty() || base->text.find('/') != std::string::npos) {
    return absl::InvalidArgumentError(
        fmt::format("{}:{}: extends: is '{}', must be the name of a file in the same folder", path,
                    base->line, base->text.substr(0, 64)));
  }
  const std::string base_path = (std::filesystem::path(path).parent_path() / base->text).string();
  auto base_document = ReadDocument(base_path);
  if (!base_document.ok()) return base_document.status();
  if (auto whole = ScenarioFrom(*base_document, base_path); !whole.ok()) return whole.status();
  return ScenarioOf(Extended(*std::move(document), *std::move(base_document)), path, true);
}

}  // namespace trimtab
