// What all objects have in common.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "trimtab/quantity/quantity.h"
#include "trimtab/quantity/time.h"

namespace trimtab {

struct OwnerReference {
  std::string kind{};
  std::string name{};
  std::string uid{};
  bool is_controller = false;
};

struct ObjectMeta {
  std::string name{};
  std::string name_space{};
  std::string uid{};
  std::string resource_version{};
  std::int64_t generation = 0;
  std::map<std::string, std::string> labels{};
  std::map<std::string, std::string> annotations{};  // without those longer than 1 KiB
  std::vector<OwnerReference> owners{};
  std::optional<Instant> created{};
  bool is_terminating = false;  // has a deletionTimestamp

  // The owner that controls it; nullptr without one.
  const OwnerReference* Controller() const;
};

// One of status.conditions. A status other than "True" and "False" is unknown.
struct ObjectCondition {
  std::string type{};
  std::string status{};
  std::string reason{};
  std::string message{};
  std::int64_t observed_generation = 0;
  std::optional<Instant> since{};

  bool IsTrue() const { return status == "True"; }
};

// Requests or limits. None is not the same as zero.
struct ResourceAmounts {
  std::optional<Millicores> cpu{};
  std::optional<Bytes> memory{};

  friend bool operator==(const ResourceAmounts&, const ResourceAmounts&) = default;
};

// Each kInvalidArgument, naming field and value: text that is no quantity, time or name.
absl::StatusOr<ObjectMeta> ReadObjectMeta(const nlohmann::json& object);
absl::StatusOr<ResourceAmounts> ReadAmounts(const nlohmann::json& amounts, std::string_view field);

std::vector<ObjectCondition> ReadConditions(const nlohmann::json& object);
// The condition of that type; nullptr without one.
const ObjectCondition* FindCondition(const std::vector<ObjectCondition>& conditions,
                                     std::string_view type);

}  // namespace trimtab
