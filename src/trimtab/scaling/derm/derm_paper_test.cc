#include "trimtab/scaling/derm/derm_paper.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "trimtab/scaling/derm/derm_instance_generator.h"

namespace trimtab {
namespace {

DermProblem Sequence(const std::vector<RateLaw>& laws) {
  DermProblem problem;
  problem.sla = 1;
  problem.application_load = 1000;
  std::vector<DermNode> visits;
  for (std::size_t i = 0; i < laws.size(); ++i) {
    problem.microservices.push_back({.name = "m" + std::to_string(i), .law = laws[i]});
    visits.push_back(DermNode::Visit(static_cast<int>(i)));
  }
  problem.graphs = {{.id = "g", .share = 1, .tree = DermNode::Sequence(visits)}};
  return problem;
}

double RateAt(const DermProblem& problem, const DermSolution& solution, std::size_t i) {
  const auto& law = std::get<RateLaw>(problem.microservices[i].law);
  return law.intercept + law.slope * solution.loads[i];
}

// Sensitivities 1, 9, 2, 8: pairs (0, 2) and (3, 1).
TEST(DermPaperTest, PairsShareOneRate) {
  const DermProblem problem = Sequence({{.slope = -1, .intercept = 20},
                                        {.slope = -9, .intercept = 30},
                                        {.slope = -2, .intercept = 40},
                                        {.slope = -8, .intercept = 25}});
  const DermPaperPlan plan = *PlanAsPaper(problem);
  EXPECT_TRUE(plan.solution.converged);
  EXPECT_LE(plan.iterations, 20);
  EXPECT_NEAR(RateAt(problem, plan.solution, 0), RateAt(problem, plan.solution, 2), 1e-9);
  EXPECT_NEAR(RateAt(problem, plan.solution, 3), RateAt(problem, plan.solution, 1), 1e-9);
  EXPECT_NEAR(plan.solution.attainment, 0.95, 1e-6);
}

// D3's counter-example, equal rates cost 0.814190 where the optimum costs 0.376905 (in thousands).
TEST(DermPaperTest, CostsMoreThanTheOptimum) {
  const DermProblem problem =
      Sequence({{.slope = -1, .intercept = 6}, {.slope = -1, .intercept = 60}});
  EXPECT_NEAR(PlanAsPaper(problem)->solution.total / 1000, 0.814190, 1e-5);
  EXPECT_NEAR(SolveDerm(problem)->total / 1000, 0.376905, 1e-5);
}

// Shares 0.005, 0.012, 0.1, ...: the first two are 0.017 in total and go; with 0.005 and 0.016,
// 0.021 in all, only the first does. What is left out counts as met (D28).
TEST(DermPaperTest, LeavesOutTheLeastLikelyGraphs) {
  DermProblem problem = Sequence({{.slope = -1, .intercept = 20}, {.slope = -1, .intercept = 25}});
  const DermNode slow = DermNode::Visit(1, 40);
  problem.graphs = {{.id = "often", .share = 0.983, .tree = DermNode::Visit(0)},
                    {.id = "rare", .share = 0.005, .tree = slow},
                    {.id = "seldom", .share = 0.012, .tree = slow}};
  const DermPaperPlan plan = *PlanAsPaper(problem);
  EXPECT_EQ(plan.rare, (std::vector<int>{1, 2}));
  EXPECT_EQ(plan.solution.containers[1], 1);
  EXPECT_NEAR(plan.solution.attainment, 0.95, 1e-6);
  EXPECT_LT(plan.counts.attainment, 0.95);  // the grid, over all graphs: they do count
  problem.graphs[0].share = 0.979;
  problem.graphs[2].share = 0.016;
  EXPECT_EQ(PlanAsPaper(problem)->rare, (std::vector<int>{1}));
}

// D5: with two equal branches the paper sees one, and the second takes its attainment to its
// square: 0.95^2 = 0.9025 (paper-notes 12).
TEST(DermPaperTest, TakesTheSlowestBranchForAllOfABlock) {
  DermProblem problem = Sequence({{.slope = -1, .intercept = 20}});
  problem.graphs[0].tree = DermNode::Parallel({DermNode::Visit(0), DermNode::Visit(0)});
  const DermPaperPlan plan = *PlanAsPaper(problem);
  EXPECT_NEAR(plan.solution.attainment, 0.95, 1e-6);
  EXPECT_NEAR(RateAt(problem, plan.solution, 0), 2.99573227355399, 1e-4);
}

// VI-B: five iterations.
TEST(DermPaperTest, FiftyMicroservicesTakeAboutFiveIterations) {
  for (const std::uint64_t seed : {1U, 2U, 3U}) {
    const DermProblem problem =
        *MakeDermInstance({.microservices = 50, .graphs = 1, .tightness = 2, .seed = seed});
    const DermPaperPlan plan = *PlanAsPaper(problem);
    ASSERT_TRUE(plan.solution.feasible);
    EXPECT_TRUE(plan.solution.converged);
    EXPECT_NEAR(plan.iterations, 5, 1);
    EXPECT_GE(plan.solution.total, SolveDerm(problem)->total * (1 - 1e-5));
  }
}

TEST(DermPaperTest, ScalesLinearly) {
  const DermProblem problem =
      Sequence({{.slope = -1, .intercept = 20}, {.slope = -2, .intercept = 30}});
  const DermPaperPlan plan = *PlanAsPaper(problem);
  const std::vector<int> doubled = ScaleLinearly(problem, plan.solution, 2000);
  for (std::size_t i = 0; i < doubled.size(); ++i) {
    EXPECT_EQ(doubled[i], static_cast<int>(std::ceil(2 * plan.solution.containers[i] - 1e-9)));
  }
  EXPECT_EQ(ScaleLinearly(problem, plan.solution, 0), (std::vector<int>{1, 1}));
}

TEST(DermPaperTest, InfeasibleNamesTheSlowest) {
  const DermProblem problem =
      Sequence({{.slope = -1, .intercept = 50}, {.slope = -1, .intercept = 2.9}});
  const DermPaperPlan plan = *PlanAsPaper(problem);
  EXPECT_FALSE(plan.solution.feasible);
  ASSERT_FALSE(plan.solution.binding.empty());
  EXPECT_EQ(plan.solution.binding.front(), 1);
}

TEST(DermPaperTest, RefusesATable) {
  DermProblem problem = Sequence({{.slope = -1, .intercept = 50}});
  problem.microservices[0].law =
      std::vector<LoadPoint>{{.load = 1, .mean = 0.1, .variance = 0.01, .third = 0.002}};
  EXPECT_FALSE(PlanAsPaper(problem).ok());
}

}  // namespace
}  // namespace trimtab
