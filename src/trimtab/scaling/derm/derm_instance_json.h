// A Derm problem as a file: docs/derm.md describes the format, docs/schemas/instance.json checks
// it.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "trimtab/scaling/derm/derm_problem.h"

namespace trimtab {

// {"format": "trimtab-instance-1", "applicationLoad" (requests/s), "slaSeconds",
// "attainmentTarget", "shareError",
// "microservices": [{"name", "fewestContainers", "mostContainers", "otherDemand", and one of
//   "rate": {"offsetSeconds", "slope", "intercept", "mostLoad"} or
//   "loadTable": [{"load", "meanSeconds", "variance", "thirdCumulant"}]}],
// "graphs": [{"id", "share", "tree"}]}, a tree being {"microservice", "visits"} or {"sequence":
// [tree], "visits"} or {"parallel": [tree], "visits"}. Same problem, same bytes. REQUIRES: a valid
// problem.
std::string DermInstanceToJson(const DermProblem& problem);

// The inverse. kInvalidArgument names the place, the value and the bound: text that is not JSON or
// longer than 256 MiB, an unknown or missing key, and whatever ValidateDermProblem refuses.
// "shareError", "fewestContainers", "mostContainers", "otherDemand", "mostLoad" and "visits" may be
// left out.
absl::StatusOr<DermProblem> DermInstanceFromJson(std::string_view text);

}  // namespace trimtab
