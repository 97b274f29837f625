// The times of Kubernetes' objects.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "trimtab/quantity/time.h"

namespace trimtab {

// RFC 3339 with any number of decimals: "2026-01-01T00:00:00Z", "...00.123456+02:00".
// kInvalidArgument: anything else, or a year outside 1678..2261, which nanoseconds do not reach.
absl::StatusOr<Instant> ParseTimestamp(std::string_view text);

// metav1.Time, whole seconds: "2026-01-01T00:00:00Z".
std::string FormatTimestamp(Instant instant);

// metav1.MicroTime, exactly six decimals, as a Lease requires: "2026-01-01T00:00:00.000000Z".
std::string FormatMicroTimestamp(Instant instant);

}  // namespace trimtab
