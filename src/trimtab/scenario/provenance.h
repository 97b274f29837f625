// Which parameters of a scenario file have no row that says where they come from.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "trimtab/scenario/scenario.h"
#include "trimtab/yaml/yaml_document.h"

namespace trimtab {

// One scalar of a file.
struct Parameter {
  std::string path;
  int line;
  std::string text;
};

// Every scalar of the tree in file order, but for names, the version and the provenance itself.
std::vector<Parameter> ParametersOf(const YamlNode& root);

// Whether `path` is what `pattern` stands for: '*' is any run of characters, all else is literal.
bool MatchesParameter(std::string_view pattern, std::string_view path);

std::vector<std::string> ParametersWithoutProvenance(const YamlNode& root,
                                                     const std::vector<Provenance>& rows);

// Multiplies every number that belongs to row `row`: that this row is the first to match. A number
// keeps its unit; text without a number in front stays. Returns how many were changed.
std::size_t ScaleParameters(YamlNode& root, const std::vector<Provenance>& rows, std::size_t row,
                            double factor);

}  // namespace trimtab
