#include "trimtab/scaling/derm/derm_rounding.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "gtest/gtest.h"
#include "trimtab/probability/random_stream.h"
#include "trimtab/scaling/derm/counted_tails.h"
#include "trimtab/scaling/derm/derm_instance_generator.h"

namespace trimtab {
namespace {

// Four or five microservices, one to three graphs, few containers each: small enough to try all.
DermProblem SmallProblem(std::uint64_t seed) {
  RandomStream random(seed, "rounding");
  DermProblem problem;
  problem.application_load = 20 + 80 * random.Uniform();
  const int count = 4 + static_cast<int>(seed % 2);
  for (int i = 0; i < count; ++i) {
    const double mean = 0.008 * std::exp(0.6 * random.Normal());
    const double capacity = 40 * std::exp(0.8 * random.Normal());
    problem.microservices.push_back(
        {.name = std::to_string(i),
         .law = RateLaw{.slope = -1 / mean / capacity, .intercept = 1 / mean}});
  }
  const int graphs = 1 + static_cast<int>(random.Below(3));
  for (int g = 0; g < graphs; ++g) {
    std::vector<DermNode> visits;
    for (int i = 0; i < count; ++i) {
      if (i != g && random.Uniform() < 0.25) continue;
      visits.push_back(DermNode::Visit(i, 1 + static_cast<int>(random.Below(2))));
    }
    problem.graphs.push_back({.id = std::to_string(g),
                              .share = 1.0 / graphs,
                              .tree = DermNode::Sequence(std::move(visits))});
  }
  problem.sla = 1;
  std::vector<LoadLaw::Moments> idle;
  for (const LoadLaw& law : LawsOf(problem)) idle.push_back(law.At(0));
  problem.sla = (1.25 + random.Uniform()) * GraphTails(problem).QuantileOfAll(problem.target, idle);
  return problem;
}

// The fewest containers over all counts from the least to the limits, by depth-first search.
class BruteForce {
 public:
  explicit BruteForce(const DermProblem& problem) : problem_(problem), at_(problem) {}

  // The total of a feasible plan to beat; what is found is at most that.
  long long Fewest(long long known) {
    best_ = known;
    for (std::size_t i = 0; i < at_.size(); ++i) at_.Set(i, at_.least(i));
    Try(0, 0);
    return best_;
  }

 private:
  void Try(std::size_t i, long long so_far) {
    long long rest = 0;
    for (std::size_t k = i; k < at_.size(); ++k) rest += at_.least(k);
    if (so_far + rest >= best_) return;
    if (i == at_.size()) {
      if (at_.Tail() <= 1 - problem_.target) best_ = so_far;
      return;
    }
    // With everything else unlimited a count that misses is too small.
    const long long most = best_ - 1 - so_far - (rest - at_.least(i));
    for (long long count = at_.least(i); count <= most; ++count) {
      at_.Set(i, static_cast<int>(count));
      Try(i + 1, so_far + count);
    }
    at_.Set(i, at_.least(i));
  }

  const DermProblem& problem_;
  CountedTails at_;
  long long best_ = 0;
};

TEST(DermRoundingTest, EqualsBruteForceOnSmallProblems) {
  int compared = 0;
  for (std::uint64_t seed = 1; compared < 100; ++seed) {
    const DermProblem problem = SmallProblem(seed);
    const DermSolution solution = *SolveDerm(problem);
    ASSERT_TRUE(solution.feasible) << seed;
    if (solution.total > 45) continue;  // too many counts to try
    const DermCounts counts = RoundDerm(problem, solution);
    ASSERT_TRUE(counts.feasible) << seed;
    EXPECT_GE(counts.attainment, problem.target);
    EXPECT_EQ(counts.total, BruteForce(problem).Fewest(counts.total)) << seed;
    EXPECT_GE(static_cast<double>(counts.total), solution.total * (1 - 1e-6));
    ++compared;
  }
}

TEST(DermRoundingTest, StaysBetweenTheBoundAndCeiling) {
  for (const bool parallel : {false, true}) {
    for (const double tightness : {1.3, 2.0}) {
      const DermProblem problem = *MakeDermInstance({.microservices = 50,
                                                     .graphs = 12,
                                                     .parallel = parallel,
                                                     .tightness = tightness,
                                                     .application_load = 300,
                                                     .seed = 9});
      const DermSolution solution = *SolveDerm(problem);
      const DermCounts counts = RoundDerm(problem, solution);
      ASSERT_TRUE(counts.feasible);
      EXPECT_GE(counts.attainment, 0.95);
      EXPECT_GE(static_cast<double>(counts.total), solution.total * (1 - 1e-4));
      EXPECT_LE(counts.total, CeilDerm(problem, solution).total);
    }
  }
}

TEST(DermRoundingTest, KeepsTheBoundsOfEachMicroservice) {
  DermProblem problem = *MakeDermInstance({.microservices = 20, .graphs = 4, .seed = 10});
  for (DermMicroservice& each : problem.microservices) each.fewest = 3;
  const DermCounts counts = RoundDerm(problem, *SolveDerm(problem));
  for (const int count : counts.containers) EXPECT_GE(count, 3);
}

TEST(DermRoundingTest, NeighboursSayWhatOneContainerChanges) {
  const DermProblem problem = SmallProblem(3);
  DermCounts counts = RoundDerm(problem, *SolveDerm(problem));
  Neighbours(problem, counts);
  CountedTails at(problem);
  for (std::size_t i = 0; i < at.size(); ++i) at.Set(i, counts.containers[i]);
  for (std::size_t i = 0; i < at.size(); ++i) {
    EXPECT_GE(counts.with_one_more[i], counts.attainment - 1e-12);
    at.Set(i, counts.containers[i] + 1);
    EXPECT_NEAR(counts.with_one_more[i], 1 - at.Tail(), 1e-12);
    at.Set(i, counts.containers[i]);
    // The counts are the fewest: one less of any misses the promise or does not carry the load.
    EXPECT_FALSE(counts.with_one_less[i] >= problem.target);
  }
}

TEST(DermRoundingTest, InfeasibleIsRoundedUp) {
  DermProblem problem = SmallProblem(4);
  problem.sla *= 0.3;
  const DermSolution solution = *SolveDerm(problem);
  ASSERT_FALSE(solution.feasible);
  const DermCounts counts = RoundDerm(problem, solution);
  EXPECT_FALSE(counts.feasible);
  for (std::size_t i = 0; i < counts.containers.size(); ++i) {
    EXPECT_GE(counts.containers[i], solution.containers[i] - 1e-6);
  }
}

}  // namespace
}  // namespace trimtab
