// What makes requests differ: arguments, states, conditions on them, effects and repeat counts.
#include <algorithm>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "fmt/format.h"
#include "trimtab/scenario/config_reader.h"
#include "trimtab/scenario/scenario_sections.h"
#include "trimtab/simulation/request_model.h"
#include "trimtab/yaml/yaml_document.h"

namespace trimtab {
namespace {

constexpr Bound kWhole{-1e9, 1e9};
constexpr Bound kUnits{0, 1e9};

std::int64_t WholeOf(MapReader& map, const char* key, Bound bound, std::int64_t otherwise) {
  int value = static_cast<int>(otherwise);
  map.Integer(key, value, bound);
  return value;
}

void ReadMix(const YamlNode& node, const std::string& path, ConfigProblems& problems,
             ArgumentMix& mix) {
  MapReader map(node, path, problems);
  map.Time("at", mix.at);
  map.Number("zipf", mix.zipf, {0, 10});
  map.Items("weights", [&](const YamlNode& item, const std::string& at) {
    const auto weight = NumberOf(item, {0, 1e12});
    if (!weight.ok()) problems.Add(item.line, at, std::string(weight.status().message()));
    mix.weights.push_back(weight.value_or(0));
  });
  if (map.Find("zipf") != nullptr && !mix.weights.empty()) {
    map.Problem("zipf", "must not stand beside weights");
  }
  map.Finish();
}

// "each", or the largest value of each class.
void ReadClasses(const YamlNode& node, const std::string& path, ConfigProblems& problems,
                 ArgumentSpec& argument) {
  constexpr std::int64_t kMostEach = 1000;
  if (node.kind == YamlNode::Kind::kScalar && node.text == "each") {
    const std::int64_t values = argument.last - argument.first + 1;
    if (values > kMostEach) {
      problems.Add(node.line, path,
                   fmt::format("each of {} values, must be at most {}", values, kMostEach));
      return;
    }
    for (std::int64_t v = argument.first; v <= argument.last; ++v) argument.classes.push_back(v);
    return;
  }
  if (node.kind != YamlNode::Kind::kSequence) {
    problems.Add(node.line, path, "must be 'each' or a list of the largest value of each class");
    return;
  }
  for (const YamlNode& item : node.items) {
    const auto value = NumberOf(item, kWhole);
    if (!value.ok() || *value != static_cast<double>(static_cast<std::int64_t>(*value))) {
      problems.Add(item.line, path, fmt::format("'{}' is no whole number", item.text));
      continue;
    }
    argument.classes.push_back(static_cast<std::int64_t>(*value));
  }
}

void ReadValues(const YamlNode& node, const std::string& path, ConfigProblems& problems,
                ArgumentSpec& argument) {
  MapReader map(node, path, problems);
  map.Require("first");
  map.Require("last");
  argument.first = WholeOf(map, "first", kWhole, argument.first);
  argument.last = WholeOf(map, "last", kWhole, argument.last);
  if (argument.last < argument.first) {
    map.Problem("last", fmt::format("is {}, must be at least {}", argument.last, argument.first));
    argument.last = argument.first;
  }
  map.Finish();
}

bool ReadFlag(MapReader& map, const char* key) {
  const YamlNode* node = map.Find(key);
  if (node == nullptr) return false;
  if (node->text != "true" && node->text != "false") {
    map.Problem(key, fmt::format("is '{}', must be true or false", node->text.substr(0, 64)));
  }
  return node->text == "true";
}

ConditionSpec ReadCondition(const YamlNode& node, const std::string& path,
                            ConfigProblems& problems) {
  ConditionSpec condition;
  MapReader map(node, path, problems);
  map.Text("state", condition.state);
  map.Text("argument", condition.argument);
  if (map.Find("atLeast") != nullptr) condition.at_least = WholeOf(map, "atLeast", kWhole, 0);
  if (map.Find("atMost") != nullptr) condition.at_most = WholeOf(map, "atMost", kWhole, 0);
  map.Finish();
  if (condition.state.empty() == condition.argument.empty()) {
    problems.Add(node.line, path, "must have either 'state' or 'argument'");
  }
  if (!condition.at_least && !condition.at_most) {
    problems.Add(node.line, path, "must have 'atLeast' or 'atMost'");
  }
  return condition;
}

}  // namespace

ArgumentSpec ReadArgument(const YamlNode& node, const std::string& path, ConfigProblems& problems) {
  ArgumentSpec argument;
  MapReader map(node, path, problems);
  map.Require("name");
  map.Text("name", argument.name);
  if (const YamlNode* values = map.Require("values"); values != nullptr) {
    ReadValues(*values, map.PathOf("values"), problems, argument);
  }
  if (const YamlNode* classes = map.Find("classes"); classes != nullptr) {
    ReadClasses(*classes, map.PathOf("classes"), problems, argument);
  }
  if (map.Find("mixes") != nullptr) argument.mixes.clear();
  map.Items("mixes", [&](const YamlNode& item, const std::string& at) {
    ReadMix(item, at, problems, argument.mixes.emplace_back());
  });
  argument.gradual = ReadFlag(map, "gradual");
  map.Time("period", argument.period);
  map.Finish();
  return argument;
}

StateSpec ReadState(const YamlNode& node, const std::string& path, ConfigProblems& problems) {
  StateSpec state;
  MapReader map(node, path, problems);
  map.Require("name");
  map.Text("name", state.name);
  map.Text("argument", state.argument);
  map.Require("most");
  state.most = WholeOf(map, "most", {1, 1e9}, 1);
  state.initial = WholeOf(map, "initial", kUnits, state.most);
  if (const YamlNode* restock = map.Find("restock"); restock != nullptr) {
    RestockSpec spec;
    MapReader inner(*restock, map.PathOf("restock"), problems);
    inner.Require("every");
    inner.Time("every", spec.every);
    spec.first = spec.every;
    inner.Time("first", spec.first);
    inner.Time("stagger", spec.stagger);
    spec.level = WholeOf(inner, "level", kUnits, state.most);
    inner.Finish();
    state.restock = spec;
  }
  map.Finish();
  return state;
}

std::vector<ConditionSpec> ReadConditions(const YamlNode& node, const std::string& path,
                                          ConfigProblems& problems) {
  if (node.kind != YamlNode::Kind::kSequence) return {ReadCondition(node, path, problems)};
  std::vector<ConditionSpec> conditions;
  for (std::size_t i = 0; i < node.items.size(); ++i) {
    conditions.push_back(ReadCondition(node.items[i], fmt::format("{}[{}]", path, i), problems));
  }
  if (conditions.empty()) problems.Add(node.line, path, "must have at least one condition");
  return conditions;
}

EffectSpec ReadEffect(const YamlNode& node, const std::string& path, ConfigProblems& problems) {
  EffectSpec effect;
  MapReader map(node, path, problems);
  const bool takes = map.Find("take") != nullptr;
  if (takes == (map.Find("give") != nullptr)) {
    problems.Add(node.line, path, "must have either 'take' or 'give'");
  }
  map.Text("take", effect.state);
  map.Text("give", effect.state);
  const std::int64_t units = WholeOf(map, "units", {1, 1e9}, 1);
  effect.change = takes ? -units : units;
  if (const YamlNode* when = map.Find("when"); when != nullptr) {
    effect.when = ReadConditions(*when, map.PathOf("when"), problems);
  }
  map.Finish();
  return effect;
}

RepeatCountSpec ReadRepeatCount(MapReader& map) {
  constexpr Bound kCount{-kMostRepeats, kMostRepeats};
  RepeatCountSpec count;
  if ((map.Find("count") == nullptr) == (map.Find("argument") == nullptr)) {
    map.problems().Add(map.line(), map.path(), "must have either 'count' or 'argument'");
  }
  if (map.Find("count") != nullptr) {
    map.Number("count", count.plus, {0, kMostRepeats});
    return count;
  }
  map.Text("argument", count.argument);
  map.Number("times", count.times, kCount);
  map.Number("plus", count.plus, kCount);
  return count;
}

}  // namespace trimtab
