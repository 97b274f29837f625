// Where each visit of a call tree stands in a drawing.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "trimtab/callgraph/call_tree.h"

namespace trimtab {

// One visit as a box. Lengths are in pixels; y grows downwards.
struct PlacedVisit {
  std::string label;                  // name, and the number of calls where it is not 1
  std::optional<std::size_t> caller;  // index of the calling visit; none for the entry
  int depth = 0;                      // 0 for the entry
  int step = 0;  // 1 for the first of several steps of its caller, 0 for the only one
  double left = 0;
  double width = 0;
  double middle = 0;        // y of the box's centre line
  double label_middle = 0;  // x of the label's centre; left of it there is room for the step
};

// The frame around the calls of one parallel step.
struct PlacedGroup {
  double left = 0;
  double top = 0;
  double width = 0;
  double height = 0;
};

struct TreeLayout {
  static constexpr double kBoxHeight = 30;
  static constexpr double kMargin = 24;

  std::vector<PlacedVisit> visits;  // callers before their callees
  std::vector<PlacedGroup> groups;
  double width = 0;
  double height = 0;
};

// Callees stand right of their caller, one column a level, steps from top to bottom; a caller
// stands half-way between its first and last callee. No boxes overlap. Linear in the visits.
TreeLayout LayOut(const CallTree& tree);

}  // namespace trimtab
