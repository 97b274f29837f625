// What the journal keeps of a decision, as JSON text in base units.
#pragma once

#include <string>

#include "trimtab/application/application.h"
#include "trimtab/controller/commit_watch.h"
#include "trimtab/controller/decision.h"

namespace trimtab {

// {"windowSeconds", "applicationLoad" (requests per second), "measuredTailLatencySeconds",
// "tailTraces", "classes": [{"id", "share", "traces", "attainment"}] (for a plan over graph
// classes), "gaps": [text], "microservices": [{"microservice", "replicas", "cpuCores",
// "memoryBytes", "ready", "pending", "draining", "arrivalRate", "ownLatencySeconds",
// "cpuUsageCores" and "interference" {kind: share} (means over its containers),
// "memoryUsageBytes" (the largest), "memoryPeakBytes" (of a day), "throttledShare" (the largest),
// "warmingUp" (containers)}], "hosts": [{"host", "interference"}]}. What is unknown is
// left out; above 200 microservices, so are those that the plan does not touch.
std::string ObservationToJson(const Decision& decision, const Application& application);

// PlanToJson without its white space; "null" without a plan.
std::string PlanText(const Decision& decision, const Application& application);

// {"action": "commit" | "keep" | "hold", "tailCorrection", "scaleDownAllowed", "slaSeconds",
// "troubles": [{"what", "words"}], "limits": [{"microservice", "limit", "wanted", "allowed"}],
// "raises": [change], "lowers": [change]}: what is going to be done.
std::string CommitmentToJson(const Decision& decision, Latency sla, const Application& application);

// {"dryRun", "raises": report, "lowers": report, "troubles"}: what the world said to it.
std::string AppliedToJson(const Decision& decision, const Application& application);

// {"met", "measuredTailLatencySeconds", "predictedTailLatencySeconds", "slaSeconds",
// "effectiveSeconds", "windowSeconds": [begin, end]}
std::string VerificationToJson(const Verification& verification, Latency sla);

}  // namespace trimtab
