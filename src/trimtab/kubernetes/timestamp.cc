#include "trimtab/kubernetes/timestamp.h"

#include <chrono>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "fmt/format.h"

namespace trimtab {
namespace {

constexpr const char* kSeconds = "%Y-%m-%dT%H:%M:%SZ";
constexpr const char* kMicroseconds = "%Y-%m-%dT%H:%M:%E6SZ";

std::string Format(const char* format, Instant instant) {
  const absl::Time time = absl::FromUnixNanos(instant.time_since_epoch().count());
  return absl::FormatTime(format, time, absl::UTCTimeZone());
}

}  // namespace

absl::StatusOr<Instant> ParseTimestamp(std::string_view text) {
  absl::Time time;
  std::string why;
  // Beside dates, Abseil reads "infinite-future".
  const bool is_date = !text.empty() && text.front() >= '0' && text.front() <= '9';
  if (!is_date || !absl::ParseTime(absl::RFC3339_full, absl::string_view(text.data(), text.size()),
                                   &time, &why)) {
    return absl::InvalidArgumentError(
        fmt::format("time '{}': is not like '2026-01-01T00:00:00Z'", text.substr(0, 64)));
  }
  const absl::Time limit = absl::FromUnixNanos(std::numeric_limits<std::int64_t>::max());
  if (time >= limit || time <= absl::UnixEpoch() - (limit - absl::UnixEpoch())) {
    return absl::InvalidArgumentError(
        fmt::format("time '{}': is outside the years 1678 to 2261", text.substr(0, 64)));
  }
  return Instant(Duration(absl::ToUnixNanos(time)));
}

std::string FormatTimestamp(Instant instant) { return Format(kSeconds, instant); }

std::string FormatMicroTimestamp(Instant instant) { return Format(kMicroseconds, instant); }

}  // namespace trimtab
