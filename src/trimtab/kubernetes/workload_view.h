// The parts of workloads and scales that scaling needs.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "trimtab/kubernetes/object_meta.h"
#include "trimtab/kubernetes/pod_view.h"

namespace trimtab {

// Who holds a field: the manager that set it last.
struct FieldHolder {
  std::string manager{};      // empty: nobody
  std::string subresource{};  // through which it was set; empty: the object itself
  bool is_applied = false;    // by server-side apply

  friend bool operator==(const FieldHolder&, const FieldHolder&) = default;
};

// A Deployment, StatefulSet or ReplicaSet.
struct WorkloadView {
  std::string kind{};
  ObjectMeta meta{};
  std::int64_t replicas = 1;  // asked for; Kubernetes' default without the field
  std::int64_t observed_generation = 0;
  std::int64_t current_replicas = 0;
  std::int64_t ready_replicas = 0;
  std::int64_t available_replicas = 0;
  std::int64_t updated_replicas = 0;  // of the newest template; a ReplicaSet has no other
  bool is_paused = false;
  bool has_volume_claims = false;          // its own templates, or a claim that its pods share
  std::vector<PodContainer> containers{};  // of the pod template
  std::vector<ObjectCondition> conditions{};
  FieldHolder replicas_holder{};  // of spec.replicas

  // Whether pods of an older template are being replaced, or a change has not been seen yet.
  // Pods that merely are not ready, or not created, are no rollout.
  bool IsRollingOut() const;
  // ReplicaFailure: pods cannot be created, a quota for instance; nullptr when they can.
  const ObjectCondition* ReplicaFailure() const;
};

// The scale subresource of any kind.
struct ScaleView {
  ObjectMeta meta{};
  std::int64_t replicas = 0;          // asked for
  std::int64_t current_replicas = 0;  // that exist
  std::string selector{};
};

// Each kInvalidArgument, naming field and value.
absl::StatusOr<WorkloadView> ReadWorkload(const nlohmann::json& workload);
absl::StatusOr<ScaleView> ReadScale(const nlohmann::json& scale);

}  // namespace trimtab
