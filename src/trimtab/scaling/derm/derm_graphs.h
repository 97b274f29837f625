// Call trees of traces as graphs of a Derm problem.
#pragma once

#include <string>
#include <vector>

#include "trimtab/application/application.h"
#include "trimtab/callgraph/call_tree.h"
#include "trimtab/scaling/derm/derm_problem.h"

namespace trimtab {

// A visit is its own latency and then its steps, one after the other; equal calls of a sequential
// step repeat, equal calls of a parallel step are branches of their own. Visits of services that
// the application does not have take no time and are named in `unknown`, each once.
// A tree deeper than 160 visits or of more than 100,000 nodes is cut there; `unknown` then says so.
DermNode GraphOf(const CallTree& tree, const Application& application,
                 std::vector<std::string>& unknown);

}  // namespace trimtab
