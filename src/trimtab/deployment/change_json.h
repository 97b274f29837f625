// Changes and what became of them as JSON, for the journal and `explain`.
#pragma once

#include <vector>

#include "nlohmann/json_fwd.hpp"
#include "trimtab/application/application.h"
#include "trimtab/deployment/commit.h"

namespace trimtab {

// {"replicas": 2, "cpuCores": 0.4, "memoryBytes": 104857600}
nlohmann::ordered_json AllocationToJson(const MicroserviceAllocation& allocation);

// [{"microservice": "search", "from": {...}, "to": {...}}]. REQUIRES: ids of `application`.
nlohmann::ordered_json ChangesToJson(const std::vector<AllocationChange>& changes,
                                     const Application& application);

// {"accepted": [...], "refused": [{"microservice", "from", "to", "reason"}], "skipped": [...]}
nlohmann::ordered_json CommitReportToJson(const CommitReport& report,
                                          const Application& application);

}  // namespace trimtab
