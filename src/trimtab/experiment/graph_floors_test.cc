#include "trimtab/experiment/graph_floors.h"

#include <array>
#include <cmath>
#include <cstddef>
#include <vector>

#include "gtest/gtest.h"
#include "trimtab/experiment/derm_fig_3.h"
#include "trimtab/scaling/derm/derm_instance_generator.h"

namespace trimtab {
namespace {

// Two microservices of their own, each a graph: P(Z > t) = exp(-(b - |a| w) t), so a floor p needs
// the rate r = ln(1 / (1 - p)) / t and |a| demand / (b - r) containers.
TEST(GraphFloorsTest, SeparateGraphsHaveClosedForms) {
  const DermProblem problem{
      .microservices = {{.name = "a", .law = RateLaw{.slope = -1, .intercept = 20}},
                        {.name = "b", .law = RateLaw{.slope = -2, .intercept = 30}}},
      .graphs = {{.id = "first", .share = 0.9, .tree = DermNode::Visit(0)},
                 {.id = "second", .share = 0.1, .tree = DermNode::Visit(1)}},
      .application_load = 1000,
      .sla = 0.5};
  const std::array floors = {0.97, 0.77};
  const auto solution = SolveFloors(problem, floors);
  ASSERT_TRUE(solution.ok()) << solution.status();
  ASSERT_TRUE(solution->feasible);
  // ln(1 / 0.03) / 0.5 = 7.0131 -> 900 / 12.9869 = 69.301; ln(1 / 0.23) / 0.5 = 2.9394 -> 2 * 100 /
  // 27.0606 = 7.391. A tail may be off by 8e-3 of itself: the rate by 0.016.
  EXPECT_NEAR(solution->containers[0], 69.301, 0.1);
  EXPECT_NEAR(solution->containers[1], 7.391, 0.01);
}

TEST(GraphFloorsTest, AtTheOptimumsOwnAttainmentsNothingIsCheaper) {
  const auto problem = TwoGraphs(1.3, 1);
  ASSERT_TRUE(problem.ok()) << problem.status();
  const auto best = SolveDerm(*problem);
  ASSERT_TRUE(best.ok()) << best.status();
  const auto same = SolveFloors(*problem, best->graph_attainment);
  ASSERT_TRUE(same.ok()) << same.status();
  EXPECT_NEAR(same->total / best->total, 1, 2e-3);
  const auto uniform = SolveFloors(*problem, std::array{0.95, 0.95});
  ASSERT_TRUE(uniform.ok()) << uniform.status();
  EXPECT_GT(uniform->total, best->total);
}

TEST(GraphFloorsTest, AUniformPlanHoldsForEveryGraph) {
  const auto problem = MakeDermInstance({.tightness = 2, .seed = 3});
  ASSERT_TRUE(problem.ok()) << problem.status();
  const auto plan = PlanUniform(*problem);
  ASSERT_TRUE(plan.ok()) << plan.status();
  ASSERT_TRUE(plan->counts.feasible);
  for (const double attainment : plan->counts.graph_attainment) {
    EXPECT_GE(attainment, problem->target - 1e-9);
  }
  // Rounding wastes less than a container for each microservice.
  EXPECT_LE(static_cast<double>(plan->counts.total),
            plan->solution.total + static_cast<double>(problem->microservices.size()));
}

TEST(GraphFloorsTest, RefusesFloorsThatAreNone) {
  const auto problem = TwoGraphs(1.3, 1);
  ASSERT_TRUE(problem.ok()) << problem.status();
  EXPECT_FALSE(SolveFloors(*problem, std::array{0.95, 1.0}).ok());
  EXPECT_FALSE(SolveFloors(*problem, std::array{0.95}).ok());
}

}  // namespace
}  // namespace trimtab
