// A call tree as JSON.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "trimtab/callgraph/call_tree.h"

namespace trimtab {

// {"microservice": name, "calls": n, "series": [...]}, where an element of the series is a visit
// of the same form or, for calls at the same time, {"parallel": [visit, ...]}. A visit whose only
// step is parallel has "parallel": [visit, ...] in place of "series". A leaf has "series": [].
nlohmann::ordered_json TreeToJson(const CallTree& tree);

}  // namespace trimtab
