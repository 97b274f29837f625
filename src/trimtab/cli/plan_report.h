// A plan for people, and as rows.
#pragma once

#include "trimtab/application/application.h"
#include "trimtab/cli/context.h"
#include "trimtab/scaling/plan.h"

namespace trimtab {

// Every step and the allocations; of a plan over graph classes the classes, and for each
// microservice what one container more or less would make of the requests in time.
void WritePlanText(const Plan& plan, const Application& application, const Allocation& start,
                   Context& context);

// One row for each microservice.
void WritePlanCsv(const Plan& plan, const Application& application, Context& context);

}  // namespace trimtab
