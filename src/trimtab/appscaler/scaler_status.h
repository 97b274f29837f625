// The status of an AppScaler: what Trimtab found, decided and is doing, in the resource itself.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "trimtab/application/allocation.h"
#include "trimtab/kubernetes/object_meta.h"
#include "trimtab/quantity/time.h"

namespace trimtab {

// The size with which new pods of a workload are born, for one of its containers. It holds only for
// pods that arrive with exactly the resources of the template it was computed from.
struct PodSize {
  std::string kind{};  // of the workload
  std::string name{};
  std::string container{};
  ResourceAmounts requests{};
  ResourceAmounts limits{};
  ResourceAmounts template_requests{};
  ResourceAmounts template_limits{};

  friend bool operator==(const PodSize&, const PodSize&) = default;
};

struct WorkloadStatus {
  std::string name{};
  std::optional<MicroserviceAllocation> current{};
  std::optional<MicroserviceAllocation> desired{};
  std::vector<std::string> limited_by{};  // reasons, such as "MaxReplicas"
  std::vector<std::string> notes{};       // "size stays: container 'app' has neither ..."

  friend bool operator==(const WorkloadStatus&, const WorkloadStatus&) = default;
};

// How far a commit has come.
enum class CommitStep : std::uint8_t { kRaise, kLower };
// "Raise", "Lower".
std::string_view CommitStepName(CommitStep step);

struct IntendedChange {
  std::string name{};  // of the workload in the spec
  MicroserviceAllocation from{};
  MicroserviceAllocation to{};

  friend bool operator==(const IntendedChange&, const IntendedChange&) = default;
};

// What is being applied: there from before the first write until after the last.
struct CommitIntent {
  std::string id{};
  CommitStep step = CommitStep::kRaise;
  std::optional<Instant> started{};
  std::vector<IntendedChange> changes{};

  friend bool operator==(const CommitIntent&, const CommitIntent&) = default;
};

struct LastDecision {
  std::string id{};
  std::optional<Instant> at{};
  std::string reason{};
  std::string summary{};

  friend bool operator==(const LastDecision&, const LastDecision&) = default;
};

struct ModelStatus {
  std::string digest{};
  std::optional<std::int64_t> error_percent{};
  std::optional<std::int64_t> samples{};
  std::optional<Instant> trained_at{};

  friend bool operator==(const ModelStatus&, const ModelStatus&) = default;
};

struct AppScalerStatus {
  std::int64_t observed_generation = 0;
  std::string mode{};  // in force: what resource and process both allow
  std::optional<Latency> observed{};
  std::optional<Latency> predicted{};
  std::optional<bool> satisfied{};
  ModelStatus model{};
  std::vector<WorkloadStatus> workloads{};
  std::vector<PodSize> pod_sizes{};
  std::optional<CommitIntent> commit{};
  std::optional<LastDecision> last_decision{};
  std::vector<ObjectCondition> conditions{};
};

// The JSON of the schema in deploy/helm/trimtab/crds; what is none is left out. Latencies are
// rounded to 100 us, so that a status does not change for nothing.
nlohmann::json ScalerStatusToJson(const AppScalerStatus& status);

// Reads it back. What cannot be read is left out, since nobody but Trimtab writes it and it must
// never keep an application from being served; `faults` gets each such field by name, except that
// of the times, which nothing depends on.
AppScalerStatus ReadScalerStatus(const nlohmann::json& status, std::vector<std::string>* faults);

// The JSON Merge Patch that makes `to` of `from`; empty when they are equal. Lists are replaced
// whole.
nlohmann::json MergePatchOf(const nlohmann::json& from, const nlohmann::json& to);

}  // namespace trimtab
