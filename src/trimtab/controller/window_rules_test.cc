// Tests the rules of a window with hand-made counts, and their false alarms with drawn ones.
#include "trimtab/controller/window_rules.h"

#include <cmath>
#include <random>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace trimtab {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Instant At(double second) { return Instant(SecondsToDuration(second)); }

// Every 15 s from `first` to `last`, from an arbitrary zero.
MetricSeries Counter(double per_second, int first, int last, double zero = 0) {
  MetricSeries series;
  for (int t = first; t <= last; t += 15) {
    series.push_back({.at = At(t), .value = zero + per_second * (t - first)});
  }
  return series;
}

class WindowRulesTest : public testing::Test {
 protected:
  // At `now` the window is the 60 s that ended 15 s ago, with these counts in all of it.
  std::vector<std::string> Check(double now, const TraceCounts& counts, double share = 1) {
    const TimeWindow window{.begin = At(now - 75), .end = At(now - 15)};
    return rules_.Check({.now = At(now),
                         .window = window,
                         .counts_in =
                             [counts, window](const TimeWindow& part) {
                               TraceCounts in = counts;
                               in.finished = std::llround(static_cast<double>(counts.finished) *
                                                          InSeconds(part.length()) /
                                                          InSeconds(window.length()));
                               return in;
                             },
                         .account = account_,
                         .sampling_share = share,
                         .requests = &requests_});
  }

