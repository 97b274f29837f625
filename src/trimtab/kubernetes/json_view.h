// JSON of Kubernetes' objects: the room's only calls into the JSON library that may throw, and
// values looked up by path.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace trimtab {

// kInvalidArgument, with the byte but none of the text: it is not JSON, has more than 100 levels,
// or text that is not UTF-8.
absl::StatusOr<nlohmann::json> JsonFromText(std::string_view text);

// Bytes that are not UTF-8 become U+FFFD.
std::string DumpJson(const nlohmann::json& value);

using JsonPath = std::initializer_list<std::string_view>;

// The value at a path of keys; nullptr when a step is missing or no object, or the value null.
const nlohmann::json* ValueAt(const nlohmann::json& value, JsonPath path);

// Empty when it is missing or no text.
std::string TextAt(const nlohmann::json& value, JsonPath path);
// None when it is missing, or no whole number that fits.
std::optional<std::int64_t> IntegerAt(const nlohmann::json& value, JsonPath path);
// False when it is missing or no flag.
bool FlagAt(const nlohmann::json& value, JsonPath path);
// An empty array, or object, when it is missing or something else.
const nlohmann::json& ArrayAt(const nlohmann::json& value, JsonPath path);
const nlohmann::json& ObjectAt(const nlohmann::json& value, JsonPath path);

}  // namespace trimtab
