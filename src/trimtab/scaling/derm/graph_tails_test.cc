#include "trimtab/scaling/derm/graph_tails.h"

#include <cmath>
#include <vector>

#include "gtest/gtest.h"
#include "trimtab/probability/grid_tail.h"
#include "trimtab/probability/latency_tree.h"

namespace trimtab {
namespace {

// Two microservices, visited once and three times, one after the other; with loads of 1 call/s the
// laws are those of the only points of their tables.
DermProblem Sequence(const LoadPoint& first, const LoadPoint& second) {
  DermProblem problem;
  problem.microservices = {{.name = "a", .law = std::vector<LoadPoint>{first}},
                           {.name = "b", .law = std::vector<LoadPoint>{second}}};
  problem.graphs = {{.id = "g",
                     .share = 1,
                     .tree = DermNode::Sequence({DermNode::Visit(0), DermNode::Visit(1, 3)})}};
  problem.application_load = 1;
  problem.sla = 1;
  return problem;
}

double Checked(const DermProblem& problem) {
  std::vector<LoadLaw::Moments> moments;
  for (const LoadLaw& law : LawsOf(problem)) moments.push_back(law.At(1));
  return GraphTails(problem).Check(0, moments);
}

// Mean 0.1 + 0.2, variance 0.2^2, third cumulant 2 0.2^3: 0.1 + Exp(5). With the same law three
// times more, P(Z > 1) is that of Erlang(4) beyond 5 (1 - 0.4) = 3: e^-3 (1 + 3 + 4.5 + 4.5).
TEST(GraphTailsTest, ATableOfExponentialsIsCheckedExactly) {
  const LoadPoint exponential = {.load = 1, .mean = 0.3, .variance = 0.04, .third = 0.016};
  EXPECT_NEAR(Checked(Sequence(exponential, exponential)), 13 * std::exp(-3.0), 1e-9);
}

// Skewnesses of 3 and 1: the grid, whose cells do not follow the vertical rise of the first law,
// converges slowly: its 4,096 cells are some 1e-6 off.
TEST(GraphTailsTest, ASequenceOfTablesIsCheckedByItsContour) {
  const LoadPoint first = {.load = 1, .mean = 0.1, .variance = 0.01, .third = 0.003};
  const LoadPoint second = {.load = 1, .mean = 0.15, .variance = 0.01, .third = 0.001};
  LatencyTreeBuilder builder;
  const auto visits = {builder.AddStage(0), builder.AddStage(1, 3)};
  const LatencyTree tree = *builder.Build(builder.AddSeries(visits));
  const std::vector<StageLaw> laws = {Cumulants{0.1, 0.01, 0.003}, Cumulants{0.15, 0.01, 0.001}};
  const double grid = 1 - *GridWithin(tree, laws, 1, {.cells = 4096});
  EXPECT_NEAR(Checked(Sequence(first, second)), grid, 1e-5);
}

// A law's skewness is 1e-3 at least, a gamma of shape 4e6; the contour takes one of 9e5 in all
// visits.
TEST(GraphTailsTest, ANearlyNormalTableIsCheckedToo) {
  const LoadPoint first = {.load = 1, .mean = 0.1, .variance = 0.01, .third = 1e-9};
  const LoadPoint second = {.load = 1, .mean = 0.2, .variance = 0.01, .third = 1e-9};
  // A normal law of mean 0.7 and variance 0.04: 1 is 1.5 deviations out. Skewnesses below 0.004
  // are errors of a sixth of that times (1.5^2 - 1) phi(1.5) = 0.16.
  EXPECT_NEAR(Checked(Sequence(first, second)), 0.5 * std::erfc(1.5 / std::sqrt(2.0)), 1.1e-4);
}

}  // namespace
}  // namespace trimtab
