#include "trimtab/profile/json_place.h"

#include <algorithm>
#include <cmath>

#include "fmt/format.h"
#include "fmt/ranges.h"
#include "nlohmann/json.hpp"

namespace trimtab {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kShownCharacters = 40;

}  // namespace

absl::Status CheckJsonBounds(std::string_view text) {
  if (text.size() > kLargestJsonBytes) {
    return absl::InvalidArgumentError(
        fmt::format("has {} bytes, at most {} are read", text.size(), kLargestJsonBytes));
  }
  int depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      in_string = c != '"';
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      if (++depth > kDeepestJson) {
        return absl::InvalidArgumentError(
            fmt::format("is nested deeper than {} levels at byte {}", kDeepestJson, i + 1));
      }
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<Json> ParseJson(std::string_view text, std::string_view what) {
  if (const absl::Status bounds = CheckJsonBounds(text); !bounds.ok()) {
    return absl::InvalidArgumentError(fmt::format("{} {}", what, std::string(bounds.message())));
  }
  Json root = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (root.is_discarded()) {
    return absl::InvalidArgumentError(fmt::format("{} is not JSON, or cut short", what));
  }
  return root;
}

bool JsonPlace::is_null() const { return value_.is_null(); }

bool JsonPlace::Has(std::string_view key) const {
  return value_.is_object() && value_.contains(std::string(key));
}

void JsonPlace::ExpectObject() const {
  if (!value_.is_object()) Fail(fmt::format("is {}, expected an object", Shown()));
}

void JsonPlace::ExpectKeys(std::initializer_list<std::string_view> keys) const {
  ExpectObject();
  if (!value_.is_object()) return;
  for (const auto& [key, unused] : value_.items()) {
    if (std::find(keys.begin(), keys.end(), key) == keys.end()) {
      Fail(fmt::format("has the unknown key '{}'", key));
    }
  }
}

JsonPlace JsonPlace::At(std::string_view key) const {
  static const Json kNothing;
  const std::string path = fmt::format("{}.{}", path_, key);
  if (!value_.is_object()) {
    ExpectObject();
    return {kNothing, path, status_};
  }
  const auto it = value_.find(std::string(key));
  if (it != value_.end()) return {*it, path, status_};
  Fail(fmt::format("lacks the key '{}'", key));
  return {kNothing, path, status_};
}

std::vector<JsonPlace> JsonPlace::Elements() const {
  std::vector<JsonPlace> elements;
  if (!value_.is_array()) {
    Fail("is not an array");
    return elements;
  }
  elements.reserve(value_.size());
  for (std::size_t i = 0; i < value_.size(); ++i) {
    elements.emplace_back(value_[i], fmt::format("{}[{}]", path_, i), status_);
  }
  return elements;
}

bool JsonPlace::Bool() const {
  if (!value_.is_boolean()) Fail("is neither true nor false");
  return value_.is_boolean() && value_.get<bool>();
}

std::string JsonPlace::Text() const {
  if (!value_.is_string()) Fail("is not a text");
  return value_.is_string() ? value_.get<std::string>() : std::string();
}

double JsonPlace::Number(double low, double high) const {
  const double number = value_.is_number() ? value_.get<double>() : std::nan("");
  if (number >= low && number <= high) return number;
  Fail(fmt::format("is {}, expected a number from {} to {}", Shown(), low, high));
  return 0;
}

std::int64_t JsonPlace::Integer(std::int64_t low, std::int64_t high) const {
  const bool fits =
      value_.is_number_integer() &&
      (!value_.is_number_unsigned() || value_.get<std::uint64_t>() <= std::uint64_t{INT64_MAX});
  const std::int64_t number = fits ? value_.get<std::int64_t>() : 0;
  if (fits && number >= low && number <= high) return number;
  Fail(fmt::format("is {}, expected a whole number from {} to {}", Shown(), low, high));
  return 0;
}

std::string JsonPlace::Choice(const std::vector<std::string_view>& choices) const {
  std::string text = Text();
  if (std::find(choices.begin(), choices.end(), text) == choices.end()) {
    Fail(fmt::format("is '{}', none of {}", text, fmt::join(choices, ", ")));
  }
  return text;
}

void JsonPlace::Fail(std::string_view problem) const {
  if (status_.ok()) status_ = absl::InvalidArgumentError(fmt::format("{} {}", path_, problem));
}

std::string JsonPlace::Shown() const {
  return value_.dump(-1, ' ', false, Json::error_handler_t::replace).substr(0, kShownCharacters);
}

}  // namespace trimtab
