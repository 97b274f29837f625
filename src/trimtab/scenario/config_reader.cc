#include "trimtab/scenario/config_reader.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "fmt/ranges.h"
#include "trimtab/quantity/quantity.h"
#include "trimtab/quantity/text.h"
#include "trimtab/quantity/time.h"
#include "trimtab/yaml/yaml_document.h"

namespace trimtab {
namespace {

constexpr std::size_t kMostReported = 20;

absl::Status NotScalar(const YamlNode& node) {
  return absl::InvalidArgumentError(fmt::format(
      "is a {}, must be one value", node.kind == YamlNode::Kind::kMap ? "map" : "list"));
}

}  // namespace

void ConfigProblems::Add(int line, std::string_view path, std::string_view what) {
  ++count_;
  if (lines_.size() < kMostReported) {
    lines_.push_back(path.empty() ? fmt::format("{}:{}: {}", file_, line, what)
                                  : fmt::format("{}:{}: {}: {}", file_, line, path, what));
  }
}

absl::Status ConfigProblems::ToStatus() const {
  if (empty()) return absl::OkStatus();
  std::string text = fmt::format("{}", fmt::join(lines_, "\n"));
  if (count_ > lines_.size()) text += fmt::format("\nand {} more", count_ - lines_.size());
  return absl::InvalidArgumentError(text);
}

std::string ItemLabel(const YamlNode& item, std::size_t index) {
  for (const auto& entry : item.entries) {
    if (entry.key == "name" && entry.value.kind == YamlNode::Kind::kScalar) return entry.value.text;
  }
  return std::to_string(index);
}

absl::StatusOr<Duration> TimeOf(const YamlNode& node) {
  if (node.kind != YamlNode::Kind::kScalar) return NotScalar(node);
  const auto time = ParseDuration(node.text);
  if (!time.ok()) return time.status();
  if (*time < Duration(0)) {
    return absl::InvalidArgumentError(fmt::format("is {}, must not be negative", node.text));
  }
  return *time;
}

absl::StatusOr<double> NumberOf(const YamlNode& node, Bound bound) {
  if (node.kind != YamlNode::Kind::kScalar) return NotScalar(node);
  const auto number = ParseNumber(node.text);
  if (!number.ok()) return number.status();
  if (!(*number >= bound.lowest && *number <= bound.highest)) {
    return absl::InvalidArgumentError(
        fmt::format("is {}, must be between {} and {}", node.text, bound.lowest, bound.highest));
  }
  return *number;
}

MapReader::MapReader(const YamlNode& node, std::string path, ConfigProblems& problems)
    : node_(node), path_(std::move(path)), problems_(problems) {
  if (node_.kind != YamlNode::Kind::kMap) problems_.Add(node_.line, path_, "must be a map");
}

std::string MapReader::PathOf(std::string_view key) const {
  return path_.empty() ? std::string(key) : fmt::format("{}.{}", path_, key);
}

void MapReader::Problem(std::string_view key, std::string_view what) {
  const YamlNode* node = Find(key);
  problems_.Add(node == nullptr ? node_.line : node->line, PathOf(key), what);
}

const YamlNode* MapReader::Find(std::string_view key) {
  known_.emplace(key);
  const auto found = std::find_if(node_.entries.begin(), node_.entries.end(),
                                  [&](const auto& entry) { return entry.key == key; });
  return found == node_.entries.end() ? nullptr : &found->value;
}

const YamlNode* MapReader::Require(std::string_view key) {
  const YamlNode* node = Find(key);
  if (node == nullptr && node_.kind == YamlNode::Kind::kMap) {
    problems_.Add(node_.line, PathOf(key), "is missing");
  }
  return node;
}

template <class T, class Parse, class Check>
void MapReader::Scalar(std::string_view key, T& target, const Parse& parse, const Check& check) {
  const YamlNode* node = Find(key);
  if (node == nullptr) return;
  if (node->kind != YamlNode::Kind::kScalar) {
    Problem(key, NotScalar(*node).message().data());
    return;
  }
  const auto value = parse(node->text);
  if (!value.ok()) {
    Problem(key, std::string(value.status().message()));
    return;
  }
  if (const std::string problem = check(*value); !problem.empty()) {
    Problem(key, fmt::format("is {}, {}", node->text, problem));
    return;
  }
  target = static_cast<T>(*value);
}

void MapReader::Text(std::string_view key, std::string& target) {
  Scalar(
      key, target, [](const std::string& text) { return absl::StatusOr<std::string>(text); },
      [](const std::string& text) -> std::string {
        if (text.empty()) return "must not be empty";
        return text.size() > 4096 ? "must have at most 4096 characters" : "";
      });
}

void MapReader::Number(std::string_view key, double& target, Bound bound) {
  Scalar(key, target, ParseNumber, [&](double value) {
    return value >= bound.lowest && value <= bound.highest
               ? std::string()
               : fmt::format("must be between {} and {}", bound.lowest, bound.highest);
  });
}

void MapReader::Integer(std::string_view key, int& target, Bound bound) {
  Scalar(key, target, ParseNumber, [&](double value) {
    return value >= bound.lowest && value <= bound.highest && value == std::floor(value)
               ? std::string()
               : fmt::format("must be a whole number between {} and {}", bound.lowest,
                             bound.highest);
  });
}

void MapReader::Cpu(std::string_view key, Millicores& target, Bound cores) {
  Scalar(key, target, ParseCpu, [&](Millicores value) {
    return InCores(value) >= cores.lowest && InCores(value) <= cores.highest
               ? std::string()
               : fmt::format("must be between {} and {} cores", cores.lowest, cores.highest);
  });
}

void MapReader::Memory(std::string_view key, Bytes& target) {
  Scalar(key, target, ParseMemory, [&](Bytes) { return std::string(); });
}

void MapReader::Time(std::string_view key, Duration& target) {
  Scalar(key, target, ParseDuration, [&](Duration value) {
    return value >= Duration(0) ? std::string() : std::string("must not be negative");
  });
}

void MapReader::Items(
    std::string_view key,
    const std::function<void(const YamlNode& item, const std::string& path)>& each) {
  const YamlNode* node = Find(key);
  if (node == nullptr) return;
  if (node->kind != YamlNode::Kind::kSequence) {
    Problem(key, "must be a list");
    return;
  }
  for (std::size_t i = 0; i < node->items.size(); ++i) {
    each(node->items[i], fmt::format("{}[{}]", PathOf(key), ItemLabel(node->items[i], i)));
  }
}

void MapReader::Finish() {
  for (const auto& entry : node_.entries) {
    if (known_.contains(entry.key)) continue;
    problems_.Add(entry.key_line, PathOf(entry.key),
                  fmt::format("unknown key; known are {}", fmt::join(known_, ", ")));
  }
}

}  // namespace trimtab
