// A call tree as text for Graphviz.
#pragma once

#include <string>

#include "trimtab/callgraph/call_tree.h"

namespace trimtab {

// A digraph, one node a visit, one edge a call; edges carry the number of the step, parallel
// calls share a number and a dashed style. `title` is the graph's label.
std::string TreeToDot(const CallTree& tree, const std::string& title);

}  // namespace trimtab
