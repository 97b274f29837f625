#include "trimtab/cli/progress.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace trimtab {
namespace {

using std::chrono::seconds;

// A quarter took 30 s, so the other three quarters take 90 s.
TEST(ProgressLineTest, EstimatesTheTimeLeftFromTheRateSoFar) {
  EXPECT_EQ(ProgressLine("profile", 25, 100, seconds(30)),
            "profile                  [#####...............]  25 %  1 min 30 s left");
}

TEST(ProgressLineTest, HasNoEstimateBeforeTheFirstStep) {
  EXPECT_EQ(ProgressLine("profile", 0, 100, seconds(30)),
            "profile                  [....................]   0 %");
}

TEST(ProgressLineTest, StopsAtAHundredPercent) {
  EXPECT_EQ(ProgressLine("profile", 120, 100, seconds(30)),
            "profile                  [####################] 100 %  0 s left");
}

TEST(ProgressLineTest, ShowsHoursForLongRuns) {
  EXPECT_THAT(ProgressLine("fuzz", 1, 3, seconds(3600)), testing::HasSubstr("2 h 00 min left"));
}

TEST(ProgressTest, IsSilentWithoutATerminal) {
  std::ostringstream err;
  Progress progress(err, false);
  {
    Progress::Bar bar = progress.Start("profile", 10);
    bar.Add(10);
  }
  EXPECT_EQ(err.str(), "");
}

TEST(ProgressTest, NotesArePrintedWithoutATerminalToo) {
  std::ostringstream err;
  Progress progress(err, false);
  progress.Note("resuming after 120 samples");
  EXPECT_EQ(err.str(), "resuming after 120 samples\n");
}

TEST(ProgressTest, LeavesALineBehindWhenDoneOrStopped) {
  std::ostringstream err;
  Progress progress(err, true);
  {
    Progress::Bar complete = progress.Start("profile", 2);
    Progress::Bar cut = progress.Start("train", 2);
    complete.Set(2);
    cut.Set(1);
  }
  EXPECT_THAT(err.str(), testing::HasSubstr("profile                  done in "));
  EXPECT_THAT(err.str(), testing::HasSubstr("train                    stopped after "));
}

TEST(ProgressTest, AMovedBarEndsOnce) {
  std::ostringstream err;
  Progress progress(err, true);
  {
    Progress::Bar first = progress.Start("profile", 1);
    const Progress::Bar second = std::move(first);
  }
  const std::string text = err.str();
  const auto position = text.find("stopped after");
  ASSERT_NE(position, std::string::npos);
  EXPECT_EQ(text.find("stopped after", position + 1), std::string::npos);
}

// Meant for the thread sanitizer; the sum is checked through the last line of each bar.
TEST(ProgressTest, BarsMoveFromSeveralThreads) {
  std::ostringstream err;
  Progress progress(err, true);
  {
    Progress::Bar shared = progress.Start("shared", 4000);
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] {
        Progress::Bar own = progress.Start("own", 1000);
        for (int i = 0; i < 1000; ++i) {
          own.Add(1);
          shared.Add(1);
        }
      });
    }
  }
  EXPECT_THAT(err.str(), testing::HasSubstr("shared                   done in "));
  EXPECT_THAT(err.str(), testing::Not(testing::HasSubstr("stopped after")));
}

}  // namespace
}  // namespace trimtab
