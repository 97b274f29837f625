// Other autoscalers, and what they scale: two that move one workload fight.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "trimtab/kubernetes/object_meta.h"

namespace trimtab {

// The object that an autoscaler scales, in the autoscaler's namespace.
struct ScaleTarget {
  std::string api_version{};
  std::string kind{};
  std::string name{};

  friend bool operator==(const ScaleTarget&, const ScaleTarget&) = default;
};

// A HorizontalPodAutoscaler (autoscaling/v2).
struct HpaView {
  ObjectMeta meta{};
  ScaleTarget target{};
  std::int64_t fewest = 1;
  std::int64_t most = 0;
  std::int64_t current_replicas = 0;
  std::int64_t desired_replicas = 0;
  std::vector<ObjectCondition> conditions{};
};

// A VerticalPodAutoscaler (autoscaling.k8s.io/v1).
struct VpaView {
  ObjectMeta meta{};
  ScaleTarget target{};
  std::string update_mode = "Auto";  // the kind's default; "Off" only recommends
};

// A ScaledObject of KEDA (keda.sh/v1alpha1), which keeps an HPA for its target.
struct ScaledObjectView {
  ObjectMeta meta{};
  ScaleTarget target{};
};

// Each kInvalidArgument, naming the field: no target.
absl::StatusOr<HpaView> ReadHpa(const nlohmann::json& hpa);
absl::StatusOr<VpaView> ReadVpa(const nlohmann::json& vpa);
absl::StatusOr<ScaledObjectView> ReadScaledObject(const nlohmann::json& scaled);

}  // namespace trimtab
