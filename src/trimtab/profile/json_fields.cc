#include "trimtab/profile/json_fields.h"

#include <utility>

#include "fmt/format.h"
#include "trimtab/profile/json_place.h"

namespace trimtab {
namespace {

constexpr std::size_t kShownCharacters = 40;

std::string Shown(const nlohmann::json& value) {
  std::string text = value.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
  if (text.size() > kShownCharacters) text = text.substr(0, kShownCharacters) + "...";
  return text;
}

const nlohmann::json& EmptyObject() {
  static const nlohmann::json empty = nlohmann::json::object();
  return empty;
}
const nlohmann::json& EmptyArray() {
  static const nlohmann::json empty = nlohmann::json::array();
  return empty;
}

}  // namespace

absl::StatusOr<nlohmann::json> ParseJsonObject(std::string_view text) {
  if (const absl::Status bounds = CheckJsonBounds(text); !bounds.ok()) return bounds;
  nlohmann::json document = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (document.is_discarded()) return absl::InvalidArgumentError("not JSON, or cut short");
  if (!document.is_object()) {
    return absl::InvalidArgumentError(
        fmt::format("the top is {}, expected an object", document.type_name()));
  }
  return document;
}

JsonFields::JsonFields(const nlohmann::json& value, std::string place)
    : object_(value.is_object() ? value : EmptyObject()), place_(std::move(place)) {
  if (!value.is_object()) {
    status_ = absl::InvalidArgumentError(
        fmt::format("{} is {}, expected an object", place_, Shown(value)));
  }
}

const nlohmann::json* JsonFields::Take(std::string_view key) {
  taken_.emplace(key);
  const auto found = object_.find(key);
  return found == object_.end() ? nullptr : &*found;
}

void JsonFields::Fail(std::string_view key, std::string_view expected) {
  if (!status_.ok()) return;
  const auto found = object_.find(key);
  status_ = absl::InvalidArgumentError(
      found == object_.end()
          ? fmt::format("{}.{} is missing, expected {}", place_, key, expected)
          : fmt::format("{}.{} is {}, expected {}", place_, key, Shown(*found), expected));
}

double JsonFields::Number(std::string_view key, double lowest, double highest) {
  const auto* value = Take(key);
  if (value != nullptr && value->is_number()) {
    const double number = value->get<double>();
    if (number >= lowest && number <= highest) return number;
  }
  Fail(key, fmt::format("a number in [{}, {}]", lowest, highest));
  return lowest;
}

std::int64_t JsonFields::Integer(std::string_view key, std::int64_t lowest, std::int64_t highest) {
  const auto* value = Take(key);
  const bool fits = value != nullptr && value->is_number_integer() &&
                    (!value->is_number_unsigned() || value->get<std::uint64_t>() <= INT64_MAX);
  if (fits) {
    const auto number = value->get<std::int64_t>();
    if (number >= lowest && number <= highest) return number;
  }
  Fail(key, fmt::format("an integer in [{}, {}]", lowest, highest));
  return lowest;
}

std::uint64_t JsonFields::Seed(std::string_view key) {
  const auto* value = Take(key);
  if (value != nullptr && value->is_number_unsigned()) return value->get<std::uint64_t>();
  Fail(key, "an integer from 0 to 2^64 - 1");
  return 0;
}

bool JsonFields::Flag(std::string_view key) {
  const auto* value = Take(key);
  if (value != nullptr && value->is_boolean()) return value->get<bool>();
  Fail(key, "true or false");
  return false;
}

std::string JsonFields::Text(std::string_view key) {
  const auto* value = Take(key);
  if (value != nullptr && value->is_string()) return value->get<std::string>();
  Fail(key, "a text");
  return "";
}

bool JsonFields::IsNull(std::string_view key) {
  const auto* value = Take(key);
  return value != nullptr && value->is_null();
}

const nlohmann::json& JsonFields::Object(std::string_view key) {
  const auto* value = Take(key);
  if (value != nullptr && value->is_object()) return *value;
  Fail(key, "an object");
  return EmptyObject();
}

const nlohmann::json& JsonFields::Array(std::string_view key) {
  const auto* value = Take(key);
  if (value != nullptr && value->is_array()) return *value;
  Fail(key, "an array");
  return EmptyArray();
}

absl::Status JsonFields::Finish() const {
  if (!status_.ok()) return status_;
  for (const auto& [key, value] : object_.items()) {
    if (!taken_.contains(key)) {
      return absl::InvalidArgumentError(fmt::format("{} has an unknown key '{}'", place_, key));
    }
  }
  return absl::OkStatus();
}

}  // namespace trimtab
