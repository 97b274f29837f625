// A call tree as a drawing.
#pragma once

#include <string>

#include "trimtab/callgraph/call_tree.h"

namespace trimtab {

// A self-contained SVG document that follows the viewer's light or dark colour scheme. Numbers in
// the boxes give the order of the steps; calls at the same time share a number and a frame.
std::string TreeToSvg(const CallTree& tree, const std::string& title);

}  // namespace trimtab
