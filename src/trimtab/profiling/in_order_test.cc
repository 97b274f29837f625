// Tests that results arrive in order whatever the threads do.
#include "trimtab/profiling/in_order.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

namespace trimtab {
namespace {

std::vector<SampleRow> RowOf(std::int64_t setting) {
  SampleRow row;
  row.setting = setting;
  return {row};
}

TEST(RunInOrderTest, DeliversInOrderWithManyThreads) {
  std::vector<std::int64_t> seen;
  const auto status = RunInOrder(
      3, 500, 4, nullptr,
      [](std::int64_t i) -> absl::StatusOr<std::vector<SampleRow>> {
        if (i % 7 == 0) std::this_thread::yield();
        return RowOf(i);
      },
      [&](std::int64_t i, const std::vector<SampleRow>& rows) {
        EXPECT_EQ(rows[0].setting, i);
        seen.push_back(i);
        return absl::OkStatus();
      });
  ASSERT_TRUE(status.ok());
  ASSERT_EQ(seen.size(), 497U);
  for (std::size_t i = 0; i < seen.size(); ++i)
    EXPECT_EQ(seen[i], static_cast<std::int64_t>(i) + 3);
}

TEST(RunInOrderTest, AnErrorEndsItAfterTheGaplessPrefix) {
  std::int64_t delivered = 0;
  const auto status = RunInOrder(
      0, 1000, 3, nullptr,
      [](std::int64_t i) -> absl::StatusOr<std::vector<SampleRow>> {
        if (i == 40) return absl::InternalError("broken");
        return RowOf(i);
      },
      [&](std::int64_t i, const std::vector<SampleRow>&) {
        EXPECT_EQ(i, delivered++);
        return absl::OkStatus();
      });
  EXPECT_EQ(status.message(), "broken");
  EXPECT_EQ(delivered, 40);
}

TEST(RunInOrderTest, AFailedDeliveryEndsIt) {
  const auto status = RunInOrder(
      0, 1000, 2, nullptr, [](std::int64_t i) { return RowOf(i); },
      [](std::int64_t i, const std::vector<SampleRow>&) {
        return i < 5 ? absl::OkStatus() : absl::UnavailableError("disk full");
      });
  EXPECT_EQ(status.message(), "disk full");
}

TEST(RunInOrderTest, StopsWhenAsked) {
  std::atomic<bool> stop{false};
  std::int64_t delivered = 0;
  const auto status = RunInOrder(
      0, 1'000'000, 2, &stop, [](std::int64_t i) { return RowOf(i); },
      [&](std::int64_t, const std::vector<SampleRow>&) {
        if (++delivered == 10) stop = true;
        return absl::OkStatus();
      });
  EXPECT_TRUE(absl::IsCancelled(status));
  EXPECT_GE(delivered, 10);
  EXPECT_LT(delivered, 1'000'000);
}

TEST(RunInOrderTest, AnEmptyRangeIsDone) {
  EXPECT_TRUE(
      RunInOrder(
          5, 5, 2, nullptr, [](std::int64_t i) { return RowOf(i); },
          [](std::int64_t, const std::vector<SampleRow>&) { return absl::InternalError("called"); })
          .ok());
}

}  // namespace
}  // namespace trimtab
