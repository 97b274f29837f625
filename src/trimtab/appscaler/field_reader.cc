#include "trimtab/appscaler/field_reader.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "fmt/format.h"
#include "fmt/ranges.h"
#include "trimtab/kubernetes/json_view.h"
#include "trimtab/quantity/text.h"

namespace trimtab {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kMostReported = 20;
constexpr std::size_t kLongestShown = 80;

std::string Shown(std::string_view text) {
  if (text.size() <= kLongestShown) return std::string(text);
  return fmt::format("{}...", text.substr(0, kLongestShown));
}

const Json& AsObject(const Json& value) {
  static const Json kNone = Json::object();
  return value.is_object() ? value : kNone;
}

}  // namespace

absl::Status FieldProblems::ToStatus() const {
  if (list.empty()) return absl::OkStatus();
  std::vector<std::string> words;
  for (const auto& [path, what] : list) {
    if (words.size() == kMostReported) break;
    words.push_back(path.empty() ? what : fmt::format("{}: {}", path, what));
  }
  std::string text = fmt::format("{}", fmt::join(words, "; "));
  if (list.size() > words.size()) text += fmt::format("; and {} more", list.size() - words.size());
  return absl::InvalidArgumentError(text);
}

FieldReader::FieldReader(const Json& object, std::string path, FieldProblems& problems)
    : object_(AsObject(object)), path_(std::move(path)), problems_(problems) {
  if (!object.is_object())
    problems_.Add(path_, fmt::format("is a {}, must be an object", object.type_name()));
}

std::string FieldReader::PathOf(std::string_view key) const {
  return path_.empty() ? std::string(key) : fmt::format("{}.{}", path_, key);
}

void FieldReader::Problem(std::string_view key, std::string what) {
  problems_.Add(PathOf(key), std::move(what));
}

const Json* FieldReader::Find(std::string_view key) {
  known_.emplace(key);
  return ValueAt(object_, {key});
}

void FieldReader::Require(std::string_view key) {
  if (Find(key) == nullptr) Problem(key, "is missing");
}

std::optional<std::string> FieldReader::Scalar(std::string_view key) {
  const Json* value = Find(key);
  if (value == nullptr) return std::nullopt;
  if (value->is_string()) return value->get_ref<const std::string&>();
  if (value->is_number() || value->is_boolean()) return DumpJson(*value);
  Problem(key, fmt::format("is a {}, must be one value", value->type_name()));
  return std::nullopt;
}

void FieldReader::Text(std::string_view key, std::string& target) {
  if (auto text = Scalar(key)) target = *std::move(text);
}

void FieldReader::Texts(std::string_view key, std::vector<std::string>& target) {
  std::vector<std::string> texts;
  Items(key, [&](const Json& item, const std::string& path) {
    std::string text = item.is_string() ? item.get<std::string>() : std::string();
    if (item.is_number()) text = DumpJson(item);
    if (text.empty()) return problems_.Add(path, "must be a text that is not empty");
    if (std::ranges::find(texts, text) != texts.end()) {
      return problems_.Add(path, fmt::format("'{}' is named twice", Shown(text)));
    }
    texts.push_back(std::move(text));
  });
  if (!texts.empty()) target = std::move(texts);
}

void FieldReader::Flag(std::string_view key, std::optional<bool>& target) {
  const auto text = Scalar(key);
  if (!text) return;
  if (*text == "true" || *text == "false") {
    target = *text == "true";
  } else {
    Problem(key, fmt::format("is '{}', must be true or false", Shown(*text)));
  }
}

void FieldReader::Integer(std::string_view key, int& target, int lowest, int highest) {
  const auto text = Scalar(key);
  if (!text) return;
  int value = 0;
  const char* const end = text->data() + text->size();
  const auto read = std::from_chars(text->data(), end, value);
  if (read.ec != std::errc() || read.ptr != end || value < lowest || value > highest) {
    return Problem(key, fmt::format("is '{}', must be a whole number from {} to {}", Shown(*text),
                                    lowest, highest));
  }
  target = value;
}

void FieldReader::Number(std::string_view key, double& target) {
  const auto text = Scalar(key);
  if (!text) return;
  const auto value = ParseNumber(*text);
  if (!value.ok()) return Problem(key, std::string(value.status().message()));
  target = *value;
}

void FieldReader::Time(std::string_view key, Duration& target) {
  const auto text = Scalar(key);
  if (!text) return;
  const auto value = ParseDuration(*text);
  if (!value.ok()) return Problem(key, std::string(value.status().message()));
  if (*value < Duration(0)) return Problem(key, fmt::format("is {}, must be at least 0s", *text));
  target = *value;
}

void FieldReader::Cpu(std::string_view key, Millicores& target) {
  const auto text = Scalar(key);
  if (!text) return;
  const auto value = ParseCpu(*text);
  if (!value.ok()) return Problem(key, std::string(value.status().message()));
  if (*value <= Millicores(0)) return Problem(key, fmt::format("is {}, must be above 0", *text));
  target = *value;
}

void FieldReader::Memory(std::string_view key, Bytes& target) {
  const auto text = Scalar(key);
  if (!text) return;
  const auto value = ParseMemory(*text);
  if (!value.ok()) return Problem(key, std::string(value.status().message()));
  if (*value <= Bytes(0)) return Problem(key, fmt::format("is {}, must be above 0", *text));
  target = *value;
}

void FieldReader::Percent(std::string_view key, double& target) {
  const auto text = Scalar(key);
  if (!text) return;
  const bool has_sign = text->ends_with('%');
  const auto value = ParseNumber(std::string_view(*text).substr(0, text->size() - has_sign));
  if (!has_sign || !value.ok() || *value < 1 || *value > 9999) {
    return Problem(key, fmt::format("is '{}', must be from 1% to 9999%", Shown(*text)));
  }
  target = *value / 100;
}

std::optional<std::size_t> FieldReader::Choice(std::string_view key,
                                               std::initializer_list<std::string_view> names) {
  const auto text = Scalar(key);
  if (!text) return std::nullopt;
  const auto found = std::ranges::find(names, *text);
  if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
  Problem(key, fmt::format("is '{}', must be one of {}", Shown(*text), fmt::join(names, ", ")));
  return std::nullopt;
}

std::optional<FieldReader> FieldReader::Object(std::string_view key) {
  const Json* value = Find(key);
  if (value == nullptr) return std::nullopt;
  return FieldReader(*value, PathOf(key), problems_);
}

void FieldReader::Items(std::string_view key,
                        const std::function<void(const Json&, std::string path)>& each) {
  const Json* value = Find(key);
  if (value == nullptr) return;
  if (!value->is_array()) {
    return Problem(key, fmt::format("is a {}, must be a list", value->type_name()));
  }
  for (std::size_t i = 0; i < value->size(); ++i) {
    each((*value)[i], fmt::format("{}[{}]", PathOf(key), i));
  }
}

std::vector<std::string> FieldReader::Keys() {
  std::vector<std::string> keys;
  for (const auto& [key, value] : object_.items()) keys.push_back(key);
  return keys;
}

void FieldReader::Finish() {
  if (!problems_.is_strict) return;
  for (const auto& [key, value] : object_.items()) {
    if (!known_.contains(key)) {
      problems_.Add(PathOf(Shown(key)),
                    fmt::format("is unknown; known are {}", fmt::join(known_, ", ")));
    }
  }
}

}  // namespace trimtab
