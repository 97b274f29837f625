// Nodes, quotas, ranges and disruption budgets: what bounds a scaling decision.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "trimtab/kubernetes/object_meta.h"

namespace trimtab {

struct NodeView {
  ObjectMeta meta{};
  ResourceAmounts allocatable{};
  ResourceAmounts capacity{};
  std::int64_t most_pods = 0;
  std::string os{};                      // "linux", "windows"
  std::vector<std::string> addresses{};  // by which others may know it: IP addresses and host names
  bool is_unschedulable = false;
  std::vector<ObjectCondition> conditions{};

  bool IsReady() const;
};

// A bound of a ResourceQuota and what is used of it.
struct QuotaView {
  ObjectMeta meta{};
  // None where the quota does not bound it. "cpu" is the same as "requests.cpu".
  ResourceAmounts hard_requests{}, used_requests{};
  ResourceAmounts hard_limits{}, used_limits{};
  std::optional<std::int64_t> hard_pods{};
  std::int64_t used_pods = 0;
  bool has_scopes = false;  // it holds for some pods only
};

// The bounds of a LimitRange for each container, and those for a whole pod.
struct LimitRangeView {
  struct Bounds {
    ResourceAmounts least{}, most{};
  };
  ObjectMeta meta{};
  Bounds container{};
  Bounds pod{};
};

struct DisruptionBudgetView {
  ObjectMeta meta{};
  std::map<std::string, std::string> match_labels{};
  bool has_expressions = false;  // the selector has more than match_labels says
  std::int64_t desired_healthy = 0;
  std::int64_t current_healthy = 0;
  std::int64_t disruptions_allowed = 0;
  std::int64_t observed_generation = 0;
};

// Each kInvalidArgument, naming field and value.
absl::StatusOr<NodeView> ReadNode(const nlohmann::json& node);
absl::StatusOr<QuotaView> ReadQuota(const nlohmann::json& quota);
absl::StatusOr<LimitRangeView> ReadLimitRange(const nlohmann::json& range);
absl::StatusOr<DisruptionBudgetView> ReadDisruptionBudget(const nlohmann::json& budget);

}  // namespace trimtab
