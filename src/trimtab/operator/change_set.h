// A plan that was saved to be applied later.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "trimtab/application/application.h"
#include "trimtab/appscaler/app_scaler.h"
#include "trimtab/deployment/actuator.h"
#include "trimtab/quantity/time.h"

namespace trimtab {

// What is to become of the workloads of one AppScaler, and what they were when it was planned.
struct ChangeSet {
  std::string name_space{};
  std::string name{};
  std::string uid{};
  std::int64_t generation = 0;
  Instant at{};
  std::vector<IntendedChange> changes{};
};

std::string ChangeSetToJson(const ChangeSet& set);
// Strict: kInvalidArgument names the field that is unknown, missing or out of bounds.
absl::StatusOr<ChangeSet> ReadChangeSet(std::string_view text);

// The changes for the actuator of the application. kAborted, naming the first that differs: the
// resource was edited or made anew since, or a workload is not as it was when the set was planned.
absl::StatusOr<std::vector<AllocationChange>> FreshChanges(
    const ChangeSet& set, const AppScaler& scaler, const Application& application,
    const std::vector<MicroserviceState>& states);

}  // namespace trimtab
