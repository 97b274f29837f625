// Small pieces of reading JSON on demand; only for the sources of this room that parse it.
#pragma once

// Results convert to values by throwing unless this forbids it.
#define SIMDJSON_EXCEPTIONS 0
#include <simdjson.h>

#include <cstring>
#include <string_view>

namespace trimtab::json {

namespace ondemand = simdjson::ondemand;
using simdjson::error_code;

// Whether the key of a field is `name`. The text behind a key goes on at least for the padding.
inline bool Is(ondemand::raw_json_string key, std::string_view name) {
  return std::memcmp(key.raw(), name.data(), name.size()) == 0 && key.raw()[name.size()] == '"';
}

// What stands between the quotes of a token; empty when it is no string.
inline std::string_view Unquoted(std::string_view token) {
  if (token.empty() || token.front() != '"') return {};
  token = token.substr(0, token.rfind('"'));  // white space may follow the token
  return token.empty() ? token : token.substr(1);
}

// The text of a string; a value of another type is an error. Without escapes, as nearly always, it
// is a piece of the input.
inline error_code GetText(ondemand::value value, std::string_view& text) {
  const std::string_view token = value.raw_json_token();
  if (token.front() != '"' || std::memchr(token.data(), '\\', token.size()) != nullptr) {
    return value.get_string().get(text);
  }
  text = Unquoted(token);
  return simdjson::SUCCESS;
}

// Calls `use(object)` for each object of an array; null stands for an empty one.
template <class Use>
error_code ForEachObject(ondemand::value value, const Use& use) {
  bool is_null = false;
  if (const auto error = value.is_null().get(is_null)) return error;
  if (is_null) return simdjson::SUCCESS;
  ondemand::array array;
  if (const auto error = value.get_array().get(array)) return error;
  for (auto entry : array) {
    ondemand::object object;
    if (const auto error = std::move(entry).get_object().get(object)) return error;
    if (const auto error = use(object)) return error;
  }
  return simdjson::SUCCESS;
}

// Calls `use(key, value)` for each field of an object.
template <class Use>
error_code ForEachField(ondemand::object object, const Use& use) {
  for (auto entry : object) {
    ondemand::field field;
    if (const auto error = std::move(entry).get(field)) return error;
    if (const error_code error = use(field.key(), field.value())) return error;
  }
  return simdjson::SUCCESS;
}

}  // namespace trimtab::json