  WindowRules rules_{WindowRulesOptions{}};
  SpanAccount account_ = {.received = 10'000};
  CounterHistory requests_{seconds(240)};
};

TEST_F(WindowRulesTest, AWholeWindowHasNoGap) {
  requests_.Append(Counter(100, 0, 90));
  EXPECT_THAT(Check(105, {.finished = 6000, .failed = 0, .unfinished = 0}), IsEmpty());
}

// A loss at 100 s is in the windows up to the one that begins then, at 175 s.
TEST_F(WindowRulesTest, ALossForbidsLowersWhileItsWindowLasts) {
  EXPECT_THAT(Check(90, {.finished = 6000}), IsEmpty());
  account_.dropped = 3;
  account_.refused = 2;
  EXPECT_TRUE(rules_.HasLostSince(account_));
  EXPECT_THAT(Check(100, {.finished = 6000}),
              ElementsAre("traces: lost 0s ago: spans refused 2, spans dropped 3"));
  EXPECT_FALSE(rules_.HasLostSince(account_));
  EXPECT_THAT(Check(174, {.finished = 6000}),
              ElementsAre("traces: lost 1m14s ago: spans refused 2, spans dropped 3"));
  EXPECT_THAT(Check(175, {.finished = 6000}), IsEmpty());
}

TEST_F(WindowRulesTest, EveryKindOfLossCounts) {
  const auto after = [this](std::uint64_t SpanAccount::* what) {
    WindowRules rules{WindowRulesOptions{}};
    SpanAccount account = account_;
    account.*what = 1;
    return rules.HasLostSince(account);
  };
  EXPECT_TRUE(after(&SpanAccount::refused));
  EXPECT_TRUE(after(&SpanAccount::dropped));
  EXPECT_TRUE(after(&SpanAccount::late));
  EXPECT_TRUE(after(&SpanAccount::bad_requests));
  EXPECT_TRUE(after(&SpanAccount::deferred_requests));
  EXPECT_FALSE(after(&SpanAccount::handed_out));
  EXPECT_FALSE(after(&SpanAccount::traces));
}

TEST_F(WindowRulesTest, OneInAHundredMayBeUnfinished) {
  EXPECT_THAT(Check(100, {.finished = 990, .unfinished = 10}), IsEmpty());
  EXPECT_THAT(Check(115, {.finished = 989, .unfinished = 11}),
              ElementsAre("traces: 11 of 1000 are unfinished, at most 1 % may be"));
}

// None of 1000 failed before: 16 of 1000 have a share of 0.008 on both sides together, a standard
// error of sqrt(0.008 * 0.992 * 2 / 1000) = 0.00398, and 4 of them are 0.01593, below 0.016. 15 are
// 0.015 against 0.01543.
TEST_F(WindowRulesTest, MoreFailuresThanChanceGivesAreARise) {
  EXPECT_THAT(Check(100, {.finished = 1000}), IsEmpty());
  EXPECT_THAT(Check(160, {.finished = 1000, .failed = 15}), IsEmpty());
  EXPECT_THAT(Check(161, {.finished = 1000, .failed = 16}),
              ElementsAre("traces: 1.6 % of the requests fail, 0 % did before"));
}

TEST_F(WindowRulesTest, FailuresThatStayAreTheNewNormalAfterTenMinutes) {
  EXPECT_THAT(Check(100, {.finished = 1000}), IsEmpty());
  for (int t = 160; t <= 700; t += 60) {
    EXPECT_FALSE(Check(t, {.finished = 1000, .failed = 50}).empty()) << t;
  }
  EXPECT_THAT(Check(760, {.finished = 1000, .failed = 50}), IsEmpty());
}

// Between the scrapes at 30 and 90 s the counter has 6000 requests; 5400 traces are 10 % less.
TEST_F(WindowRulesTest, TracesAndCounterMustAgreeWithinATenth) {
  requests_.Append(Counter(100, 0, 90));
  EXPECT_THAT(Check(105, {.finished = 5400}), IsEmpty());
  EXPECT_THAT(Check(105, {.finished = 5397}),
              ElementsAre("traces: 5397 requests traced within 1m where the counter has 6000"));
  EXPECT_THAT(Check(105, {.finished = 6602}), IsEmpty());
  EXPECT_THAT(Check(105, {.finished = 6603}), ElementsAre(HasSubstr("counter has 6000")));
}

// One in ten is traced: of 6000 requests 600 traces, which estimate them with a standard error of
// sqrt(6000 * 0.9 / 0.1) = 232. Allowed are 600 + 3 * 232 + 20 = 1317, and 131 traces fewer.
TEST_F(WindowRulesTest, ASampleMayBeOffByItsOwnNoise) {
  requests_.Append(Counter(100, 0, 90));
  EXPECT_THAT(Check(105, {.finished = 469}, 0.1), IsEmpty());
  EXPECT_THAT(Check(105, {.finished = 468}, 0.1), ElementsAre(HasSubstr("4680 requests traced")));
}

// Binomial samples of an even load: the bound is 3 standard errors and a tenth. 4000 draws; were it
// 3 alone, 11 alarms would be expected, and with the tenth on top none.
TEST_F(WindowRulesTest, AnHonestSampleIsNotAccused) {
  requests_.Append(Counter(10, 0, 90));
  std::mt19937_64 random(5);
  for (const double share : {0.02, 0.1, 0.5, 0.9}) {
    std::binomial_distribution<std::int64_t> traced(600, share);
    for (int i = 0; i < 1000; ++i) {
      EXPECT_THAT(Check(105, {.finished = traced(random)}, share), IsEmpty());
    }
  }
}

TEST_F(WindowRulesTest, ACounterThatWasHardlySeenIsComparedWithNothing) {
  requests_.Append(Counter(100, 75, 90));
  EXPECT_THAT(Check(105, {.finished = 100}), IsEmpty());
}

// A source that was sent nothing and hands out every span as it happens, as the simulated cluster.
TEST_F(WindowRulesTest, ASourceThatCannotLoseAnythingIsTakenAtItsWord) {
  account_ = {};
  requests_.Append(Counter(100, 0, 90));
  EXPECT_THAT(Check(105, {.finished = 10, .failed = 5, .unfinished = 10}), IsEmpty());
}

// Readings of 45 s of a counter that begins from 0 each time, with a restart in the middle.
TEST(CounterHistoryTest, JoinsReadingsThatEachBeginAtZero) {
  CounterHistory history(seconds(240));
  history.Append(Counter(10, 0, 45));
  history.Append(Counter(10, 30, 75));
  history.Append({{At(60), 5}, {At(75), 155}, {At(90), 40}, {At(105), 190}});
  const auto increase = history.IncreaseWithin({.begin = At(0), .end = At(110)});
  ASSERT_TRUE(increase.has_value());
  EXPECT_EQ(increase->span.begin, At(0));
  EXPECT_EQ(increase->span.end, At(105));
  // 75 s at 10/s, then 40 after the restart, then 150.
  EXPECT_DOUBLE_EQ(increase->amount, 750 + 40 + 150);
}

TEST(CounterHistoryTest, AReadingAtOtherTimesIsJoinedInBetween) {
  CounterHistory history(seconds(240));
  history.Append(Counter(10, 0, 45));
  // Known up to 45 s; of the 150 between 40 and 55 s, two thirds are new.
  history.Append({{At(25), 0}, {At(40), 150}, {At(55), 300}});
  EXPECT_DOUBLE_EQ(history.IncreaseWithin({.begin = At(0), .end = At(60)})->amount, 550);
}

TEST(CounterHistoryTest, AHoleBeginsANewHistoryAndOldPointsAreForgotten) {
  CounterHistory history(seconds(60));
  history.Append(Counter(10, 0, 45));
  history.Append(Counter(10, 100, 145));
  EXPECT_FALSE(history.IncreaseWithin({.begin = At(0), .end = At(100)}).has_value());
  history.Append(Counter(10, 145, 190));
  EXPECT_EQ(history.IncreaseWithin({.begin = At(0), .end = At(200)})->span.begin, At(130));
}

TEST(WindowRulesOptionsTest, NamesEveryViolation) {
  const std::string words =
      WindowRulesOptions{.most_disagreement = 0, .most_unfinished = 1, .error_memory = Duration(0)}
          .Validate()
          .ToString();
  EXPECT_THAT(words, HasSubstr("most disagreement is 0"));
  EXPECT_THAT(words, HasSubstr("most unfinished is 1"));
  EXPECT_THAT(words, HasSubstr("error memory is 0s"));
}

}  // namespace
}  // namespace trimtab
