#include "trimtab/kubernetes/limits_view.h"

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "trimtab/kubernetes/json_view.h"
#include "trimtab/quantity/text.h"

namespace trimtab {
namespace {

using Json = nlohmann::json;

// A count written as a quantity: "110", "1k".
absl::StatusOr<std::int64_t> ReadCount(const Json& amounts, std::string_view name,
                                       std::string_view field) {
  const std::string text = TextAt(amounts, {name});
  if (text.empty()) return 0;
  const auto count = ParseMemory(text);
  if (count.ok()) return count->value();
  return absl::InvalidArgumentError(
      fmt::format("{}.{}: '{}' is no count", field, name, text.substr(0, 64)));
}

// The amounts of a quota whose names begin with `prefix`: "requests.cpu".
absl::StatusOr<ResourceAmounts> ReadPrefixed(const Json& amounts, const std::string& prefix,
                                             const std::string& field) {
  Json plain = Json::object();
  for (const char* name : {"cpu", "memory"}) {
    if (const Json* value = ValueAt(amounts, {prefix + name})) plain[name] = *value;
  }
  return ReadAmounts(plain, field + "." + prefix.substr(0, prefix.size() - 1));
}

absl::StatusOr<ResourceAmounts> ReadRequests(const Json& amounts, const std::string& field) {
  auto plain = ReadAmounts(amounts, field);
  if (!plain.ok()) return plain;
  auto prefixed = ReadPrefixed(amounts, "requests.", field);
  if (!prefixed.ok()) return prefixed;
  if (!prefixed->cpu) prefixed->cpu = plain->cpu;
  if (!prefixed->memory) prefixed->memory = plain->memory;
  return prefixed;
}

}  // namespace

bool NodeView::IsReady() const {
  const ObjectCondition* ready = FindCondition(conditions, "Ready");
  return ready != nullptr && ready->IsTrue();
}

absl::StatusOr<NodeView> ReadNode(const Json& node) {
  auto meta = ReadObjectMeta(node);
  if (!meta.ok()) return meta.status();
  const Json& allocatable = ObjectAt(node, {"status", "allocatable"});
  auto amounts = ReadAmounts(allocatable, "status.allocatable");
  if (!amounts.ok()) return amounts.status();
  auto capacity = ReadAmounts(ObjectAt(node, {"status", "capacity"}), "status.capacity");
  if (!capacity.ok()) return capacity.status();
  auto pods = ReadCount(allocatable, "pods", "status.allocatable");
  if (!pods.ok()) return pods.status();
  std::vector<std::string> addresses;
  for (const Json& address : ArrayAt(node, {"status", "addresses"})) {
    if (std::string text = TextAt(address, {"address"}); !text.empty()) {
      addresses.push_back(std::move(text));
    }
  }
  return NodeView{.meta = *std::move(meta),
                  .allocatable = *amounts,
                  .capacity = *capacity,
                  .most_pods = *pods,
                  .os = TextAt(node, {"status", "nodeInfo", "operatingSystem"}),
                  .addresses = std::move(addresses),
                  .is_unschedulable = FlagAt(node, {"spec", "unschedulable"}),
                  .conditions = ReadConditions(node)};
}

absl::StatusOr<QuotaView> ReadQuota(const Json& quota) {
  auto meta = ReadObjectMeta(quota);
  if (!meta.ok()) return meta.status();
  QuotaView view{.meta = *std::move(meta)};
  const Json& hard = ObjectAt(quota, {"status", "hard"});
  const Json& used = ObjectAt(quota, {"status", "used"});
  const std::pair<absl::StatusOr<ResourceAmounts>, ResourceAmounts*> amounts[] = {
      {ReadRequests(hard, "status.hard"), &view.hard_requests},
      {ReadRequests(used, "status.used"), &view.used_requests},
      {ReadPrefixed(hard, "limits.", "status.hard"), &view.hard_limits},
      {ReadPrefixed(used, "limits.", "status.used"), &view.used_limits}};
  for (const auto& [read, into] : amounts) {
    if (!read.ok()) return read.status();
    *into = *read;
  }
  auto hard_pods = ReadCount(hard, "pods", "status.hard");
  if (!hard_pods.ok()) return hard_pods.status();
  if (ValueAt(hard, {"pods"}) != nullptr) view.hard_pods = *hard_pods;
  auto used_pods = ReadCount(used, "pods", "status.used");
  if (!used_pods.ok()) return used_pods.status();
  view.used_pods = *used_pods;
  view.has_scopes = !ArrayAt(quota, {"spec", "scopes"}).empty() ||
                    !ArrayAt(quota, {"spec", "scopeSelector", "matchExpressions"}).empty();
  return view;
}

absl::StatusOr<LimitRangeView> ReadLimitRange(const Json& range) {
  auto meta = ReadObjectMeta(range);
  if (!meta.ok()) return meta.status();
  LimitRangeView view{.meta = *std::move(meta)};
  for (const Json& limit : ArrayAt(range, {"spec", "limits"})) {
    const std::string type = TextAt(limit, {"type"});
    if (type != "Container" && type != "Pod") continue;
    auto least = ReadAmounts(ObjectAt(limit, {"min"}), "spec.limits.min");
    if (!least.ok()) return least.status();
    auto most = ReadAmounts(ObjectAt(limit, {"max"}), "spec.limits.max");
    if (!most.ok()) return most.status();
    (type == "Pod" ? view.pod : view.container) = {*least, *most};
  }
  return view;
}

absl::StatusOr<DisruptionBudgetView> ReadDisruptionBudget(const Json& budget) {
  auto meta = ReadObjectMeta(budget);
  if (!meta.ok()) return meta.status();
  DisruptionBudgetView view{.meta = *std::move(meta)};
  for (const auto& [key, value] : ObjectAt(budget, {"spec", "selector", "matchLabels"}).items()) {
    if (value.is_string()) view.match_labels.emplace(key, value.get_ref<const std::string&>());
  }
  view.has_expressions = !ArrayAt(budget, {"spec", "selector", "matchExpressions"}).empty();
  const auto count = [&](std::string_view name) {
    return IntegerAt(budget, {"status", name}).value_or(0);
  };
  view.desired_healthy = count("desiredHealthy");
  view.current_healthy = count("currentHealthy");
  view.disruptions_allowed = count("disruptionsAllowed");
  view.observed_generation = count("observedGeneration");
  return view;
}

}  // namespace trimtab
