#include "trimtab/scaling/derm/derm_solver.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "trimtab/probability/random_stream.h"
#include "trimtab/scaling/derm/derm_instance_generator.h"
#include "trimtab/scaling/derm/derm_paper.h"
#include "trimtab/scaling/derm/graph_tails.h"

namespace trimtab {
namespace {

const DermSolverOptions kPrecise = {.cost_tolerance = 1e-12, .tail_tolerance = 1e-11};

RateLaw& RateOf(DermProblem& problem, std::size_t i) {
  return std::get<RateLaw>(problem.microservices[i].law);
}

double RateAt(const DermProblem& problem, const DermSolution& solution, std::size_t i) {
  const auto& law = std::get<RateLaw>(problem.microservices[i].law);
  return law.intercept + law.slope * solution.loads[i];
}

// A sequence of microservices with idle rates b and cost c / (b - rate): c = |a| demand, in
// thousands of containers, so that the fewest of 1 binds nowhere. SLA 1 s, 95 %.
DermProblem Sequence(const std::vector<std::pair<double, double>>& b_and_c) {
  DermProblem problem;
  problem.sla = 1;
  problem.application_load = 1000;
  std::vector<DermNode> visits;
  for (std::size_t i = 0; i < b_and_c.size(); ++i) {
    problem.microservices.push_back(
        {.name = "m" + std::to_string(i),
         .law = RateLaw{.slope = -b_and_c[i].second, .intercept = b_and_c[i].first}});
    visits.push_back(DermNode::Visit(static_cast<int>(i)));
  }
  problem.graphs = {{.id = "g", .share = 1, .tree = DermNode::Sequence(visits)}};
  return problem;
}

// Known optima of two microservices (paper-notes 15); equal rates cost 0.814, 0.347 and 0.721.
TEST(DermSolverTest, FindsTheKnownOptimaOfTwoMicroservices) {
  struct Case {
    std::pair<double, double> first, second;
    double first_rate, second_rate, cost;
  };
  const std::vector<Case> cases = {{{6, 1}, {60, 1}, 3.134133, 24.248541, 0.376905},
                                   {{8, 1}, {30, 1}, 3.393533, 10.332964, 0.267933},
                                   {{20, 10}, {20, 1}, 3.681312, 7.320805, 0.691664}};
  for (const Case& each : cases) {
    const DermProblem problem = Sequence({each.first, each.second});
    const DermSolution solution = *SolveDerm(problem, kPrecise);
    EXPECT_TRUE(solution.feasible && solution.converged);
    EXPECT_NEAR(RateAt(problem, solution, 0), each.first_rate, 2e-6);
    EXPECT_NEAR(RateAt(problem, solution, 1), each.second_rate, 2e-5);
    EXPECT_NEAR(solution.total / 1000, each.cost, 1e-6);
    EXPECT_NEAR(solution.attainment, 0.95, 1e-9);
  }
}

// Equal microservices: equation 12's rule holds, both rates are the Erlang-2 quantile
// 4.743864518390578 (paper-notes 15).
TEST(DermSolverTest, EqualMicroservicesShareTheErlangRate) {
  const DermProblem problem = Sequence({{20, 3}, {20, 3}});
  const DermSolution solution = *SolveDerm(problem, kPrecise);
  for (const std::size_t i : {0U, 1U}) {
    EXPECT_NEAR(RateAt(problem, solution, i), 4.743864518390578, 1e-6);
  }
}

// Equations 8 and 9 with calls per request (D11): one microservice that every request visits n
// times is Erlang(n) under n times the load. P95 of Erlang(5) at rate 1 is 9.15351903, so the rate
// is that number for an SLA of 1 s, and containers = 5 * W / load.
TEST(DermSolverTest, CountsCallsPerRequest) {
  DermProblem problem = Sequence({{30, 0.01}});
  problem.graphs[0].tree.children[0].visits = 5;
  const DermSolution solution = *SolveDerm(problem, kPrecise);
  EXPECT_NEAR(RateAt(problem, solution, 0), 9.15351903, 1e-6);
  const double load = (30 - 9.15351903) / 0.01;
  EXPECT_NEAR(solution.containers[0], std::max(1.0, 5 * 1000 / load), 1e-6);
}

// Equation 9 over two graphs that share a microservice: the mixture meets the target, neither graph
// need (the paper's figure 3: 97 % and 77 %), and demand adds over graphs (D12).
TEST(DermSolverTest, MixesGraphsInOneConstraint) {
  DermProblem problem = Sequence({{20, 1}, {25, 2}, {30, 1}});
  problem.graphs = {
      {.id = "simple", .share = 0.9, .tree = DermNode::Sequence({DermNode::Visit(0)})},
      {.id = "complex",
       .share = 0.1,
       .tree =
           DermNode::Sequence({DermNode::Visit(0, 2), DermNode::Visit(1, 3), DermNode::Visit(2)})}};
  const DermSolution solution = *SolveDerm(problem, kPrecise);
  const double mixed = 0.9 * solution.graph_attainment[0] + 0.1 * solution.graph_attainment[1];
  EXPECT_NEAR(mixed, 0.95, 1e-9);
  EXPECT_GT(solution.graph_attainment[0], 0.95);
  EXPECT_LT(solution.graph_attainment[1], 0.95);
  const double demand = 1000 * (0.9 + 0.1 * 2);
  EXPECT_NEAR(solution.containers[0], demand / solution.loads[0], 1e-6);
}

TEST(DermSolverTest, HoldsTheKktConditionsOnInstances) {
  for (const bool parallel : {false, true}) {
    for (const std::uint64_t seed : {1U, 2U, 3U}) {
      const DermProblem problem = *MakeDermInstance({.microservices = 50,
                                                     .graphs = 12,
                                                     .parallel = parallel,
                                                     .tightness = 1.5,
                                                     .seed = seed});
      const DermSolution solution = *SolveDerm(problem, {.cost_tolerance = 1e-11,
                                                         .tail_tolerance = 1e-10,
                                                         .checked_cost_tolerance = 1e-11,
                                                         .checked_tail_tolerance = 1e-10});
      EXPECT_TRUE(solution.converged) << seed;
      EXPECT_LT(solution.kkt_residual, 1e-4) << parallel << " " << seed;
      EXPECT_NEAR(solution.attainment, 0.95, parallel ? 3e-5 : 1e-8);
    }
  }
}

TEST(DermSolverTest, WarmStartFindsTheSameInFewerIterations) {
  DermProblem problem = *MakeDermInstance({.microservices = 50, .graphs = 12, .seed = 4});
  const DermSolution before = *SolveDerm(problem, kPrecise);
  for (std::size_t g = 0; g + 1 < problem.graphs.size(); g += 2) {
    const double moved = 0.1 * problem.graphs[g].share;
    problem.graphs[g].share -= moved;
    problem.graphs[g + 1].share += moved;
  }
  const DermSolution cold = *SolveDerm(problem);
  const DermSolution warm = *SolveDerm(problem, {}, &before);
  EXPECT_NEAR(warm.total, cold.total, 2e-6 * cold.total);
  EXPECT_LT(warm.iterations, cold.iterations);
}

// What a warm start carries over is where to begin, never what to solve for.
TEST(DermSolverTest, WarmStartHoldsTheTargetOfItsOwnProblem) {
  for (const bool parallel : {false, true}) {
    const DermProblem base =
        *MakeDermInstance({.microservices = 30, .graphs = 6, .parallel = parallel, .seed = 4});
    DermProblem other = base;
    other.target = 0.99;
    other.share_error = 0.02;
    const std::vector<DermSolution> starts = {*SolveDerm(base), *SolveDerm(other)};
    for (const DermSolution& start : starts) {
      for (const double target : {0.9, 0.95, 0.98}) {
        DermProblem problem = base;
        problem.target = target;
        problem.application_load *= 1.2;
        const DermSolution cold = *SolveDerm(problem);
        const DermSolution warm = *SolveDerm(problem, {}, &start);
        EXPECT_TRUE(warm.converged) << target;
        // Cold and warm may differ by the tolerance of the check, a 500th of the tightest tail.
        EXPECT_NEAR(warm.attainment, target, parallel ? 2e-5 : 1e-7);
        EXPECT_NEAR(warm.total, cold.total, 1e-3 * cold.total) << target;
      }
    }
  }
}

// What is reported is what a grid of four times the cells finds, though most solutions are checked
// before their last steps: within the tolerance of the check, and 1e-5 for the cells.
TEST(DermSolverTest, TheGridAgreesWithWhatIsReported) {
  for (const double share_error : {0.0, 0.02}) {
    for (const std::uint64_t seed : {1U, 2U, 3U, 4U, 9U}) {
      DermProblem problem =
          *MakeDermInstance({.microservices = 20 + 30 * static_cast<int>(seed % 2),
                             .graphs = 12,
                             .parallel = true,
                             .tightness = seed < 3 ? 1.3 : 2.0,
                             .seed = seed});
      problem.share_error = share_error;
      const DermSolution solution = *SolveDerm(problem);
      ASSERT_TRUE(solution.converged) << seed;
      std::vector<LoadLaw::Moments> moments;
      const std::vector<LoadLaw> laws = LawsOf(problem);
      for (std::size_t i = 0; i < laws.size(); ++i)
        moments.push_back(laws[i].At(solution.loads[i]));
      GraphTails tails(problem);
      std::vector<double> shares;
      std::vector<double> beyond;
      for (std::size_t g = 0; g < tails.size(); ++g) {
        shares.push_back(problem.graphs[g].share);
        beyond.push_back(tails.Check(g, moments, 512));
        EXPECT_NEAR(1 - solution.graph_attainment[g], beyond[g], 2e-3) << seed;
      }
      const auto worst = WorstShares(shares, beyond, share_error, 0);
      const double tail = std::inner_product(worst.begin(), worst.end(), beyond.begin(), 0.0);
      EXPECT_NEAR(solution.attainment, 1 - tail, 3e-5) << seed;
      EXPECT_NEAR(tail, 0.05, 5e-5) << seed;
    }
  }
}

// VI-B: when only the load changes, the loads of the containers stay and their numbers scale; the
// paper's linear scaling falls out of solving again.
TEST(DermSolverTest, LoadAloneScalesLinearly) {
  DermProblem problem =
      *MakeDermInstance({.microservices = 50, .graphs = 12, .application_load = 20000, .seed = 5});
  const DermSolution before = *SolveDerm(problem, kPrecise);
  problem.application_load *= 1.5;
  const DermSolution after = *SolveDerm(problem, kPrecise, &before);
  for (std::size_t i = 0; i < before.loads.size(); ++i) {
    if (before.containers[i] <= 1 || after.containers[i] <= 1) continue;
    EXPECT_NEAR(after.loads[i], before.loads[i], 2e-4 * before.loads[i]);
  }
}

TEST(DermSolverTest, MoreLoadOrATighterPromiseNeverCostsLess) {
  for (const std::uint64_t seed : {6U, 7U}) {
    const DermProblem base =
        *MakeDermInstance({.microservices = 30, .graphs = 5, .parallel = seed == 7, .seed = seed});
    double last = 0;
    for (const double factor : {0.5, 0.8, 1.0, 1.3, 2.0}) {
      DermProblem problem = base;
      problem.application_load *= factor;
      const double total = SolveDerm(problem)->total;
      EXPECT_GT(total, last * (1 - 1e-5));
      last = total;
    }
    last = 1e300;
    for (const double factor : {0.9, 1.0, 1.2, 1.6}) {
      DermProblem problem = base;
      problem.sla *= factor;
      const double total = SolveDerm(problem)->total;
      EXPECT_LT(total, last * (1 + 1e-5));
      last = total;
    }
    last = 0;
    for (const double target : {0.9, 0.95, 0.98}) {
      DermProblem problem = base;
      problem.target = target;
      const double total = SolveDerm(problem)->total;
      EXPECT_GT(total, last);
      last = total;
    }
  }
}

// Idle, both together need P95 = Erlang-2's 4.74 / 4 s at rates of 4: above 1 s. The slower one
// binds first.
TEST(DermSolverTest, InfeasibleNamesWhatBinds) {
  const DermProblem problem = Sequence({{100, 1}, {3.2, 1}, {90, 1}});
  DermProblem slow = problem;
  RateOf(slow, 1).intercept = 2.9;  // P95 of one Exp(2.9) alone is 1.033 s
  const DermSolution solution = *SolveDerm(slow);
  EXPECT_FALSE(solution.feasible);
  ASSERT_FALSE(solution.binding.empty());
  EXPECT_EQ(solution.binding.front(), 1);
  for (const double count : solution.containers) EXPECT_TRUE(std::isfinite(count) && count >= 1);
  EXPECT_TRUE(SolveDerm(problem)->feasible);
}

TEST(DermSolverTest, TooFewContainersAllowedBinds) {
  DermProblem problem = Sequence({{20, 1}, {25, 1}});
  problem.microservices[0].most = 30;  // carries 600 of 1000 calls/s at saturation
  const DermSolution solution = *SolveDerm(problem);
  EXPECT_FALSE(solution.feasible);
  EXPECT_EQ(solution.binding.front(), 0);
}

// D9: a slope of 0 or above does not break anything; the microservice gets its fewest.
TEST(DermSolverTest, SlopeThatDoesNotFallGetsTheFewest) {
  DermProblem problem = Sequence({{20, 1}, {25, 1}});
  RateOf(problem, 1).slope = 0.3;
  problem.microservices[1].fewest = 2;
  const DermSolution solution = *SolveDerm(problem, kPrecise);
  EXPECT_TRUE(solution.feasible);
  EXPECT_EQ(solution.containers[1], 2);
  EXPECT_NEAR(solution.attainment, 0.95, 1e-8);
}

TEST(DermSolverTest, ZeroLoadGetsTheFewest) {
  DermProblem problem = Sequence({{20, 1}, {25, 1}});
  problem.application_load = 0;
  const DermSolution solution = *SolveDerm(problem);
  EXPECT_TRUE(solution.feasible);
  EXPECT_EQ(solution.containers, (std::vector<double>{1, 1}));
}

// An easy SLA: the fewest containers that stay below saturation are enough, and 1 - kBarrier of
// saturation is never reached (D24).
TEST(DermSolverTest, RatesStayAboveZero) {
  DermProblem problem = Sequence({{20, 1}, {25, 1}});
  problem.sla = 1e4;
  const DermSolution solution = *SolveDerm(problem);
  EXPECT_TRUE(solution.feasible);
  for (const std::size_t i : {0U, 1U}) EXPECT_GT(RateAt(problem, solution, i), 0);
  EXPECT_GE(solution.attainment, 0.95 - 1e-6);
}

// D14: the optimum gives up on a rare graph by itself when that is cheapest, and counts what it
// loses: 1 % that all misses leaves 0.95 / 0.99 for the rest.
TEST(DermSolverTest, GivesUpARareGraphByItself) {
  DermProblem problem = Sequence({{40, 1}, {2.0, 1}});
  problem.graphs = {{.id = "often", .share = 0.99, .tree = DermNode::Visit(0)},
                    {.id = "rare", .share = 0.01, .tree = DermNode::Visit(1, 6)}};
  const DermSolution solution = *SolveDerm(problem, kPrecise);
  EXPECT_TRUE(solution.feasible);
  EXPECT_LT(solution.graph_attainment[1], 0.2);
  EXPECT_GT(solution.graph_attainment[0], 0.955);
  EXPECT_NEAR(solution.attainment, 0.95, 1e-8);
}

// D15: the worst mix within the ball meets the target, so the nominal one exceeds it; and it costs
// more the larger the ball.
TEST(DermSolverTest, ShareErrorIsCoveredInItsWorstCase) {
  DermProblem problem = *MakeDermInstance({.microservices = 30, .graphs = 6, .seed = 8});
  double last = SolveDerm(problem)->total;
  for (const double error : {0.02, 0.05}) {
    problem.share_error = error;
    const DermSolution solution = *SolveDerm(problem);
    ASSERT_TRUE(solution.feasible);
    std::vector<double> shares;
    std::vector<double> beyond;
    for (std::size_t g = 0; g < problem.graphs.size(); ++g) {
      shares.push_back(problem.graphs[g].share);
      beyond.push_back(1 - solution.graph_attainment[g]);
    }
    const auto worst = WorstShares(shares, beyond, error, 0);
    EXPECT_NEAR(std::accumulate(worst.begin(), worst.end(), 0.0), 1, 1e-12);
    EXPECT_NEAR(1 - std::inner_product(worst.begin(), worst.end(), beyond.begin(), 0.0), 0.95,
                2e-3);
    EXPECT_GT(solution.total, last);
    last = solution.total;
  }
}

TEST(DermSolverTest, TablesOverLoadAreOptimisedToo) {
  // The same law as a rate and as its own table of 400 points cost the same.
  DermProblem rates = Sequence({{20, 1}, {40, 2}});
  DermProblem tables = rates;
  for (std::size_t i = 0; i < 2; ++i) {
    const LoadLaw law = *LoadLaw::Of(RateOf(rates, i));
    std::vector<LoadPoint> points;
    for (int k = 0; k < 400; ++k) {
      const double load = law.limit() * 0.97 * k / 399;
      const LoadLaw::Moments at = law.At(load);
      points.push_back({load, at.mean, at.variance, at.third});
    }
    tables.microservices[i].law = points;
  }
  const DermSolution by_rate = *SolveDerm(rates);
  const DermSolution by_table = *SolveDerm(tables);
  EXPECT_TRUE(by_table.feasible);
  // The grid takes the sum of shifted gammas for that of exponentials, which they are here.
  EXPECT_NEAR(by_table.total, by_rate.total, 2e-3 * by_rate.total);
}

TEST(DermSolverTest, RefusesWhatIsNoProblem) {
  const DermProblem good = Sequence({{20, 1}, {25, 1}});
  DermProblem bad = good;
  bad.graphs[0].share = 0.7;
  EXPECT_NE(SolveDerm(bad).status().message().find("sum to 0.7"), std::string::npos);
  bad = good;
  bad.sla = 0;
  bad.target = 1;
  bad.microservices[1].name = "m0";
  const std::string message(SolveDerm(bad).status().message());
  for (const char* words : {"SLA", "target", "named twice"}) {
    EXPECT_NE(message.find(words), std::string::npos) << message;
  }
  bad = good;
  bad.graphs[0].tree.visits = 2000;
  bad.graphs[0].tree.children[0].visits = 1000;
  EXPECT_NE(SolveDerm(bad).status().message().find("has 2002000 visits in all"), std::string::npos);
  bad = good;
  bad.graphs[0].tree.children[0].microservice = 7;
  EXPECT_FALSE(SolveDerm(bad).ok());
  bad = good;
  bad.graphs.clear();
  EXPECT_FALSE(SolveDerm(bad).ok());
}

}  // namespace
}  // namespace trimtab
