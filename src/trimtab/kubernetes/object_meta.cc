#include "trimtab/kubernetes/object_meta.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "trimtab/kubernetes/json_view.h"
#include "trimtab/kubernetes/timestamp.h"
#include "trimtab/quantity/text.h"

namespace trimtab {
namespace {

using Json = nlohmann::json;

absl::Status At(std::string_view field, const absl::Status& status) {
  return absl::Status(status.code(), fmt::format("{}: {}", field, std::string(status.message())));
}

// kubectl keeps whole manifests in annotations, which ten thousand objects must not hold in memory.
constexpr std::size_t kLongestText = 1024;

std::map<std::string, std::string> ReadTexts(const Json& object) {
  std::map<std::string, std::string> texts;
  for (const auto& [key, value] : object.items()) {
    if (!value.is_string()) continue;
    const bool is_short = value.get_ref<const std::string&>().size() <= kLongestText;
    if (is_short) texts.emplace(key, value.get_ref<const std::string&>());
  }
  return texts;
}

// A quantity as text, or as the bare number that some clients write.
std::optional<std::string> QuantityText(const Json& amounts, std::string_view name) {
  const Json* value = ValueAt(amounts, {name});
  if (value == nullptr) return std::nullopt;
  return value->is_string() ? value->get_ref<const std::string&>() : DumpJson(*value);
}

}  // namespace

const OwnerReference* ObjectMeta::Controller() const {
  const auto found = std::find_if(owners.begin(), owners.end(),
                                  [](const OwnerReference& owner) { return owner.is_controller; });
  return found == owners.end() ? nullptr : &*found;
}

absl::StatusOr<ObjectMeta> ReadObjectMeta(const Json& object) {
  const Json& metadata = ObjectAt(object, {"metadata"});
  ObjectMeta meta{.name = TextAt(metadata, {"name"}),
                  .name_space = TextAt(metadata, {"namespace"}),
                  .uid = TextAt(metadata, {"uid"}),
                  .resource_version = TextAt(metadata, {"resourceVersion"}),
                  .generation = IntegerAt(metadata, {"generation"}).value_or(0),
                  .labels = ReadTexts(ObjectAt(metadata, {"labels"})),
                  .annotations = ReadTexts(ObjectAt(metadata, {"annotations"}))};
  if (meta.name.empty()) return absl::InvalidArgumentError("metadata.name: is missing");
  for (const Json& owner : ArrayAt(metadata, {"ownerReferences"})) {
    meta.owners.push_back({TextAt(owner, {"kind"}), TextAt(owner, {"name"}), TextAt(owner, {"uid"}),
                           FlagAt(owner, {"controller"})});
  }
  if (const std::string created = TextAt(metadata, {"creationTimestamp"}); !created.empty()) {
    const auto instant = ParseTimestamp(created);
    if (!instant.ok()) return At("metadata.creationTimestamp", instant.status());
    meta.created = *instant;
  }
  meta.is_terminating = ValueAt(metadata, {"deletionTimestamp"}) != nullptr;
  return meta;
}

absl::StatusOr<ResourceAmounts> ReadAmounts(const Json& amounts, std::string_view field) {
  ResourceAmounts read;
  if (const auto text = QuantityText(amounts, "cpu")) {
    const auto cpu = ParseCpu(*text);
    if (!cpu.ok()) return At(fmt::format("{}.cpu", field), cpu.status());
    read.cpu = *cpu;
  }
  if (const auto text = QuantityText(amounts, "memory")) {
    const auto memory = ParseMemory(*text);
    if (!memory.ok()) return At(fmt::format("{}.memory", field), memory.status());
    read.memory = *memory;
  }
  return read;
}

std::vector<ObjectCondition> ReadConditions(const Json& object) {
  std::vector<ObjectCondition> conditions;
  for (const Json& condition : ArrayAt(object, {"status", "conditions"})) {
    const auto since = ParseTimestamp(TextAt(condition, {"lastTransitionTime"}));
    conditions.push_back(
        {.type = TextAt(condition, {"type"}),
         .status = TextAt(condition, {"status"}),
         .reason = TextAt(condition, {"reason"}),
         .message = TextAt(condition, {"message"}),
         .observed_generation = IntegerAt(condition, {"observedGeneration"}).value_or(0),
         .since = since.ok() ? std::optional(*since) : std::nullopt});
  }
  return conditions;
}

const ObjectCondition* FindCondition(const std::vector<ObjectCondition>& conditions,
                                     std::string_view type) {
  const auto found =
      std::find_if(conditions.begin(), conditions.end(),
                   [&](const ObjectCondition& condition) { return condition.type == type; });
  return found == conditions.end() ? nullptr : &*found;
}

}  // namespace trimtab
