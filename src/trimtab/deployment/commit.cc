#include "trimtab/deployment/commit.h"

#include <iterator>

#include "fmt/format.h"

namespace trimtab {
namespace {

absl::Status CheckOnly(const AllocationChange& change, Actuator& actuator) {
  const auto state = actuator.State();
  if (!state.ok()) return state.status();
  const std::size_t index = change.microservice.value();
  if (index >= state->size()) {
    return absl::InvalidArgumentError(
        fmt::format("microservice {} of {} in the world", index, state->size()));
  }
  if ((*state)[index].desired != change.from) {
    return absl::AbortedError(
        fmt::format("stale plan: microservice {} was changed by someone else", index));
  }
  return absl::OkStatus();
}

}  // namespace

CommitReport Commit(const std::vector<AllocationChange>& changes, Actuator& actuator,
                    CommitMode mode) {
  CommitReport report;
  for (auto change = changes.begin(); change != changes.end(); ++change) {
    const absl::Status status =
        mode == CommitMode::kDryRun ? CheckOnly(*change, actuator) : actuator.Apply(*change);
    if (status.ok()) {
      report.accepted.push_back(*change);
      continue;
    }
    report.refused.push_back({*change, status});
    if (!absl::IsInvalidArgument(status)) {
      report.skipped.assign(std::next(change), changes.end());
      break;
    }
  }
  return report;
}

}  // namespace trimtab
