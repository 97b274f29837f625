#include "trimtab/scaling/derm/derm_out_of_reach.h"

#include <cmath>

#include "gtest/gtest.h"

namespace trimtab {
namespace {

// Two microservices of 100 and 50 calls/s, rates 200 - load and 100 - load (1/s), in one sequence.
// Idle, P(Z > t) = 2 exp(-100 t) - exp(-200 t); at 20 ms that is 0.2524, far above 0.05.
DermProblem OutOfReach() {
  DermProblem problem;
  problem.microservices = {{.name = "a", .law = RateLaw{.slope = -1, .intercept = 200}},
                           {.name = "b", .law = RateLaw{.slope = -1, .intercept = 100}}};
  problem.graphs = {{.id = "g",
                     .share = 1,
                     .tree = DermNode::Sequence({DermNode::Visit(0), DermNode::Visit(1)})}};
  problem.application_load = 1000;
  problem.sla = 0.02;
  return problem;
}

TEST(DermOutOfReachTest, MissesATwentiethMoreThanIdleContainersForFarFewer) {
  const DermProblem problem = OutOfReach();
  const auto solution = SolveDerm(problem);
  ASSERT_TRUE(solution.ok());
  ASSERT_FALSE(solution->feasible);
  const double least = 2 * std::exp(-2.0) - std::exp(-4.0);
  ASSERT_GE(1 - solution->attainment, least);
  const auto plan = PlanOutOfReach(problem, *solution);
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_FALSE(plan->counts.feasible);
  EXPECT_FALSE(plan->solution.feasible);
  EXPECT_EQ(plan->solution.binding, solution->binding);
  EXPECT_LE(1 - plan->counts.attainment, 1.05 * (1 - solution->attainment) + 1e-6);
  EXPECT_LT(static_cast<double>(plan->counts.total), 0.8 * solution->total);
  // Fewer would miss more.
  EXPECT_GE(static_cast<double>(plan->counts.total), plan->solution.total);
}

// At most 12 containers of 100 calls/s: 1,000 calls/s overload them whatever the target.
TEST(DermOutOfReachTest, TooFewContainersTakesAllThatThereAre) {
  DermProblem problem = OutOfReach();
  problem.microservices[1].most = 8;
  const auto solution = SolveDerm(problem);
  ASSERT_TRUE(solution.ok());
  ASSERT_FALSE(solution->feasible);
  const auto plan = PlanOutOfReach(problem, *solution);
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_FALSE(plan->counts.feasible);
  EXPECT_EQ(plan->counts.containers[1], 8);
}

}  // namespace
}  // namespace trimtab
