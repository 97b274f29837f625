#include "trimtab/scaling/derm/derm_out_of_reach.h"

#include <cmath>
#include <utility>
#include <vector>

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

// Infeasible: what is deployed then.
DermOutOfReach PlanOf(const DermProblem& problem) {
  const auto solution = SolveDerm(problem);
  EXPECT_TRUE(solution.ok());
  EXPECT_FALSE(solution->feasible);
  auto plan = PlanOutOfReach(problem, *solution);
  EXPECT_TRUE(plan.ok()) << plan.status();
  EXPECT_FALSE(plan->counts.feasible);
  EXPECT_FALSE(plan->solution.feasible);
  EXPECT_EQ(plan->solution.binding, solution->binding);
  EXPECT_EQ(plan->solution.graph_attainment.size(), problem.graphs.size());
  return *std::move(plan);
}

// Also where idle containers leave 0.8913 of the requests late (4 ms: 2 exp(-0.4) - exp(-0.8)).
TEST(DermOutOfReachTest, MissesATwentiethMoreThanIdleContainersForFarFewer) {
  for (const double sla : {0.004, 0.006, 0.02}) {
    DermProblem problem = OutOfReach();
    problem.sla = sla;
    const double least = 2 * std::exp(-100 * sla) - std::exp(-200 * sla);
    const auto solution = SolveDerm(problem);
    ASSERT_TRUE(solution.ok());
    ASSERT_GE(1 - solution->attainment, least);
    const DermOutOfReach plan = PlanOf(problem);
    EXPECT_LE(1 - plan.counts.attainment, 1.05 * (1 - solution->attainment) + 1e-6);
    EXPECT_LT(static_cast<double>(plan.counts.total), 0.8 * solution->total);
    // The continuous optimum bounds it: fewer would miss more.
    EXPECT_TRUE(plan.solution.converged);
    EXPECT_GE(static_cast<double>(plan.counts.total), plan.solution.total);
    EXPECT_LE(static_cast<double>(plan.counts.total), plan.solution.total + 2);
  }
}

// At 2 ms idle containers have 1 - 2 exp(-0.2) + exp(-0.4) = 0.0329 of the requests in time, fewer
// than one in 21. 1,000 calls/s saturate 5 containers of 200 and 10 of 100: 6 and 11 carry them.
TEST(DermOutOfReachTest, WhollyOutOfReachTakesTheFewestThatCarryTheLoad) {
  DermProblem problem = OutOfReach();
  problem.sla = 0.002;
  const DermOutOfReach plan = PlanOf(problem);
  EXPECT_EQ(plan.counts.containers, (std::vector<int>{6, 11}));
  EXPECT_EQ(plan.counts.total, 17);
  EXPECT_NEAR(plan.solution.total, 15, 1e-9);
  // Rates of 200 - 1000/6 = 100/3 and 100 - 1000/11 = 100/11; no tail of equal rates.
  const double slow = 100.0 / 11;
  const double fast = 100.0 / 3;
  const double late =
      (fast * std::exp(-slow * 0.002) - slow * std::exp(-fast * 0.002)) / (fast - slow);
  EXPECT_NEAR(plan.counts.attainment, 1 - late, 1e-9);
}

// A call of b takes a second at least, the SLA is 20 ms: nothing helps graph g. Its 700 calls/s of
// b are carried by 8 containers of 100.
DermProblem OneGraphOutOfReach() {
  DermProblem problem = OutOfReach();
  problem.microservices[1].law = RateLaw{.offset = 1, .slope = -1, .intercept = 100};
  problem.graphs[0].share = 0.7;
  problem.graphs.push_back({.id = "h", .share = 0.3, .tree = DermNode::Visit(0)});
  return problem;
}

// Graph h holds 95 % at a rate of ln(20) / 0.02 = 149.787, a load of 50.213: 19.9 containers.
TEST(DermOutOfReachTest, PromiseToEachGraphIsKeptToThoseInReach) {
  DermProblem problem = OneGraphOutOfReach();
  problem.share_error = 1 - 1e-9;
  const DermOutOfReach plan = PlanOf(problem);
  EXPECT_EQ(plan.counts.containers, (std::vector<int>{20, 8}));
  EXPECT_DOUBLE_EQ(plan.counts.graph_attainment[0], 0);
  EXPECT_NEAR(plan.counts.graph_attainment[1], 1 - std::exp(-3.0), 1e-9);
}

// 4 % of the requests are less than one in 21: nobody pays for them. 960 calls/s of b: 10.
TEST(DermOutOfReachTest, FewRequestsInReachAreNotWorthContainers) {
  DermProblem problem = OneGraphOutOfReach();
  problem.graphs[0].share = 0.96;
  problem.graphs[1].share = 0.04;
  problem.share_error = 0.5;
  EXPECT_EQ(PlanOf(problem).counts.containers, (std::vector<int>{6, 10}));
}

// 8 containers of 100 calls/s are overloaded by 1,000: all of them are taken, and no more of what
// they cannot help.
TEST(DermOutOfReachTest, TooFewContainersTakesAllThatThereAre) {
  DermProblem problem = OutOfReach();
  problem.microservices[1].most = 8;
  EXPECT_EQ(PlanOf(problem).counts.containers, (std::vector<int>{6, 8}));
}

TEST(DermOutOfReachTest, TooFewContainersForOneGraphLeavesThePromiseToTheOthers) {
  DermProblem problem = OneGraphOutOfReach();
  problem.microservices[1] = {
      .name = "b", .law = RateLaw{.slope = -1, .intercept = 100}, .most = 5};
  EXPECT_EQ(PlanOf(problem).counts.containers, (std::vector<int>{20, 5}));
}

}  // namespace
}  // namespace trimtab
