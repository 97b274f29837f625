#include "trimtab/controller/decision.h"

#include <algorithm>

namespace trimtab {
namespace {

constexpr std::array<std::string_view, kDegradationCount> kDegradationNames = {
    "metrics-down",  "traces-down",        "state-unknown",    "clock-jumped",
    "policy-failed", "plan-invalid",       "journal-down",     "change-refused",
    "stale-plan",    "raises-ineffective", "lowers-cancelled", "foreign-change"};

}  // namespace

std::string_view DegradationName(Degradation degradation) {
  return kDegradationNames[static_cast<std::size_t>(degradation)];
}

bool Decision::Has(Degradation what) const {
  return std::ranges::any_of(troubles,
                             [what](const Trouble& trouble) { return trouble.what == what; });
}

bool Decision::Committed() const {
  if (dry_run) return false;
  return (raises && !raises->accepted.empty()) || (lowers && !lowers->accepted.empty());
}

Allocation Decision::Reached() const {
  Allocation reached = desired;
  if (dry_run) return reached;
  for (const auto* report : {&raises, &lowers}) {
    if (!*report) continue;
    for (const AllocationChange& change : (*report)->accepted) {
      reached[change.microservice] = change.to;
    }
  }
  return reached;
}

}  // namespace trimtab
