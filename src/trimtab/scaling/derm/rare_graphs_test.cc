// What counts as what, and that no microservice is planned for less.
#include "trimtab/scaling/derm/rare_graphs.h"

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "trimtab/application/application.h"
#include "trimtab/callgraph/call_tree.h"
#include "trimtab/probability/random_stream.h"
#include "trimtab/scaling/derm/derm_graphs.h"

namespace trimtab {
namespace {

// Idle visits of a, b, c, d take 1, 1, 1 and 10 ms.
DermProblem FourMicroservices() {
  DermProblem problem;
  problem.application_load = 100;
  for (const auto& [name, rate] :
       {std::pair{"a", 1000.0}, {"b", 1000.0}, {"c", 1000.0}, {"d", 100.0}}) {
    problem.microservices.push_back({.name = name, .law = RateLaw{.slope = -1, .intercept = rate}});
  }
  return problem;
}

const Application& FourApplication() {
  static const Application application = *Application::Create("app",
                                                              {{.name = "a", .bounds = {}},
                                                               {.name = "b", .bounds = {}},
                                                               {.name = "c", .bounds = {}},
                                                               {.name = "d", .bounds = {}}},
                                                              {});
  return application;
}

CallTree Calling(const std::vector<std::pair<std::string, int>>& calls) {
  CallTree tree{.microservice = "a", .steps = {}};
  for (const auto& [name, times] : calls) {
    tree.steps.push_back(Sequential({.microservice = name, .calls = times, .steps = {}}));
  }
  return tree;
}

CandidateGraph Candidate(std::string id, double share, const CallTree& tree) {
  std::vector<std::string> unknown;
  return {.graph = {.id = std::move(id),
                    .share = share,
                    .tree = GraphOf(tree, FourApplication(), unknown)},
          .calls = CountCalls(tree)};
}

// The rare class is one call of c away from "short", but takes longer than it: it counts as "long",
// which shares only a and b with it. "short" would have been planned 1 ms short.
TEST(RareGraphsTest, CountsAsTheNearestThatIsNotCheaper) {
  DermProblem problem = FourMicroservices();
  AddClusteredGraphs({Candidate("short", 0.6, Calling({{"b", 1}, {"c", 1}})),
                      Candidate("long", 0.3, Calling({{"b", 1}, {"d", 1}})),
                      Candidate("rare", 0.1, Calling({{"b", 1}, {"c", 2}}))},
                     2, problem);
  ASSERT_EQ(problem.graphs.size(), 2U);
  EXPECT_DOUBLE_EQ(problem.graphs[0].share, 0.6);
  EXPECT_DOUBLE_EQ(problem.graphs[1].share, 0.4);
  // a: 100 requests/s. b: 100. c: 60 of "short" and the 10 x 2 that "long" lacks. d: 40.
  EXPECT_EQ(DemandOf(problem), (std::vector<double>{100, 100, 80, 40}));
  EXPECT_DOUBLE_EQ(problem.microservices[2].other_demand, 20);
}

// Both kept ones take longer; the one that has all its calls but one is nearer than d alone.
TEST(RareGraphsTest, OfTwoThatAreNotCheaperTheNearer) {
  DermProblem problem = FourMicroservices();
  AddClusteredGraphs({Candidate("far", 0.6, Calling({{"d", 1}})),
                      Candidate("near", 0.3, Calling({{"b", 2}, {"c", 1}})),
                      Candidate("rare", 0.1, Calling({{"b", 1}, {"c", 1}}))},
                     2, problem);
  EXPECT_DOUBLE_EQ(problem.graphs[0].share, 0.6);
  EXPECT_DOUBLE_EQ(problem.graphs[1].share, 0.4);
  EXPECT_DOUBLE_EQ(problem.microservices[3].other_demand, 0);
}

TEST(RareGraphsTest, DearerThanAllCountsAsTheLongest) {
  DermProblem problem = FourMicroservices();
  AddClusteredGraphs(
      {Candidate("one", 0.6, Calling({{"b", 1}})), Candidate("two", 0.3, Calling({{"b", 2}})),
       Candidate("rare", 0.1, Calling({{"d", 3}}))},
      2, problem);
  EXPECT_DOUBLE_EQ(problem.graphs[1].share, 0.4);
  EXPECT_DOUBLE_EQ(problem.microservices[3].other_demand, 30);
}

// Random mixes: whatever is kept, no microservice has less demand than with every class kept, and
// the shares still sum to what they summed to.
TEST(RareGraphsTest, NeverPlansForLessDemand) {
  RandomStream random(1, "rare-graphs-test");
  for (int trial = 0; trial < 200; ++trial) {
    std::vector<CandidateGraph> candidates;
    for (int g = 0; g < 8; ++g) {
      std::vector<std::pair<std::string, int>> calls;
      for (const char* name : {"b", "c", "d"}) {
        const int times = static_cast<int>(random.Below(4));
        if (times > 0) calls.emplace_back(name, times);
      }
      candidates.push_back(Candidate(std::to_string(g), 0.125, Calling(calls)));
    }
    DermProblem all = FourMicroservices();
    AddClusteredGraphs(candidates, 8, all);
    const std::vector<double> least = DemandOf(all);
    DermProblem few = FourMicroservices();
    AddClusteredGraphs(candidates, 1 + random.Below(7), few);
    const std::vector<double> demand = DemandOf(few);
    for (std::size_t i = 0; i < demand.size(); ++i) EXPECT_GE(demand[i], least[i] - 1e-9);
    double sum = 0;
    for (const DermGraph& graph : few.graphs) sum += graph.share;
    EXPECT_NEAR(sum, 1, 1e-12);
  }
}

}  // namespace
}  // namespace trimtab
