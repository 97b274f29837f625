// One file that describes everything a run needs: application, cluster, workload and promise.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "trimtab/application/application.h"
#include "trimtab/simulation/scenario.h"
#include "trimtab/workload/workload.h"
#include "trimtab/yaml/yaml_document.h"

namespace trimtab {

// Where a parameter of the scenario comes from. `parameter` is a path as errors print it, in which
// '*' stands for any index or key: "microservices[*].memory.heap".
struct Provenance {
  enum class Status { kMeasured, kAssumed };

  std::string parameter;
  std::string value;
  Status status = Status::kAssumed;
  std::string source;
  std::string effect;  // on the result, of half the value and of twice the value
};

// A scenario file, version trimtab.dev/v1alpha1; docs/scenario-file.md describes its keys.
// Thread-safety: const access from any thread.
struct Scenario {
  std::string name;
  Application application;
  ClusterScenario cluster;
  Sla sla;
  Workload workload;
  std::vector<Provenance> provenance;
  // Parameters that the file sets and no row of `provenance` names.
  std::vector<std::string> without_provenance;
};

// Reads one. kInvalidArgument lists what is wrong with file, line, key, value and bound: not strict
// YAML (see ParseYaml), an unknown key, a missing one, a wrong unit, a number outside its bound, a
// name that is used twice or refers to nothing, a call cycle. kResourceExhausted: above 64 MiB.
absl::StatusOr<Scenario> ParseScenario(std::string_view text, std::string_view name);
// The same of a document that is parsed already; `name` stands in messages.
absl::StatusOr<Scenario> ScenarioFrom(const YamlNode& document, std::string_view name);
// The same from a file; kNotFound when it cannot be opened. A file with `extends: other.yaml` is
// that file beside it with its own sections in place of the other's; microservices and
// endpoints that its operations do not reach are left out.
absl::StatusOr<Scenario> LoadScenario(const std::string& path);

// The file that reads back as the same scenario, every default spelled out.
std::string WriteScenario(const Scenario& scenario);

// The part of a file that describes one series, as it stands below workload.
std::string WriteSeriesDescription(std::string_view key, const SeriesDescription& series);

// 16 hex digits that depend on the meaning alone: not on the order of keys, comments, spelling of
// units or provenance.
std::string ScenarioHash(const Scenario& scenario);
// The same of hosts, microservices and operation mix alone: what a profile is valid for. A change
// of the SLA or of the workload leaves it as it is.
std::string ClusterHash(const ClusterScenario& cluster);

}  // namespace trimtab
