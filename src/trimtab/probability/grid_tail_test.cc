#include "trimtab/probability/grid_tail.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "trimtab/probability/latency_tree.h"
#include "trimtab/probability/random_stream.h"
#include "trimtab/probability/sequence_tail.h"
#include "trimtab/probability/testing/random_latency_tree.h"

namespace trimtab {
namespace {

using ::testing::HasSubstr;
using testing::RandomLatencyTree;
using NodeId = LatencyTreeBuilder::NodeId;

LatencyTree SequenceOf(std::size_t stages) {
  LatencyTreeBuilder builder;
  std::vector<NodeId> parts;
  for (std::size_t k = 0; k < stages; ++k) parts.push_back(builder.AddStage(k));
  return builder.Build(builder.AddSeries(parts)).value();
}

LatencyTree BlockOf(std::size_t stages, double repeats = 1.0) {
  LatencyTreeBuilder builder;
  std::vector<NodeId> parts;
  for (std::size_t k = 0; k < stages; ++k) parts.push_back(builder.AddStage(k));
  return builder.Build(builder.AddParallel(parts, repeats)).value();
}

double Within(const LatencyTree& tree, const std::vector<StageLaw>& laws, double time) {
  return GridWithin(tree, laws, time).value();
}

// Equation 4: the convolution of two shifted exponentials, against equation 5's integral
// 1 - (b exp(-a x) - a exp(-b x)) / (b - a), and its Erlang limit 1 - exp(-a x) (1 + a x).
TEST(GridTailTest, ConvolvesASequence) {
  const LatencyTree tree = SequenceOf(2);
  for (const double x : {0.1, 0.5, 1.0, 2.0}) {
    EXPECT_NEAR(Within(tree, {Stage{3, 1, 0.2}, Stage{5, 1, 0.1}}, x + 0.3),
                1 - (5 * std::exp(-3 * x) - 3 * std::exp(-5 * x)) / 2, 1e-8);
    EXPECT_NEAR(Within(tree, {Stage{3}, Stage{3}}, x), 1 - std::exp(-3 * x) * (1 + 3 * x), 1e-8);
    EXPECT_NEAR(Within(tree, {Stage{3}, Stage{3 * (1 + 1e-9)}}, x),
                1 - std::exp(-3 * x) * (1 + 3 * x), 1e-8);
  }
}

// Equation 6: P(max <= z) is the product of the distribution functions, each with its own offset
// (D6): not their sum, nor that of one branch.
TEST(GridTailTest, MultipliesAParallelPair) {
  const std::vector<StageLaw> laws = {Stage{2, 1, 0.5}, Stage{1, 1, 0.1}};
  for (const double z : {0.6, 1.0, 3.0}) {
    EXPECT_NEAR(Within(BlockOf(2), laws, z),
                (1 - std::exp(-2 * (z - 0.5))) * (1 - std::exp(0.1 - z)), 1e-9);
  }
  EXPECT_EQ(Within(BlockOf(2), laws, 0.5), 0);
}

// P95 of max(Exp(1), Exp(2)): 3.04026137922747604.
TEST(GridTailTest, KnowsTheQuantileOfAPair) {
  EXPECT_NEAR(GridQuantile(BlockOf(2), std::vector<StageLaw>{Stage{1}, Stage{2}}, 0.95).value(),
              3.04026137922747604, 1e-6);
}

// D5: two and ten equal branches within the P95 of one: 0.95^2 and 0.95^10 = 0.599.
TEST(GridTailTest, ABlockIsNotItsSlowestBranch) {
  const double p95 = std::log(20.0);
  EXPECT_NEAR(Within(BlockOf(2), std::vector<StageLaw>(2, Stage{1}), p95), 0.9025, 1e-9);
  EXPECT_NEAR(Within(BlockOf(10), std::vector<StageLaw>(10, Stage{1}), p95), std::pow(0.95, 10),
              1e-9);
}

TEST(GridTailTest, AgreesWithTheContourOnSequences) {
  RandomStream random(4, "sequences");
  SequenceWorkspace workspace;
  for (const std::size_t n : {1U, 2U, 5U, 20U, 100U, 400U}) {
    std::vector<Stage> stages;
    for (std::size_t k = 0; k < n; ++k) {
      stages.push_back({.rate = 100 * std::exp(0.7 * random.Normal()),
                        .visits = 1.0 + static_cast<double>(random.Below(3)),
                        .offset = 0.002 * random.Normal()});
    }
    const std::vector<StageLaw> laws(stages.begin(), stages.end());
    for (const double level : {0.5, 0.95, 0.99}) {
      const double time = SequenceQuantile(stages, level, workspace);
      EXPECT_NEAR(Within(SequenceOf(n), laws, time), level, n < 50 ? 1e-6 : 1e-4) << n << " stages";
    }
  }
}

// (max of two) + one, in closed form: with f = 2 e^-x - 2 e^-2x of the maximum of two exponentials
// of rate 1 and a third of rate 3: P(Z <= t) = int f(x) (1 - e^(-3 (t - x))) dx
// = (1 - e^-t)^2 - e^-3t [(e^2t - 1) - 2 (e^t - 1)].
TEST(GridTailTest, AddsAStageToABlock) {
  LatencyTreeBuilder builder;
  const NodeId block = builder.AddParallel(std::array{builder.AddStage(0), builder.AddStage(1)});
  const LatencyTree tree =
      builder.Build(builder.AddSeries(std::array{builder.AddStage(2), block})).value();
  for (const double t : {0.3, 1.0, 3.0, 6.0}) {
    const double expected = std::pow(1 - std::exp(-t), 2) -
                            std::exp(-3 * t) * (std::exp(2 * t) - 1 - 2 * (std::exp(t) - 1));
    EXPECT_NEAR(Within(tree, {Stage{1}, Stage{1}, Stage{3}}, t), expected, 1e-8);
    // Offsets: 0.2 of a branch that both have, 0.1 of the stage.
    EXPECT_NEAR(Within(tree, {Stage{1, 1, 0.2}, Stage{1, 1, 0.2}, Stage{3, 1, 0.1}}, t + 0.3),
                expected, 1e-8);
  }
}

// Three blocks of one branch, one after the other, are an Erlang of three.
TEST(GridTailTest, RepeatsABlock) {
  LatencyTreeBuilder builder;
  const NodeId block = builder.AddParallel(std::array{builder.AddStage(0), builder.AddStage(1)}, 3);
  const LatencyTree tree = builder.Build(block).value();
  // The second branch is always over: what remains is Erlang.
  const double p95_of_five = 9.15351903;
  EXPECT_NEAR(Within(tree, {Stage{1}, Stage{1e9}}, 4), 1 - std::exp(-4.0) * (1 + 4 + 8), 1e-6);
  LatencyTreeBuilder five;
  const NodeId inner = five.AddParallel(std::array{five.AddStage(0), five.AddStage(1)}, 5);
  const LatencyTree nested =
      five.Build(five.AddParallel(std::array{inner, five.AddStage(2)})).value();
  EXPECT_NEAR(Within(nested, {Stage{1}, Stage{1e9}, Stage{1e9}}, p95_of_five), 0.95, 1e-6);
}

TEST(GridTailTest, VisitsInTheTreeAndInTheLawMultiply) {
  LatencyTreeBuilder builder;
  const LatencyTree tree = builder.Build(builder.AddStage(0, 2.5)).value();
  // A gamma of shape 5.
  EXPECT_NEAR(Within(tree, {Stage{.rate = 1, .visits = 2}}, 9.15351903), 0.95, 1e-8);
}

// The share of 200,000 draws of a tree with offsets, some of them negative, and with visits has a
// standard error of at most sqrt(0.95 0.05 / 200,000) = 5e-4 at P = 0.95.
TEST(GridTailTest, AgreesWithMonteCarlo) {
  LatencyTreeBuilder builder;
  const NodeId left = builder.AddSeries(std::array{builder.AddStage(0), builder.AddStage(1, 2)});
  const NodeId right = builder.AddSeries(std::array{builder.AddStage(2)});
  const NodeId block = builder.AddParallel(std::array{left, right, builder.AddStage(3)});
  const LatencyTree tree =
      builder.Build(builder.AddSeries(std::array{block, builder.AddStage(4)})).value();
  const std::vector<Stage> s = {
      {50, 1, -0.01}, {80, 1, -0.005}, {20, 1, 0.01}, {30, 1, 0.04}, {100, 1, -0.002}};
  const std::vector<StageLaw> laws(s.begin(), s.end());
  RandomStream random(8, "draws");
  constexpr int kDraws = 200'000;
  std::vector<double> draws(kDraws);
  const auto draw = [&](std::size_t k) { return s[k].offset + random.Exponential() / s[k].rate; };
  for (double& total : draws) {
    const double a = draw(0) + draw(1) + draw(1);
    const double b = draw(2);
    const double c = draw(3);
    total = std::max({a, b, c}) + draw(4);
  }
  for (const double level : {0.5, 0.9, 0.95, 0.99}) {
    const double time = GridQuantile(tree, laws, level).value();
    const double share = static_cast<double>(std::ranges::count_if(
                             draws, [time](double total) { return total <= time; })) /
                         kDraws;
    EXPECT_NEAR(share, level, 4 * std::sqrt(level * (1 - level) / kDraws)) << level;
    EXPECT_NEAR(Within(tree, laws, time), level, 1e-6);
  }
}

// Quadrupling the cells changes nothing beyond the stated error.
TEST(GridTailTest, ConvergesOnRandomTrees) {
  RandomStream random(6, "trees");
  for (const std::size_t size : {5U, 20U, 50U, 200U, 400U}) {
    const RandomLatencyTree drawn(random, size);
    const std::vector<StageLaw> laws(drawn.stages.begin(), drawn.stages.end());
    const double time = GridQuantile(drawn.tree, laws, 0.95, {.cells = 256}).value();
    const double coarse = Within(drawn.tree, laws, time);
    const double fine = GridWithin(drawn.tree, laws, time, {.cells = 1024}).value();
    EXPECT_NEAR(coarse, fine, 2e-5) << size << " stages";
    EXPECT_NEAR(fine, 0.95, 1e-5) << size << " stages";
  }
}

// A deviation of twice the mean, as a moment fit sees it: a negative offset inside a block.
TEST(GridTailTest, TakesNegativeOffsetsInsideBlocks) {
  // P(max(a, b) <= z) with both offsets -1, at z = 0: (1 - e^-1)^2.
  EXPECT_NEAR(Within(BlockOf(2), {Stage{1, 1, -1}, Stage{1, 1, -1}}, 0),
              std::pow(1 - std::exp(-1.0), 2), 1e-9);
  EXPECT_NEAR(Within(BlockOf(2), {Stage{1, 1, -1}, Stage{1, 1, -1}}, -0.5),
              std::pow(1 - std::exp(-0.5), 2), 1e-9);
}

// An exponential by its cumulants is the same gamma of shape 1.
TEST(GridTailTest, TakesCumulants) {
  const LatencyTree tree = SequenceOf(2);
  const std::vector<StageLaw> exact = {Stage{4, 1, 0.1}, Stage{2}};
  const std::vector<StageLaw> cumulants = {Cumulants{0.35, 1.0 / 16, 2.0 / 64}, Stage{2}};
  EXPECT_NEAR(Within(tree, cumulants, 1.5), Within(tree, exact, 1.5), 1e-5);
  // Two normals of variances 9 and 16: deviation 5; the level of z = 1.
  EXPECT_NEAR(Within(tree, {Cumulants{1, 9, 0}, Cumulants{2, 16, 0}}, 8), 0.8413447460685429, 1e-6);
  // A constant moves everything.
  EXPECT_NEAR(Within(tree, {Cumulants{1, 0, 0}, Stage{2}}, 2), 1 - std::exp(-2.0), 1e-9);
  // Mirrored: P(-X <= -t) = exp(-t) for an exponential of rate 1.
  EXPECT_NEAR(Within(SequenceOf(1), {Cumulants{-1, 1, -2}}, -3), std::exp(-3.0), 1e-6);
}

// The sum of two uniforms on [0, 1] is triangular: P(<= 1.5) = 7 / 8.
TEST(GridTailTest, TakesQuantileTables) {
  const QuantileTable uniform{{0.0, 0.25, 0.5, 0.75, 1.0}};
  EXPECT_NEAR(Within(SequenceOf(2), {uniform, uniform}, 1.5), 0.875, 1e-6);
  EXPECT_NEAR(Within(BlockOf(2), {uniform, uniform}, 0.5), 0.25, 1e-9);
  LatencyTreeBuilder builder;
  const LatencyTree twice = builder.Build(builder.AddStage(0, 2)).value();
  EXPECT_NEAR(Within(twice, {uniform}, 1.5), 0.875, 1e-6);
  EXPECT_NEAR(Within(SequenceOf(1), {QuantileTable{{2.0}}}, 2), 1, 0);
}

TEST(GridTailTest, BeforeTheFloorAndFarOut) {
  const std::vector<StageLaw> laws = {Stage{1, 1, 2}, Stage{1, 1, 3}};
  EXPECT_EQ(Within(SequenceOf(2), laws, 4.999), 0);
  EXPECT_EQ(Within(SequenceOf(2), laws, 1e6), 1);
  EXPECT_EQ(Within(SequenceOf(2), laws, std::numeric_limits<double>::infinity()), 1);
  LatencyTreeBuilder builder;
  const LatencyTree nothing = builder.Build(builder.AddSeries({})).value();
  EXPECT_EQ(Within(nothing, {}, 0), 1);
  EXPECT_EQ(Within(nothing, {}, -1), 0);
}

TEST(GridTailTest, AHundredThousandNodes) {
  LatencyTreeBuilder builder;
  NodeId last = builder.AddStage(0);
  for (std::size_t i = 1; i < 50'000; ++i) {
    const NodeId stage = builder.AddStage(i % 7);
    last = i % 2 == 0 ? builder.AddSeries(std::array{last, stage})
                      : builder.AddParallel(std::array{last, stage});
  }
  const LatencyTree deep = builder.Build(last).value();
  const GridOptions options = {.cells = 8, .richardson = false};
  EXPECT_GT(GridWithin(deep, std::vector<StageLaw>(7, Stage{1000}), 100, options).value(), 0.99);
  LatencyTreeBuilder flat;
  std::vector<NodeId> leaves;
  for (std::size_t i = 0; i < 100'000; ++i) leaves.push_back(flat.AddStage(i % 5));
  // 100,000 branches are done by t with (1 - e^-t)^100000; at ln 1e5 that is 1/e.
  const LatencyTree wide = flat.Build(flat.AddParallel(leaves)).value();
  EXPECT_NEAR(Within(wide, std::vector<StageLaw>(5, Stage{1}), std::log(1e5)), std::exp(-1.0),
              1e-5);
}

TEST(GridTailTest, NamesWhatIsWrong) {
  const LatencyTree tree = SequenceOf(2);
  const auto message = [&tree](const std::vector<StageLaw>& laws, GridOptions options = {}) {
    return std::string(GridWithin(tree, laws, 1, options).status().message());
  };
  EXPECT_EQ(message({Stage{}}), "1 laws of stages, expected 2 at least");
  EXPECT_EQ(message({Stage{}, Stage{.rate = -1}}),
            "stage 1: rate -1 /s, expected within [1e-9, 1e12]");
  EXPECT_THAT(message({Stage{}, Cumulants{1, -1, 0}}), HasSubstr("stage 1: variance -1 s^2"));
  EXPECT_THAT(message({QuantileTable{}, Stage{}}), HasSubstr("stage 0: no quantiles"));
  EXPECT_THAT(message({QuantileTable{{2, 1}}, Stage{}}), HasSubstr("stage 0: quantile 1 is 1 s"));
  EXPECT_THAT(message({Stage{}, Stage{}}, {.cells = 4}), HasSubstr("grid of 4 cells"));
  EXPECT_FALSE(GridWithin(tree, std::vector<StageLaw>{Stage{}, Stage{}}, std::nan("")).ok());
  EXPECT_THAT(GridQuantile(tree, std::vector<StageLaw>{Stage{}, Stage{}}, 1).status().message(),
              HasSubstr("level 1 of a quantile"));
}

}  // namespace
}  // namespace trimtab
