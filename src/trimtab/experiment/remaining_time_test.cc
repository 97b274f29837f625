#include "trimtab/experiment/remaining_time.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

namespace trimtab {
namespace {

using ::testing::ElementsAre;

class RemainingTimeTest : public ::testing::Test {
 protected:
  RemainingTime Make(double total) {
    return {"runs", total, [this] { return now_; },
            [this](const std::string& line) { lines_.push_back(line); }};
  }
  Duration now_{0};
  std::vector<std::string> lines_;
};

// 100 units at one every 10 s: after 10 of them 900 s are left, after 30 another 700, after 60 400.
TEST_F(RemainingTimeTest, SaysWhatIsLeftAtEachPart) {
  RemainingTime remaining = Make(100);
  for (int i = 1; i <= 10; ++i) {
    now_ = std::chrono::seconds(100 * i);
    remaining.Add(10);
  }
  EXPECT_THAT(
      lines_,
      ElementsAre("runs: 10 % done, about 15 min left", "runs: 30 % done, about 12 min left",
                  "runs: 50 % done, about 9 min left", "runs: 80 % done, about 4 min left"));
}

TEST_F(RemainingTimeTest, SaysNothingOfAShortJobOrWithoutAStopwatch) {
  RemainingTime remaining = Make(4);
  for (int i = 1; i <= 4; ++i) {
    now_ = std::chrono::seconds(9 * i);
    remaining.Add(1);
  }
  RemainingTime timeless("runs", 2, {},
                         [this](const std::string& line) { lines_.push_back(line); });
  timeless.Add(1);
  EXPECT_TRUE(lines_.empty());
}

}  // namespace
}  // namespace trimtab
