#include "trimtab/callgraph/call_tree.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <random>

namespace trimtab {
namespace {

CallTree Leaf(std::string name, std::int64_t calls = 1) {
  return {.microservice = std::move(name), .calls = calls, .steps = {}};
}

// frontend calls search, then reservation and profile at the same time; search calls geo, rate.
CallTree Hotels() {
  CallTree search = Leaf("search");
  search.steps = {Sequential(Leaf("geo")), Sequential(Leaf("rate"))};
  CallTree frontend = Leaf("frontend");
  frontend.steps = {Sequential(search), Parallel({Leaf("reservation"), Leaf("profile")})};
  return frontend;
}

TEST(CallTreeTest, OrderOfStepsAndBranchesDoesNotCount) {
  CallTree turned = Hotels();
  std::ranges::reverse(turned.steps);
  std::ranges::reverse(turned.steps.front().branches);
  std::ranges::reverse(turned.steps.back().branches.front().steps);
  EXPECT_EQ(turned, Hotels());
  EXPECT_EQ(CanonicalText(turned), CanonicalText(Hotels()));
}

TEST(CallTreeTest, ParallelAndSequentialCallsDiffer) {
  CallTree sequential = Hotels();
  sequential.steps = {sequential.steps.front(), Sequential(Leaf("reservation")),
                      Sequential(Leaf("profile"))};
  EXPECT_NE(sequential, Hotels());
  EXPECT_EQ(MultiplicityText(sequential), MultiplicityText(Hotels()));
}

TEST(CallTreeTest, EqualCallsAreMergedWithTheirNumbers) {
  CallTree written_out = Leaf("a");
  written_out.steps = {Sequential(Leaf("b")), Sequential(Leaf("c")), Sequential(Leaf("b"))};
  CallTree merged = Leaf("a");
  merged.steps = {Sequential(Leaf("b", 2)), Sequential(Leaf("c"))};
  EXPECT_EQ(written_out, merged);
  ASSERT_EQ(Canonical(written_out).steps.size(), 2);
}

TEST(CallTreeTest, NumbersOfCallsCount) {
  CallTree once = Leaf("a");
  once.steps = {Sequential(Leaf("b"))};
  CallTree twice = Leaf("a");
  twice.steps = {Sequential(Leaf("b", 2))};
  EXPECT_NE(once, twice);
  EXPECT_NE(MultiplicityText(once), MultiplicityText(twice));
  EXPECT_EQ(AdjacencyText(once), AdjacencyText(twice));
}

TEST(CallTreeTest, AParallelStepOfOneCallIsSequential) {
  CallTree parallel = Leaf("a");
  parallel.steps = {Parallel({Leaf("b")})};
  CallTree sequential = Leaf("a");
  sequential.steps = {Sequential(Leaf("b"))};
  EXPECT_EQ(parallel, sequential);
}

TEST(CallTreeTest, SeveralCallsOfOneMicroserviceAtTheSameTimeStayParallel) {
  CallTree parallel = Leaf("a");
  parallel.steps = {Parallel({Leaf("b"), Leaf("b")})};
  CallTree sequential = Leaf("a");
  sequential.steps = {Sequential(Leaf("b", 2))};
  EXPECT_NE(parallel, sequential);
}

TEST(CallTreeTest, GroupsOfParallelCallsAreNotFlattened) {
  CallTree two_groups = Leaf("a");
  two_groups.steps = {Parallel({Leaf("b"), Leaf("c")}), Parallel({Leaf("d"), Leaf("e")})};
  CallTree one_group = Leaf("a");
  one_group.steps = {Parallel({Leaf("b"), Leaf("c"), Leaf("d"), Leaf("e")})};
  EXPECT_NE(two_groups, one_group);
}

TEST(CallTreeTest, AMicroserviceNameCannotImitateStructure) {
  CallTree nested = Leaf("a");
  nested.steps = {Sequential(Leaf("b"))};
  EXPECT_NE(Leaf("a(1:b*1;)"), nested);
  EXPECT_NE(CanonicalText(Leaf("a(1:b*1;)")), CanonicalText(nested));
}

TEST(CallTreeTest, DepthCountsVisitsAndCallsCountEdges) {
  // frontend -> search -> geo is the longest path: 3 visits. Calls: search, geo, rate,
  // reservation, profile: 5.
  EXPECT_EQ(Depth(Hotels()), 3);
  EXPECT_EQ(TotalCalls(Hotels()), 5);
  EXPECT_EQ(Depth(Leaf("a")), 1);
  EXPECT_EQ(TotalCalls(Leaf("a")), 0);
}

TEST(CallTreeTest, CallsMultiplyAlongThePath) {
  CallTree b = Leaf("b", 3);
  b.steps = {Sequential(Leaf("c", 2))};
  CallTree a = Leaf("a");
  a.steps = {Sequential(b)};
  EXPECT_EQ(TotalCalls(a), 3 + 3 * 2);
}

TEST(CallTreeTest, HugeNumbersOfCallsSaturate) {
  const std::int64_t huge = std::int64_t{1} << 40;
  CallTree b = Leaf("b", huge);
  b.steps = {Sequential(Leaf("c", huge))};
  CallTree a = Leaf("a");
  a.steps = {Sequential(b)};
  EXPECT_EQ(TotalCalls(a), std::numeric_limits<std::int64_t>::max());
}

// A random tree, and the same tree with everything that must not count shuffled: equal calls split,
// steps and branches in another order.
CallTree RandomTree(std::mt19937_64& random, int depth) {
  CallTree tree = Leaf(std::string(1, static_cast<char>('a' + random() % 4)));
  if (depth == 0) return tree;
  for (std::uint64_t step = random() % 3; step > 0; --step) {
    if (random() % 2 == 0) {
      CallTree call = RandomTree(random, depth - 1);
      call.calls = 1 + static_cast<std::int64_t>(random() % 3);
      tree.steps.push_back(Sequential(call));
    } else {
      tree.steps.push_back(
          Parallel({RandomTree(random, depth - 1), RandomTree(random, depth - 1)}));
    }
  }
  return tree;
}

CallTree Shuffled(const CallTree& tree, std::mt19937_64& random) {
  CallTree result = Leaf(tree.microservice, tree.calls);
  for (const TreeStep& step : tree.steps) {
    TreeStep copy{.parallel = step.parallel, .branches = {}};
    for (const CallTree& branch : step.branches) copy.branches.push_back(Shuffled(branch, random));
    std::ranges::shuffle(copy.branches, random);
    if (!step.parallel && copy.branches.front().calls > 1) {
      CallTree one = copy.branches.front();
      one.calls = 1;
      --copy.branches.front().calls;
      result.steps.push_back(Sequential(one));
    }
    result.steps.push_back(copy);
  }
  std::ranges::shuffle(result.steps, random);
  return result;
}

TEST(CallTreeTest, ShufflingNeverChangesTheCanonicalText) {
  std::mt19937_64 random(7);
  for (int round = 0; round < 500; ++round) {
    const CallTree tree = RandomTree(random, 4);
    const CallTree shuffled = Shuffled(tree, random);
    ASSERT_EQ(CanonicalText(tree), CanonicalText(shuffled));
    ASSERT_EQ(MultiplicityText(tree), MultiplicityText(shuffled));
    ASSERT_EQ(TotalCalls(tree), TotalCalls(shuffled));
    ASSERT_EQ(TotalCalls(tree), TotalCalls(Canonical(tree)));
    ASSERT_EQ(CanonicalText(Canonical(tree)), CanonicalText(tree));
  }
}

}  // namespace
}  // namespace trimtab
