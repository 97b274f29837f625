#include "trimtab/cluster/scale_kinds.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "absl/status/status.h"
#include "fmt/format.h"
#include "trimtab/kubernetes/json_view.h"

namespace trimtab {

bool IsWatchedKind(const ScaleTarget& target) {
  return target.api_version == "apps/v1" &&
         (target.kind == "Deployment" || target.kind == "StatefulSet");
}

absl::StatusOr<ObjectName> ScaleKinds::Find(std::string_view name_space,
                                            const ScaleTarget& target) {
  const auto named = [&](const ResourceType& type) {
    return ObjectName{type, std::string(name_space), target.name};
  };
  if (IsWatchedKind(target)) {
    return named(target.kind == "Deployment" ? kDeployments : kStatefulSets);
  }
  const std::pair<std::string, std::string> key(target.api_version, target.kind);
  auto known = known_.find(key);
  if (known == known_.end()) {
    auto discovered = Discover(target);
    if (!discovered.ok()) return discovered.status();
    known = known_.emplace(key, *std::move(discovered)).first;
  }
  const Names& names = known->second;
  return named({names.group, names.version, names.plural});
}

absl::StatusOr<ScaleKinds::Names> ScaleKinds::Discover(const ScaleTarget& target) {
  const std::size_t slash = target.api_version.find('/');
  const bool has_group = slash != std::string::npos;
  Names names{.group = has_group ? target.api_version.substr(0, slash) : "",
              .version = has_group ? target.api_version.substr(slash + 1) : target.api_version,
              .plural = ""};
  const auto group = client_.Get(GroupPath({names.group, names.version, ""}));
  if (!group.ok() && !absl::IsNotFound(group.status())) return group.status();
  if (group.ok()) {
    const nlohmann::json& resources = ArrayAt(*group, {"resources"});
    // The subresource names the kind Scale; its parent names ours.
    for (const nlohmann::json& resource : resources) {
      const std::string name = TextAt(resource, {"name"});
      const bool is_ours =
          TextAt(resource, {"kind"}) == target.kind && name.find('/') == std::string::npos;
      if (is_ours) names.plural = name;
    }
    const bool has_scale = std::ranges::any_of(resources, [&](const nlohmann::json& resource) {
      return TextAt(resource, {"name"}) == names.plural + "/scale";
    });
    if (!names.plural.empty() && has_scale) return names;
  }
  return absl::NotFoundError(
      fmt::format("kind '{}' of '{}': the API server {}", target.kind, target.api_version,
                  names.plural.empty() ? "does not know it" : "has no scale subresource for it"));
}

}  // namespace trimtab
