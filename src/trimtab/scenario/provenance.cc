#include "trimtab/scenario/provenance.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "fmt/format.h"
#include "trimtab/scenario/config_reader.h"
#include "trimtab/scenario/scenario.h"
#include "trimtab/scenario/yaml_document.h"

namespace trimtab {
namespace {

void Collect(const YamlNode& node, const std::string& path, std::vector<Parameter>& all) {
  switch (node.kind) {
    case YamlNode::Kind::kScalar:
      all.push_back({path, node.line, node.text});
      return;
    case YamlNode::Kind::kSequence:
      for (std::size_t i = 0; i < node.items.size(); ++i) {
        Collect(node.items[i], fmt::format("{}[{}]", path, ItemLabel(node.items[i], i)), all);
      }
      return;
    case YamlNode::Kind::kMap:
      for (const auto& entry : node.entries) {
        if (entry.key == "name") continue;
        if (path.empty() &&
            (entry.key == "apiVersion" || entry.key == "kind" || entry.key == "provenance")) {
          continue;
        }
        Collect(entry.value, path.empty() ? entry.key : fmt::format("{}.{}", path, entry.key), all);
      }
      return;
  }
}

}  // namespace

std::vector<Parameter> ParametersOf(const YamlNode& root) {
  std::vector<Parameter> all;
  Collect(root, "", all);
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

}  // namespace trimtab
