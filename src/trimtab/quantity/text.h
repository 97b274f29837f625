// Kubernetes' text for quantities ("200m", "100Mi") and Go's for durations ("30s"): the only place
// where either is parsed or printed.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "trimtab/quantity/quantity.h"
#include "trimtab/quantity/time.h"

namespace trimtab {

// "200m", "0.2", "2", "1e-1", "12345678n", "1500u", "1k". Exact: a value that is not a whole number
// of millicores is rounded up, as Kubernetes does. Negative, NaN, empty or a binary suffix is
// kInvalidArgument.
absl::StatusOr<Millicores> ParseCpu(std::string_view text);

// "100Mi" (2^20), "100M" (10^6), "1Gi", "1e9", "128974848", "128974848000m". A fraction of a
// byte is rounded up.
absl::StatusOr<Bytes> ParseMemory(std::string_view text);

// Go's duration: "300ms", "1m30s", "2h", "1.5s", "100us". A bare number is an error, except "0".
absl::StatusOr<Duration> ParseDuration(std::string_view text);

// A finite decimal number and nothing else; locale-proof.
absl::StatusOr<double> ParseNumber(std::string_view text);

// The shortest text that parses back to the same value: "200m", "2"; "100Mi", "1500k"; "1m30s".
std::string FormatCpu(Millicores cpu);
std::string FormatMemory(Bytes memory);
std::string FormatDuration(Duration duration);

}  // namespace trimtab
