#include "trimtab/probability/paper_tail.h"

#include <array>
#include <cmath>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "trimtab/probability/latency_tree.h"
#include "trimtab/probability/sequence_tail.h"

namespace trimtab {
namespace {

using ::testing::HasSubstr;

std::vector<Stage> WithRates(const std::vector<double>& rates) {
  std::vector<Stage> stages;
  for (const double rate : rates) stages.push_back({.rate = rate});
  return stages;
}

// Known to fifteen digits.
TEST(PaperWithinTest, IsRightForRatesFarApart) {
  EXPECT_NEAR(PaperWithin(WithRates({1, 2}), 1).value(), 0.399576400893728, 1e-14);
  EXPECT_NEAR(PaperWithin(WithRates({1, 2, 3}), 2).value(), 0.646462314779698, 1e-14);
  EXPECT_NEAR(PaperWithin(WithRates({0.5, 1.5, 2.5, 4}), 3).value(), 0.543529728990038, 1e-14);
  EXPECT_NEAR(PaperWithin(WithRates({.05, .06, .07, .08, .09}), 120).value(), 0.899721496957503,
              1e-9);
}

TEST(PaperWithinTest, AgreesWithTheContourForRatesFarApart) {
  SequenceWorkspace workspace;
  const std::vector<Stage> stages = {{3, 1, 0.1}, {7, 1, 0.2}, {20, 1, 0}};
  for (const double time : {0.2, 0.5, 1.0, 2.0}) {
    const SequenceTail tail = SequenceTailAt(stages, time, workspace);
    EXPECT_NEAR(PaperWithin(stages, time).value(), tail.within, 1e-10);
    EXPECT_NEAR(PaperDensity(stages, time).value(), tail.density, 1e-8);
  }
}

// D2: 0 divided by 0 for a tie, and 25 pairs 1e-5 apart give any number.
TEST(PaperWithinTest, FailsLoudlyWhereItLeavesTheUnitInterval) {
  const auto tie = PaperWithin(WithRates({2, 2}), 1);
  EXPECT_EQ(tie.status().code(), absl::StatusCode::kOutOfRange);
  EXPECT_THAT(tie.status().message(), HasSubstr("equation 10 gives the probability"));
  EXPECT_THAT(tie.status().message(), HasSubstr("are 2 and 2 /s, 0 apart"));
  std::vector<double> pairs;
  for (int i = 0; i < 25; ++i) {
    pairs.push_back(1 + 0.04 * i);
    pairs.push_back((1 + 0.04 * i) * (1 + 1e-5));
  }
  EXPECT_THAT(PaperWithin(WithRates(pairs), 45).status().message(),
              HasSubstr("expected within [0, 1]: the closest of 50 rates"));
  EXPECT_EQ(PaperDensity(WithRates({2, 2}), 1).status().code(), absl::StatusCode::kOutOfRange);
}

// D11: calls of one microservice are one exponential, whose P95 is far out: ln 20 * 10 = 29.96
// where ten calls of rate 1 take 15.705.
TEST(PaperWithinTest, CallsAreOneExponentialOfTheirMean) {
  EXPECT_NEAR(PaperWithin(std::array{Stage{1, 10, 0.5}}, 5 + 10 * std::log(20.0)).value(), 0.95,
              1e-12);
}

// D5: with two equal branches P(max <= ln 20) is 0.95^2 = 0.9025; the paper says 0.95.
TEST(PaperSequenceTest, KeepsTheBranchOfTheSmallestRate) {
  LatencyTreeBuilder builder;
  const auto chain = builder.AddSeries(std::array{builder.AddStage(1), builder.AddStage(2, 2)});
  const auto block = builder.AddParallel(std::array{builder.AddStage(3), chain});
  const LatencyTree tree =
      builder.Build(builder.AddSeries(std::array{builder.AddStage(0), block})).value();
  // Stage 2, called twice, has rate 4 / 2: the smallest of the block, so its chain stays.
  const std::vector<Stage> stages = {{10}, {50}, {4, 1, 0.25}, {3}};
  const std::vector<Stage> sequence = PaperSequence(tree, stages);
  ASSERT_EQ(sequence.size(), 3);
  EXPECT_EQ(sequence[0].rate, 50);
  EXPECT_EQ(sequence[1].rate, 2);
  EXPECT_EQ(sequence[1].offset, 0.5);
  EXPECT_EQ(sequence[2].rate, 10);
}

}  // namespace
}  // namespace trimtab
