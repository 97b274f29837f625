#include "trimtab/probability/cumulant_tail.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <iostream>
#include <limits>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "trimtab/probability/grid_tail.h"
#include "trimtab/probability/latency_tree.h"
#include "trimtab/probability/random_stream.h"
#include "trimtab/probability/testing/random_latency_tree.h"

namespace trimtab {
namespace {

using ::testing::HasSubstr;
using testing::RandomLatencyTree;

LatencyTree Single(double visits = 1.0) {
  LatencyTreeBuilder builder;
  return builder.Build(builder.AddStage(0, visits)).value();
}

LatencyTree Pair() {
  LatencyTreeBuilder builder;
  return builder.Build(builder.AddParallel(std::array{builder.AddStage(0), builder.AddStage(1)}))
      .value();
}

std::vector<Cumulants> CumulantsOf(std::span<const Stage> stages) {
  std::vector<Cumulants> cumulants;
  for (const Stage& stage : stages) {
    cumulants.push_back(ShiftedExponentialCumulants(stage.rate, stage.offset));
  }
  return cumulants;
}

// 1 - exp(-2 (1.5 - 0.5)).
TEST(CumulantEvaluatorTest, IsExactForOneExponential) {
  CumulantEvaluator evaluator(Single());
  EXPECT_NEAR(evaluator.Within(std::array{ShiftedExponentialCumulants(2, 0.5)}, 1.5),
              1 - std::exp(-2.0), 1e-13);
  EXPECT_EQ(evaluator.Within(std::array{ShiftedExponentialCumulants(2, 0.5)}, 0.5), 0);
}

// Equation 6 with the offsets inside.
TEST(CumulantEvaluatorTest, IsTheProductForAPairOfExponentials) {
  CumulantEvaluator evaluator(Pair());
  const std::array stages = {ShiftedExponentialCumulants(1, 0.2),
                             ShiftedExponentialCumulants(2, 0)};
  EXPECT_NEAR(evaluator.Within(stages, 1.2), (1 - std::exp(-1.0)) * (1 - std::exp(-2.4)), 1e-13);
}

// max of two exponentials of rate 1: mean 1.5, variance 1.25, third cumulant 2 (1 + 1/8) = 2.25.
// Of rates 1 and 2 the mean is 1 + 1/2 - 1/3.
TEST(CumulantEvaluatorTest, KnowsTheMomentsOfAMaximum) {
  CumulantEvaluator evaluator(Pair());
  evaluator.Within(std::array{ShiftedExponentialCumulants(1, 0), ShiftedExponentialCumulants(1, 0)},
                   1);
  EXPECT_NEAR(evaluator.total().mean, 1.5, 1e-6);
  EXPECT_NEAR(evaluator.total().variance, 1.25, 1e-5);
  EXPECT_NEAR(evaluator.total().third, 2.25, 1e-3);
  evaluator.Within(
      std::array{ShiftedExponentialCumulants(1, 10), ShiftedExponentialCumulants(2, 10)}, 1);
  EXPECT_NEAR(evaluator.total().mean, 10 + 1 + 0.5 - 1.0 / 3, 1e-6);
}

// Blocks of which no stage changes are kept: the same bits as from an evaluator that saw nothing
// before, after changes of one stage, of none and of all, with slopes in between.
TEST(CumulantEvaluatorTest, KeepsOnlyWhatHasNotChanged) {
  RandomStream random(12, "changes");
  const RandomLatencyTree drawn(random, 60);
  std::vector<Cumulants> stages = CumulantsOf(drawn.stages);
  std::vector<Cumulants> slopes(stages.size());
  std::vector<Cumulants> fresh_slopes(stages.size());
  CumulantEvaluator evaluator(drawn.tree);
  double time = 0;
  for (const Cumulants& stage : stages) time += 0.3 * stage.mean;
  for (int round = 0; round < 100; ++round) {
    const std::size_t first = random.Below(stages.size());
    for (std::size_t k = first; k < (round % 10 == 0 ? stages.size() : first + round % 2); ++k) {
      stages[k] = ShiftedExponentialCumulants(20 + 100 * random.Uniform(), 0.01 * random.Uniform());
    }
    CumulantEvaluator fresh(drawn.tree);
    ASSERT_EQ(evaluator.Within(stages, time), fresh.Within(stages, time)) << round;
    if (round % 7 != 0) continue;
    evaluator.WithinAndSlopes(stages, time, slopes);
    fresh.WithinAndSlopes(stages, time, fresh_slopes);
    ASSERT_EQ(slopes, fresh_slopes) << round;
  }
}

// The cumulants of an Erlang are those of one stage, times its visits; Wilson and Hilferty are 1e-3
// off at most from three visits on. Its P95 for five: 9.15351903.
TEST(CumulantEvaluatorTest, VisitsAddUp) {
  CumulantEvaluator evaluator(Single(5));
  EXPECT_NEAR(evaluator.Within(std::array{ShiftedExponentialCumulants(1, 0)}, 9.15351903), 0.95,
              1e-3);
  EXPECT_EQ(evaluator.total().mean, 5);
  EXPECT_EQ(evaluator.total().third, 10);
}

TEST(CumulantEvaluatorTest, TakesConstants) {
  CumulantEvaluator evaluator(Pair());
  const std::array stages = {Cumulants{2, 0, 0}, ShiftedExponentialCumulants(1, 0)};
  EXPECT_EQ(evaluator.Within(stages, 1.9), 0);
  EXPECT_NEAR(evaluator.Within(stages, 2.5), 1 - std::exp(-2.5), 1e-12);
  // E max(2, X) = 2 + exp(-2).
  EXPECT_NEAR(evaluator.total().mean, 2 + std::exp(-2.0), 1e-5);
  const std::array constants = {Cumulants{2, 0, 0}, Cumulants{3, 0, 0}};
  EXPECT_EQ(evaluator.Within(constants, 2.9), 0);
  EXPECT_EQ(evaluator.Within(constants, 3), 1);
  std::array<Cumulants, 2> slopes;
  EXPECT_EQ(evaluator.WithinAndSlopes(constants, 3, slopes), 1);
  EXPECT_EQ(slopes[0].mean, 0);
}

TEST(CumulantEvaluatorTest, TakesNormalAndLeftSkewedLaws) {
  CumulantEvaluator evaluator(Single());
  EXPECT_NEAR(evaluator.Within(std::array{Cumulants{3, 4, 0}}, 3 + 2 * 1.6448536269514722), 0.95,
              1e-6);
  const double right = evaluator.Within(std::array{Cumulants{0, 1, 1}}, 1.5);
  const double left = evaluator.Within(std::array{Cumulants{0, 1, -1}}, -1.5);
  EXPECT_NEAR(right, 1 - left, 1e-12);
}

TEST(CumulantEvaluatorTest, NothingTakesNoTime) {
  LatencyTreeBuilder builder;
  CumulantEvaluator evaluator(builder.Build(builder.AddSeries({})).value());
  EXPECT_EQ(evaluator.Within({}, 0), 1);
  EXPECT_EQ(evaluator.Within({}, -1), 0);
}

// The instances of random_latency_tree.h, against the grid: 250 trees of 5 to 200 stages at three
// levels. The worst are trees that one branch dominates, and in it again one block.
TEST(CumulantEvaluatorTest, IsCloseToTheGridForProbabilitiesOfNineTenthsAndMore) {
  RandomStream random(2, "trees");
  double squares = 0;
  double worst = 0;
  int count = 0;
  for (int c = 0; c < 250; ++c) {
    const std::size_t sizes[] = {5, 10, 20, 50, 200};
    const RandomLatencyTree drawn(random, sizes[c % 5]);
    const std::vector<StageLaw> laws(drawn.stages.begin(), drawn.stages.end());
    const std::vector<Cumulants> cumulants = CumulantsOf(drawn.stages);
    CumulantEvaluator evaluator(drawn.tree);
    for (const double level : {0.9, 0.95, 0.99}) {
      const double time = GridQuantile(drawn.tree, laws, level, {.cells = 128}).value();
      const double error = evaluator.Within(cumulants, time) - level;
      squares += error * error;
      worst = std::max(worst, std::abs(error));
      ++count;
    }
  }
  std::cout << "rms error " << std::sqrt(squares / count) << ", worst " << worst << " of " << count
            << "\n";
  EXPECT_LE(std::sqrt(squares / count), 2e-3);
  EXPECT_LE(worst, 1e-2);
}

// Cumulants off the exponential's, so that all three count. A step of 1e-4 of a cumulant leaves
// about 1e-8 of the second derivative; the fits inside are smooth to 1e-7 / 1e-4.
TEST(CumulantEvaluatorTest, SlopesEqualCentralDifferences) {
  RandomStream random(9, "trees");
  for (int c = 0; c < 40; ++c) {
    const RandomLatencyTree drawn(random, 4 + 2 * static_cast<std::size_t>(c));
    std::vector<Cumulants> stages = CumulantsOf(drawn.stages);
    for (Cumulants& stage : stages) stage.third *= 0.3 + random.Uniform();
    CumulantEvaluator evaluator(drawn.tree);
    std::vector<Cumulants> slopes(stages.size());
    evaluator.Within(stages, 0);
    const double time =
        evaluator.total().mean + (0.5 + random.Uniform()) * std::sqrt(evaluator.total().variance);
    evaluator.WithinAndSlopes(stages, time, slopes);
    for (std::size_t k = 0; k < stages.size(); ++k) {
      double* const places[] = {&stages[k].mean, &stages[k].variance, &stages[k].third};
      const double expected[] = {slopes[k].mean, slopes[k].variance, slopes[k].third};
      for (int d = 0; d < 3; ++d) {
        const double value = *places[d];
        *places[d] = value * (1 + 1e-4);
        const double up = evaluator.Within(stages, time);
        *places[d] = value * (1 - 1e-4);
        const double down = evaluator.Within(stages, time);
        *places[d] = value;
        EXPECT_NEAR(expected[d] * value, (up - down) / 2e-4, 1e-6)
            << "tree " << c << " stage " << k << " cumulant " << d + 1;
      }
    }
  }
}

// One block with nearly all of the variance: its product is taken as it is. P(max(a, b) + c <= t)
// with c a hundredth of a and b: the grid says how far off.
TEST(CumulantEvaluatorTest, IsPreciseWhereOneBlockDominates) {
  LatencyTreeBuilder builder;
  const auto block = builder.AddParallel(std::array{builder.AddStage(0), builder.AddStage(1)});
  const LatencyTree tree =
      builder.Build(builder.AddSeries(std::array{block, builder.AddStage(2)})).value();
  const std::vector<Stage> stages = {{1}, {1}, {100}};
  const std::vector<StageLaw> laws(stages.begin(), stages.end());
  CumulantEvaluator evaluator(tree);
  for (const double time : {1.0, 3.0, 4.5}) {
    EXPECT_NEAR(evaluator.Within(CumulantsOf(stages), time), GridWithin(tree, laws, time).value(),
                1e-6);
  }
}

// Where laws are exactly exponential, along their rates: the branch of the exact distribution.
TEST(CumulantEvaluatorTest, SlopesAlongTheRateOfExponentials) {
  RandomStream random(10, "trees");
  const RandomLatencyTree drawn(random, 30);
  std::vector<Stage> stages = drawn.stages;
  CumulantEvaluator evaluator(drawn.tree);
  std::vector<Cumulants> slopes(stages.size());
  evaluator.Within(CumulantsOf(stages), 0);
  const double time = evaluator.total().mean + 1.2 * std::sqrt(evaluator.total().variance);
  evaluator.WithinAndSlopes(CumulantsOf(stages), time, slopes);
  for (std::size_t k = 0; k < stages.size(); ++k) {
    const double rate = stages[k].rate;
    // Of 1 / l, 1 / l^2 and 2 / l^3 by ln l.
    const double expected = -slopes[k].mean / rate - 2 * slopes[k].variance / (rate * rate) -
                            6 * slopes[k].third / (rate * rate * rate);
    stages[k].rate = rate * (1 + 1e-4);
    const double up = evaluator.Within(CumulantsOf(stages), time);
    stages[k].rate = rate * (1 - 1e-4);
    const double down = evaluator.Within(CumulantsOf(stages), time);
    stages[k].rate = rate;
    EXPECT_NEAR(expected, (up - down) / 2e-4, 1e-6) << "stage " << k;
  }
}

TEST(CumulantEvaluatorTest, AHundredThousandNodes) {
  LatencyTreeBuilder builder;
  auto last = builder.AddStage(0);
  for (int i = 1; i < 50'000; ++i) {
    const auto stage = builder.AddStage(static_cast<std::size_t>(i % 7));
    last = i % 2 == 0 ? builder.AddSeries(std::array{last, stage})
                      : builder.AddParallel(std::array{last, stage});
  }
  const LatencyTree tree = builder.Build(last).value();
  const std::vector<Cumulants> stages(7, ShiftedExponentialCumulants(1000, 0));
  CumulantEvaluator evaluator(tree);
  std::vector<Cumulants> slopes(7);
  const double within = evaluator.WithinAndSlopes(stages, 30, slopes);
  EXPECT_TRUE(within >= 0 && within <= 1);
  EXPECT_GT(evaluator.total().mean, 0.001 * 25'000);
}

TEST(ValidateCumulantsTest, NamesTheStageTheValueAndTheBound) {
  const auto message = [](Cumulants stage) {
    return std::string(ValidateCumulants(std::array{Cumulants{1, 1, 1}, stage}).message());
  };
  EXPECT_EQ(message({1, -1, 0}), "stage 1: variance -1 s^2, expected within [0, 1e18]");
  EXPECT_THAT(message({std::numeric_limits<double>::quiet_NaN(), 1, 1}), HasSubstr("mean nan"));
  EXPECT_THAT(message({1, 0, 1}), HasSubstr("third cumulant 1 s^3"));
  EXPECT_TRUE(ValidateCumulants(std::array{Cumulants{1, 0, 0}}).ok());
}

}  // namespace
}  // namespace trimtab
