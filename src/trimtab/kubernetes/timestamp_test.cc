#include "trimtab/kubernetes/timestamp.h"

#include <chrono>

#include "gtest/gtest.h"

namespace trimtab {
namespace {

TEST(TimestampTest, ReadsAnyDecimalsAndZones) {
  // 2026-01-01 is 20454 days after the epoch: 56 years with 14 leap days.
  const Instant day = Instant(std::chrono::hours(24 * 20454));
  EXPECT_EQ(*ParseTimestamp("2026-01-01T00:00:00Z"), day);
  EXPECT_EQ(*ParseTimestamp("2026-01-01T02:00:00.5+02:00"), day + std::chrono::milliseconds(500));
  EXPECT_EQ(*ParseTimestamp("2026-01-01T00:00:00.000000001Z"), day + std::chrono::nanoseconds(1));
}

TEST(TimestampTest, WritesExactlyAsManyDecimalsAsKubernetesWants) {
  const Instant instant = *ParseTimestamp("2026-01-01T00:00:00.123456789Z");
  EXPECT_EQ(FormatTimestamp(instant), "2026-01-01T00:00:00Z");
  EXPECT_EQ(FormatMicroTimestamp(instant), "2026-01-01T00:00:00.123456Z");
  EXPECT_EQ(FormatMicroTimestamp(*ParseTimestamp("2026-01-01T00:00:00Z")),
            "2026-01-01T00:00:00.000000Z");
}

TEST(TimestampTest, RefusesAnythingElse) {
  for (const char* text : {"", "now", "infinite-future", "2026-01-01", "2026-13-01T00:00:00Z",
                           "2026-01-01T00:00:00", "1500-01-01T00:00:00Z", "9999-01-01T00:00:00Z"}) {
    EXPECT_EQ(ParseTimestamp(text).status().code(), absl::StatusCode::kInvalidArgument) << text;
  }
}

}  // namespace
}  // namespace trimtab
