#include "trimtab/scenario/provenance.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "fmt/format.h"
#include "trimtab/quantity/text.h"
#include "trimtab/scenario/config_reader.h"
#include "trimtab/scenario/scenario.h"
#include "trimtab/yaml/yaml_document.h"

namespace trimtab {
namespace {

// Calls `each` with every parameter's path and node. Node is YamlNode, const or not.
template <class Node, class Each>
void ForEachParameter(Node& node, const std::string& path, const Each& each) {
  switch (node.kind) {
    case YamlNode::Kind::kScalar:
      each(path, node);
      return;
    case YamlNode::Kind::kSequence:
      for (std::size_t i = 0; i < node.items.size(); ++i) {
        ForEachParameter(node.items[i], fmt::format("{}[{}]", path, ItemLabel(node.items[i], i)),
                         each);
      }
      return;
    case YamlNode::Kind::kMap:
      for (auto& entry : node.entries) {
        if (entry.key == "name") continue;
        if (path.empty() &&
            (entry.key == "apiVersion" || entry.key == "kind" || entry.key == "provenance")) {
          continue;
        }
        ForEachParameter(entry.value,
                         path.empty() ? entry.key : fmt::format("{}.{}", path, entry.key), each);
      }
      return;
  }
}

}  // namespace

std::vector<Parameter> ParametersOf(const YamlNode& root) {
  std::vector<Parameter> all;
  ForEachParameter(root, "", [&](const std::string& path, const YamlNode& node) {
    all.push_back({path, node.line, node.text});
  });
  return all;
}

// Greedy with one point of return: a later '*' makes an earlier one's choice final.
bool MatchesParameter(std::string_view pattern, std::string_view path) {
  std::size_t p = 0;
  std::size_t t = 0;
  std::size_t star = std::string_view::npos;
  std::size_t resume = 0;
  while (t < path.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = t;
    } else if (p < pattern.size() && pattern[p] == path[t]) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

std::vector<std::string> ParametersWithoutProvenance(const YamlNode& root,
                                                     const std::vector<Provenance>& rows) {
  std::vector<std::string> without;
  for (const Parameter& parameter : ParametersOf(root)) {
    const bool named = std::any_of(rows.begin(), rows.end(), [&](const Provenance& row) {
      return MatchesParameter(row.parameter, parameter.path);
    });
    if (!named) without.push_back(parameter.path);
  }
  return without;
}

std::size_t ScaleParameters(YamlNode& root, const std::vector<Provenance>& rows, std::size_t row,
                            double factor) {
  std::size_t changed = 0;
  ForEachParameter(root, "", [&](const std::string& path, YamlNode& node) {
    const auto owner = std::find_if(rows.begin(), rows.end(), [&](const Provenance& candidate) {
      return MatchesParameter(candidate.parameter, path);
    });
    if (owner - rows.begin() != static_cast<std::ptrdiff_t>(row)) return;
    const std::size_t digits =
        std::min(node.text.find_first_not_of("0123456789."), node.text.size());
    const auto number = ParseNumber(std::string_view(node.text).substr(0, digits));
    if (!number.ok()) return;
    node.text = fmt::format("{}{}", *number * factor, node.text.substr(digits));
    ++changed;
  });
  return changed;
}

}  // namespace trimtab
