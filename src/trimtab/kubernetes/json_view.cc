#include "trimtab/kubernetes/json_view.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"

namespace trimtab {
namespace {

using Json = nlohmann::json;

constexpr int kDeepest = 100;

// The nesting of a text, before anything is built from it; of text that is no JSON, some number.
int DeepestLevel(std::string_view text) {
  int level = 0;
  int deepest = 0;
  bool in_text = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_text) {
      if (c == '\\') {
        ++i;
      } else if (c == '"') {
        in_text = false;
      }
    } else if (c == '"') {
      in_text = true;
    } else if (c == '[' || c == '{') {
      deepest = std::max(deepest, ++level);
    } else if (c == ']' || c == '}') {
      --level;
    }
  }
  return deepest;
}

}  // namespace

absl::StatusOr<Json> JsonFromText(std::string_view text) {
  if (DeepestLevel(text) > kDeepest) {
    return absl::InvalidArgumentError(fmt::format("JSON has more than {} levels", kDeepest));
  }
  try {
    return Json::parse(text.begin(), text.end());
  } catch (const Json::parse_error& error) {
    return absl::InvalidArgumentError(
        fmt::format("not JSON from byte {} of {}", error.byte, text.size()));
  } catch (const Json::exception&) {
    return absl::InvalidArgumentError("JSON with a number that is too large");
  }
}

std::string DumpJson(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

const Json* ValueAt(const Json& value, JsonPath path) {
  const Json* at = &value;
  for (const std::string_view key : path) {
    if (!at->is_object()) return nullptr;
    const auto found = at->find(key);
    if (found == at->end()) return nullptr;
    at = &*found;
  }
  return at->is_null() ? nullptr : at;
}

std::string TextAt(const Json& value, JsonPath path) {
  const Json* at = ValueAt(value, path);
  return at != nullptr && at->is_string() ? at->get_ref<const std::string&>() : std::string();
}

std::optional<std::int64_t> IntegerAt(const Json& value, JsonPath path) {
  const Json* at = ValueAt(value, path);
  if (at == nullptr || !at->is_number_integer()) return std::nullopt;
  if (at->is_number_unsigned() &&
      at->get<std::uint64_t>() >
          static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
    return std::nullopt;
  }
  return at->get<std::int64_t>();
}

bool FlagAt(const Json& value, JsonPath path) {
  const Json* at = ValueAt(value, path);
  return at != nullptr && at->is_boolean() && at->get<bool>();
}

const Json& ArrayAt(const Json& value, JsonPath path) {
  static const Json kNone = Json::array();
  const Json* at = ValueAt(value, path);
  return at != nullptr && at->is_array() ? *at : kNone;
}

const Json& ObjectAt(const Json& value, JsonPath path) {
  static const Json kNone = Json::object();
  const Json* at = ValueAt(value, path);
  return at != nullptr && at->is_object() ? *at : kNone;
}

}  // namespace trimtab
