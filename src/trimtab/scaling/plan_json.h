// A plan as JSON: what `plan -o json` prints, the journal keeps and `explain` reads.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "trimtab/application/application.h"
#include "trimtab/profile/json_place.h"
#include "trimtab/scaling/plan.h"

namespace trimtab {

// Keys: feasible, predictedTailLatencySeconds (null when the policy predicts none), allocations
// [{microservice, replicas, cpuCores, memoryBytes}] in the application's order, binding [names],
// steps [{microservice, action, before, after, tailBeforeSeconds, tailAfterSeconds, gainSeconds,
// cost, score, reason, alternatives [{microservice, action, after, gainSeconds, cost, score}]}],
// summary {termination, message, iterations}. A plan over graph classes also has classes [{id,
// share, attainment}], attainment, attainmentTarget, containers {name: n}, continuousBound and
// changes [{microservice, withOneMore, withOneLess}] (attainments, null when unknown). `before` and
// `after` are {replicas, cpuCores, memoryBytes}. Same plan, same bytes. REQUIRES: every id belongs
// to `application`.
std::string PlanToJson(const Plan& plan, const Application& application);

// The inverse. kInvalidArgument names the place, the value and the bound: text that is not JSON,
// an unknown or missing key, a value of the wrong type or range, an unknown microservice, or an
// allocation list that does not name every microservice once.
absl::StatusOr<Plan> PlanFromJson(std::string_view text, const Application& application);

// The same of a part of a larger document; what is wrong is in the status of `place`.
Plan ReadPlan(const JsonPlace& place, const Application& application);

}  // namespace trimtab
