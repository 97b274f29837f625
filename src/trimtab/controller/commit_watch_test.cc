#include "trimtab/controller/commit_watch.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace trimtab {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

Instant At(int second) { return Instant(seconds(second)); }
TimeWindow Window(int begin, int end) { return {At(begin), At(end)}; }
constexpr Latency kSla{300};
constexpr Latency kGood{200};
constexpr Latency kBad{400};

class CommitWatchTest : public testing::Test {
 protected:
  // Commits at `second`, effective 5 s later.
  void Commit(std::int64_t decision, int second) {
    watch_.Committed(decision, At(second), {MicroserviceId(0)}, Latency(250));
    states_[0].pending = 1;
    watch_.Observe(At(second), states_);
    states_[0].pending = 0;
    watch_.Observe(At(second + 5), states_);
  }

  CommitWatch watch_{{.longest_start = seconds(120), .longest_wait = seconds(300)}};
  std::vector<MicroserviceState> states_ = std::vector<MicroserviceState>(1);

  CommitWatchTest() { states_[0].ready = 1; }
};

TEST_F(CommitWatchTest, WaitsForTheFirstWindowThatBeginsAfterTheChange) {
  Commit(7, 100);
  EXPECT_THAT(watch_.Measured(Window(100, 160), kBad, kSla), IsEmpty());
  const auto verified = watch_.Measured(Window(105, 165), kGood, kSla);
  ASSERT_EQ(verified.size(), 1U);
  EXPECT_EQ(verified[0].decision, 7);
  EXPECT_EQ(verified[0].effective, At(105));
  EXPECT_TRUE(verified[0].met);
  EXPECT_EQ(verified[0].predicted, Latency(250));
  EXPECT_EQ(watch_.reversions(), 0);
  EXPECT_THAT(watch_.prepare_rounds(), ElementsAre(1));
  EXPECT_THAT(watch_.Measured(Window(120, 180), kBad, kSla), IsEmpty());
}

TEST_F(CommitWatchTest, AMissIsAReversionAndFurtherCommitsAreRounds) {
  Commit(1, 100);
  ASSERT_FALSE(watch_.Measured(Window(105, 165), kBad, kSla)[0].met);
  Commit(2, 165);
  Commit(3, 180);
  watch_.Measured(Window(180, 240), kBad, kSla);   // verifies 2: missed as well
  watch_.Measured(Window(195, 255), kGood, kSla);  // verifies 3, closes the series
  EXPECT_EQ(watch_.reversions(), 2);
  // Commit 1 needed two further rounds; 2 and 3 were those rounds.
  EXPECT_THAT(watch_.prepare_rounds(), ElementsAre(0, 0, 1));
  Commit(4, 300);
  watch_.Measured(Window(305, 365), kGood, kSla);
  EXPECT_THAT(watch_.prepare_rounds(), ElementsAre(1, 0, 1));
}

TEST_F(CommitWatchTest, OverlappingCommitsAreVerifiedEach) {
  Commit(1, 100);
  Commit(2, 115);
  EXPECT_EQ(watch_.Measured(Window(110, 170), kBad, kSla).size(), 1U);
  EXPECT_EQ(watch_.Measured(Window(125, 185), kBad, kSla).size(), 1U);
  // Both were committed before the first miss was known, so both needed the same series: no round.
  watch_.Measured(Window(140, 200), kGood, kSla);
  EXPECT_EQ(watch_.reversions(), 2);
  EXPECT_THAT(watch_.prepare_rounds(), ElementsAre(2));
}

TEST_F(CommitWatchTest, AStuckChangeIsVerifiedAllTheSame) {
  watch_.Committed(1, At(100), {MicroserviceId(0)}, std::nullopt);
  states_[0].pending = 1;
  watch_.Observe(At(219), states_);
  EXPECT_THAT(watch_.Measured(Window(219, 279), kBad, kSla), IsEmpty());
  watch_.Observe(At(230), states_);
  const auto verified = watch_.Measured(Window(230, 290), kBad, kSla);
  ASSERT_EQ(verified.size(), 1U);
  EXPECT_EQ(verified[0].effective, At(220));
}

TEST_F(CommitWatchTest, AWindowLongAfterwardsVerifiesNothing) {
  Commit(1, 100);
  EXPECT_THAT(watch_.Measured(Window(406, 466), kBad, kSla), IsEmpty());
  EXPECT_EQ(watch_.unverified(), 1);
  Commit(2, 500);
  watch_.Clear();
  EXPECT_EQ(watch_.unverified(), 2);
  EXPECT_EQ(watch_.reversions(), 0);
}

}  // namespace
}  // namespace trimtab
