#include <string>
#include <utility>
#include <vector>

#include "fmt/format.h"
#include "trimtab/quantity/time.h"
#include "trimtab/scenario/config_reader.h"
#include "trimtab/scenario/scenario_sections.h"
#include "trimtab/simulation/distribution.h"
#include "trimtab/simulation/scenario.h"
#include "trimtab/yaml/yaml_document.h"

namespace trimtab {
namespace {

constexpr Bound kShare{0, 1};
constexpr Bound kVariation{0, 100};
constexpr std::size_t kMostTargets = 1000;

void ReadLatency(MapReader& map, const char* key, Latency& target) {
  Duration time{0};
  if (map.Require(key) == nullptr) return;
  map.Time(key, time);
  target = ToLatency(time);
}

EmpiricalLaw ReadQuantiles(const YamlNode& node, const std::string& path,
                           ConfigProblems& problems) {
  EmpiricalLaw table;
  if (node.kind != YamlNode::Kind::kSequence) {
    problems.Add(node.line, path, "must be a list of [probability, time]");
    return table;
  }
  for (const YamlNode& pair : node.items) {
    if (pair.items.size() != 2) {
      problems.Add(pair.line, path, "each item must be [probability, time]");
      continue;
    }
    const auto probability = NumberOf(pair.items[0], kShare);
    const auto time = TimeOf(pair.items[1]);
    if (!probability.ok()) {
      problems.Add(pair.line, path, std::string(probability.status().message()));
    } else if (!time.ok()) {
      problems.Add(pair.line, path, std::string(time.status().message()));
    } else {
      table.points.push_back({*probability, ToLatency(*time)});
    }
  }
  return table;
}

// The law named `law`, with its parameters in `node`.
Distribution ReadLaw(const std::string& law, const YamlNode& node, const std::string& path,
                     ConfigProblems& problems) {
  if (law == "quantiles") return ReadQuantiles(node, path, problems);
  MapReader map(node, path, problems);
  Distribution result;
  if (law == "exponential") {
    Exponential d;
    ReadLatency(map, "mean", d.mean);
    result = d;
  } else if (law == "lognormal") {
    Lognormal d;
    ReadLatency(map, "mean", d.mean);
    map.Number("cv", d.cv, kVariation);
    result = d;
  } else if (law == "shiftedLognormal") {
    ShiftedLognormal d;
    ReadLatency(map, "shift", d.shift);
    ReadLatency(map, "mean", d.mean);
    map.Number("cv", d.cv, kVariation);
    result = d;
  } else {
    TwoPoint d;
    ReadLatency(map, "low", d.low);
    ReadLatency(map, "high", d.high);
    if (map.Require("highShare") != nullptr) map.Number("highShare", d.high_share, kShare);
    result = d;
  }
  map.Finish();
  return result;
}

CallTarget ReadTarget(const YamlNode& node, const std::string& path, ConfigProblems& problems,
                      std::vector<EndpointReference>& references) {
  references.push_back(ReadReference(node, path, problems));
  return {references.back().microservice, references.back().endpoint, std::nullopt};
}

// Either "geo/Nearby", or a map of `to` (one target or several), `parallel`, `probability`,
// `timeout`.
CallStep ReadCall(const YamlNode& node, const std::string& path, ConfigProblems& problems,
                  std::vector<EndpointReference>& references) {
  CallStep call;
  if (node.kind == YamlNode::Kind::kScalar) {
    call.targets.push_back(ReadTarget(node, path, problems, references));
    return call;
  }
  MapReader map(node, path, problems);
  if (const YamlNode* to = map.Require("to"); to != nullptr) {
    if (to->kind == YamlNode::Kind::kSequence) {
      for (const YamlNode& target : to->items) {
        call.targets.push_back(ReadTarget(target, map.PathOf("to"), problems, references));
      }
    } else {
      call.targets.push_back(ReadTarget(*to, map.PathOf("to"), problems, references));
    }
    if (call.targets.empty() || call.targets.size() > kMostTargets) {
      map.Problem("to", fmt::format("has {} targets, must have 1 to {}", call.targets.size(),
                                    kMostTargets));
    }
  }
  map.Number("probability", call.probability, kShare);
  if (const YamlNode* parallel = map.Find("parallel"); parallel != nullptr) {
    if (parallel->text != "true" && parallel->text != "false") {
      map.Problem("parallel", fmt::format("is '{}', must be true or false", parallel->text));
    }
    call.parallel = parallel->text == "true";
  }
  if (map.Find("timeout") != nullptr) {
    Duration timeout{0};
    map.Time("timeout", timeout);
    for (CallTarget& target : call.targets) target.timeout = timeout;
  }
  map.Finish();
  return call;
}

BranchStep ReadBranch(const YamlNode& node, const std::string& path, ConfigProblems& problems,
                      std::vector<EndpointReference>& references) {
  BranchStep branch;
  MapReader map(node, path, problems);
  const YamlNode* when = map.Find("when");
  if ((when == nullptr) == (map.Find("probability") == nullptr)) {
    problems.Add(node.line, path, "must have either 'probability' or 'when'");
  }
  if (when != nullptr) branch.when = ReadConditions(*when, map.PathOf("when"), problems);
  map.Number("probability", branch.probability, kShare);
  if (const YamlNode* then = map.Find("then"); then != nullptr) {
    branch.then = ReadProgram(*then, map.PathOf("then"), problems, references);
  }
  if (const YamlNode* otherwise = map.Find("otherwise"); otherwise != nullptr) {
    branch.otherwise = ReadProgram(*otherwise, map.PathOf("otherwise"), problems, references);
  }
  map.Finish();
  return branch;
}

RepeatStep ReadRepeat(const YamlNode& node, const std::string& path, ConfigProblems& problems,
                      std::vector<EndpointReference>& references) {
  RepeatStep repeat;
  MapReader map(node, path, problems);
  repeat.count = ReadRepeatCount(map);
  if (const YamlNode* steps = map.Require("steps"); steps != nullptr) {
    repeat.steps = ReadProgram(*steps, map.PathOf("steps"), problems, references);
  }
  map.Finish();
  return repeat;
}

}  // namespace

EndpointReference ReadReference(const YamlNode& node, const std::string& path,
                                ConfigProblems& problems) {
  EndpointReference reference{node.line, path, "", ""};
  const std::size_t slash = node.text.find('/');
  if (node.kind != YamlNode::Kind::kScalar || slash == std::string::npos || slash == 0 ||
      slash + 1 == node.text.size()) {
    problems.Add(node.line, path,
                 fmt::format("is '{}', must be microservice/endpoint", node.text.substr(0, 64)));
    return reference;
  }
  reference.microservice = node.text.substr(0, slash);
  reference.endpoint = node.text.substr(slash + 1);
  return reference;
}

Distribution ReadDistribution(const YamlNode& node, const std::string& path,
                              ConfigProblems& problems) {
  constexpr const char* kLaws =
      "a time, or one of exponential, lognormal, shiftedLognormal, twoPoint, quantiles";
  if (node.kind == YamlNode::Kind::kScalar) {
    const auto value = TimeOf(node);
    if (!value.ok()) problems.Add(node.line, path, std::string(value.status().message()));
    return Deterministic{value.ok() ? ToLatency(*value) : Latency(0)};
  }
  if (node.entries.size() != 1) {
    problems.Add(node.line, path, fmt::format("must be {}", kLaws));
    return Deterministic{};
  }
  const std::string& law = node.entries[0].key;
  if (law != "exponential" && law != "lognormal" && law != "shiftedLognormal" &&
      law != "twoPoint" && law != "quantiles") {
    problems.Add(node.entries[0].key_line, path + "." + law,
                 fmt::format("unknown law; must be {}", kLaws));
    return Deterministic{};
  }
  const std::string inner = path + "." + law;
  Distribution distribution = ReadLaw(law, node.entries[0].value, inner, problems);
  if (const auto status = ValidateDistribution(distribution); !status.ok()) {
    problems.Add(node.line, inner, std::string(status.message()));
  }
  return distribution;
}

std::vector<ProgramStep> ReadProgram(const YamlNode& node, const std::string& path,
                                     ConfigProblems& problems,
                                     std::vector<EndpointReference>& references) {
  std::vector<ProgramStep> program;
  if (node.kind != YamlNode::Kind::kSequence) {
    problems.Add(node.line, path, "must be a list of steps");
    return program;
  }
  for (std::size_t i = 0; i < node.items.size(); ++i) {
    const YamlNode& item = node.items[i];
    const std::string at = fmt::format("{}[{}]", path, i);
    if (item.entries.size() != 1) {
      problems.Add(item.line, at, "must be one of cpu, wait, call, branch, repeat");
      continue;
    }
    const auto& [kind, line, value] = item.entries[0];
    const std::string inner = at + "." + kind;
    if (kind == "cpu") {
      program.push_back({CpuStep{ReadDistribution(value, inner, problems)}});
    } else if (kind == "wait") {
      program.push_back({WaitStep{ReadDistribution(value, inner, problems)}});
    } else if (kind == "call") {
      program.push_back({ReadCall(value, inner, problems, references)});
    } else if (kind == "branch") {
      program.push_back({ReadBranch(value, inner, problems, references)});
    } else if (kind == "repeat") {
      program.push_back({ReadRepeat(value, inner, problems, references)});
    } else {
      problems.Add(line, inner, "unknown step; must be one of cpu, wait, call, branch, repeat");
    }
  }
  return program;
}

}  // namespace trimtab
