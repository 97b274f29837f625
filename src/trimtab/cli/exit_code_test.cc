#include "trimtab/cli/exit_code.h"

#include <gtest/gtest.h>

#include "absl/status/status.h"

namespace trimtab {
namespace {

// docs/command-line.md promises these numbers and scripts rely on.
TEST(ExitCodeTest, NumbersAreStable) {
  EXPECT_EQ(static_cast<int>(ExitCode::kSuccess), 0);
  EXPECT_EQ(static_cast<int>(ExitCode::kFailure), 1);
  EXPECT_EQ(static_cast<int>(ExitCode::kUsage), 2);
  EXPECT_EQ(static_cast<int>(ExitCode::kInsufficientData), 3);
  EXPECT_EQ(static_cast<int>(ExitCode::kInfeasible), 4);
  EXPECT_EQ(static_cast<int>(ExitCode::kRefused), 5);
  EXPECT_EQ(static_cast<int>(ExitCode::kChanges), 10);
}

TEST(ExitCodeTest, FollowsWhatTheCallerCanDo) {
  EXPECT_EQ(ExitCodeOf(absl::OkStatus()), ExitCode::kSuccess);
  EXPECT_EQ(ExitCodeOf(absl::InvalidArgumentError("")), ExitCode::kUsage);
  EXPECT_EQ(ExitCodeOf(absl::NotFoundError("")), ExitCode::kUsage);
  EXPECT_EQ(ExitCodeOf(absl::DataLossError("")), ExitCode::kUsage);
  EXPECT_EQ(ExitCodeOf(absl::FailedPreconditionError("")), ExitCode::kInsufficientData);
  EXPECT_EQ(ExitCodeOf(absl::UnavailableError("")), ExitCode::kInsufficientData);
  EXPECT_EQ(ExitCodeOf(absl::ResourceExhaustedError("")), ExitCode::kInfeasible);
  EXPECT_EQ(ExitCodeOf(absl::AbortedError("")), ExitCode::kRefused);
  EXPECT_EQ(ExitCodeOf(absl::CancelledError("")), ExitCode::kFailure);
  EXPECT_EQ(ExitCodeOf(absl::InternalError("")), ExitCode::kFailure);
}

}  // namespace
}  // namespace trimtab
