#include "trimtab/callgraph/tree_dot.h"

#include <fmt/format.h>

#include <iterator>
#include <string_view>

namespace trimtab {
namespace {

std::string Quoted(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    // Graphviz has no escape for control characters inside a quoted string.
    quoted += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  return quoted + '"';
}

// Writes the visit and everything below it; returns its node number.
int AddVisit(const CallTree& tree, int& next_node, std::string& dot) {
  const int node = next_node++;
  const std::string label =
      tree.calls == 1 ? tree.microservice : fmt::format("{} x{}", tree.microservice, tree.calls);
  fmt::format_to(std::back_inserter(dot), "  v{} [label={}];\n", node, Quoted(label));
  int number = 0;
  for (const TreeStep& step : tree.steps) {
    ++number;
    for (const CallTree& branch : step.branches) {
      const int callee = AddVisit(branch, next_node, dot);
      fmt::format_to(std::back_inserter(dot), "  v{} -> v{} [label=\"{}\"{}];\n", node, callee,
                     number, step.parallel ? ", style=dashed" : "");
    }
  }
  return node;
}

}  // namespace

std::string TreeToDot(const CallTree& tree, const std::string& title) {
  std::string dot = fmt::format(
      "digraph calls {{\n  label={};\n  labelloc=t;\n  rankdir=LR;\n  fontname=\"sans-serif\";\n"
      "  node [shape=box, style=rounded, fontname=\"sans-serif\"];\n"
      "  edge [fontname=\"sans-serif\", fontsize=10];\n",
      Quoted(title));
  int next_node = 0;
  AddVisit(tree, next_node, dot);
  return dot + "}\n";
}

}  // namespace trimtab
