#include "trimtab/tracing/call_tree_inference.h"

#include <gtest/gtest.h>

#include <string>

#include "trimtab/tracing/testing/trace_text.h"

namespace trimtab {
namespace {

class CallTreeInferenceTest : public ::testing::Test {
 protected:
  void Add(const std::string& text, int times = 1) {
    const TraceVisits* const trace = builder_.Build(testing::SpansOf(text, names_), names_);
    ASSERT_NE(trace, nullptr) << text;
    for (int i = 0; i < times; ++i) inference_.Add(*trace);
  }
  CallTree OnlyTree() {
    const auto classes = inference_.Classes(ClassKey::kCanonical);
    EXPECT_EQ(classes.size(), 1);
    return classes.front().tree;
  }
  static CallTree Leaf(std::string name, std::int64_t calls = 1) {
    return {.microservice = std::move(name), .calls = calls, .steps = {}};
  }
  static CallTree Of(std::string name, std::vector<TreeStep> steps) {
    return {.microservice = std::move(name), .calls = 1, .steps = std::move(steps)};
  }

  NameTable names_;
  VisitBuilder builder_;
  CallTreeInference inference_{names_};
};

constexpr const char* kSequential =
    "1 0 a 0 100\n"
    "2 1 b 10 30\n"
    "3 1 c 30 50\n";
constexpr const char* kParallel =
    "1 0 a 0 100\n"
    "2 1 b 10 30\n"
    "3 1 c 20 50\n";

TEST_F(CallTreeInferenceTest, CallsOneAfterTheOtherAreSequential) {
  Add(kSequential);
  EXPECT_EQ(OnlyTree(), Of("a", {Sequential(Leaf("b")), Sequential(Leaf("c"))}));
  EXPECT_EQ(inference_.sibling_pairs(), 1);
  EXPECT_EQ(inference_.parallel_pairs(), 0);
}

TEST_F(CallTreeInferenceTest, OverlappingCallsAreParallel) {
  Add(kParallel);
  EXPECT_EQ(OnlyTree(), Of("a", {Parallel({Leaf("b"), Leaf("c")})}));
  EXPECT_EQ(inference_.parallel_pairs(), 1);
}

// One tree, whatever single traces look like: the majority decides, for all of them.
TEST_F(CallTreeInferenceTest, IsDecidedOverAllTracesOfATree) {
  Add(kParallel, 4);
  Add(kSequential, 6);
  EXPECT_EQ(OnlyTree(), Of("a", {Sequential(Leaf("b")), Sequential(Leaf("c"))}));
  const auto classes = inference_.Classes(ClassKey::kCanonical);
  ASSERT_EQ(classes.front().pairs.size(), 1);
  const SiblingPair& pair = classes.front().pairs.front();
  EXPECT_EQ(pair.caller, "a");
  EXPECT_EQ(pair.first, "b");
  EXPECT_EQ(pair.second, "c");
  EXPECT_EQ(pair.count, 10);
  EXPECT_EQ(pair.parallel, 4);
  EXPECT_FALSE(pair.is_parallel);
  EXPECT_DOUBLE_EQ(pair.parallel_share(), 0.4);
  Add(kParallel, 3);  // 7 of 13
  EXPECT_EQ(OnlyTree(), Of("a", {Parallel({Leaf("b"), Leaf("c")})}));
}

// The same callees below another unordered tree are another decision.
TEST_F(CallTreeInferenceTest, TreesAreDecidedApart) {
  Add(kParallel, 3);
  Add("1 0 a 0 100\n2 1 b 10 30\n3 1 c 30 50\n4 1 d 60 70\n");
  const auto classes = inference_.Classes(ClassKey::kCanonical);
  ASSERT_EQ(classes.size(), 2);
  EXPECT_EQ(classes[0].traces, 3);
  EXPECT_EQ(classes[0].tree, Of("a", {Parallel({Leaf("b"), Leaf("c")})}));
  EXPECT_EQ(classes[1].tree,
            Of("a", {Sequential(Leaf("b")), Sequential(Leaf("c")), Sequential(Leaf("d"))}));
}

// b and c overlap, c and d overlap, e comes after all: {b | c | d}, e.
TEST_F(CallTreeInferenceTest, ParallelPairsThatShareACallAreOneStep) {
  Add("1 0 a 0 100\n"
      "2 1 b 10 30\n"
      "3 1 c 20 50\n"
      "4 1 d 40 60\n"
      "5 1 e 70 80\n");
  EXPECT_EQ(OnlyTree(),
            Of("a", {Parallel({Leaf("b"), Leaf("c"), Leaf("d")}), Sequential(Leaf("e"))}));
}

TEST_F(CallTreeInferenceTest, EqualCallsAreCounted) {
  Add("1 0 a 0 100\n2 1 b 10 20\n3 1 b 30 40\n4 1 b 50 60\n");
  EXPECT_EQ(OnlyTree(), Of("a", {Sequential(Leaf("b", 3))}));
}

TEST_F(CallTreeInferenceTest, EqualCallsMayBeParallelAmongThemselves) {
  Add("1 0 a 0 100\n2 1 b 10 40\n3 1 b 20 50\n4 1 b 30 60\n");
  EXPECT_EQ(OnlyTree(), Of("a", {Parallel({Leaf("b", 3)})}));
}

// b calls c in its first visit only: the two visits of b are different places of the tree.
TEST_F(CallTreeInferenceTest, VisitsWithDifferentCalleesAreDifferentPlaces) {
  Add("1 0 a 0 100\n2 1 b 10 20\n3 2 c 12 18\n4 1 b 30 40\n");
  EXPECT_EQ(OnlyTree(),
            Of("a", {Sequential(Of("b", {Sequential(Leaf("c"))})), Sequential(Leaf("b"))}));
}

TEST_F(CallTreeInferenceTest, MultiplicitiesAreThoseOfOneVisitOfTheCaller) {
  Add("1 0 a 0 100\n"
      "2 1 b 10 20\n3 2 c 11 12\n4 2 c 13 14\n"
      "5 1 b 30 40\n6 5 c 31 32\n7 5 c 33 34\n");
  CallTree b = Of("b", {Sequential(Leaf("c", 2))});
  b.calls = 2;
  EXPECT_EQ(OnlyTree(), Of("a", {Sequential(b)}));
  EXPECT_EQ(TotalCalls(OnlyTree()), 6);
}

// 150 traces have b before c, apart; in one, c came first and seems to overlap: below 1 % of the
// traces this pair of (c, b) would decide, but it is the same pair as (b, c).
TEST_F(CallTreeInferenceTest, APairOutOfOrderIsTheSamePair) {
  Add(kSequential, 150);
  Add("1 0 a 0 100\n3 1 c 10 40\n2 1 b 20 50\n");
  const auto classes = inference_.Classes(ClassKey::kCanonical);
  ASSERT_EQ(classes.size(), 1);
  ASSERT_EQ(classes.front().pairs.size(), 1);
  EXPECT_EQ(classes.front().pairs.front().count, 151);
}

// In 200 traces b, c, d follow one another; in one, c is late and b meets d: seen in 0.5 % of the
// traces, this pair decides nothing.
TEST_F(CallTreeInferenceTest, ARarePairDecidesNothing) {
  Add("1 0 a 0 100\n2 1 b 10 20\n3 1 c 30 40\n4 1 d 50 60\n", 200);
  Add("1 0 a 0 100\n2 1 b 10 52\n4 1 d 50 60\n3 1 c 70 80\n");
  EXPECT_EQ(OnlyTree(),
            Of("a", {Sequential(Leaf("b")), Sequential(Leaf("c")), Sequential(Leaf("d"))}));
}

TEST_F(CallTreeInferenceTest, StepsStandInOrderOfTheirMeanPlace) {
  Add("1 0 a 0 100\n2 1 z 10 20\n3 1 m 30 40\n4 1 b 50 60\n", 3);
  Add("1 0 a 0 100\n2 1 m 10 20\n3 1 z 30 40\n4 1 b 50 60\n");
  const CallTree tree = OnlyTree();
  ASSERT_EQ(tree.steps.size(), 3);
  EXPECT_EQ(tree.steps[0].branches[0].microservice, "z");
  EXPECT_EQ(tree.steps[1].branches[0].microservice, "m");
  EXPECT_EQ(tree.steps[2].branches[0].microservice, "b");
}

TEST_F(CallTreeInferenceTest, KeysGroupTracesMoreOrLessFinely) {
  Add(kSequential, 5);
  Add("1 0 a 0 100\n2 1 b 10 30\n3 1 c 30 50\n4 1 c 60 70\n", 2);
  EXPECT_EQ(inference_.Classes(ClassKey::kAdjacency).size(), 1);
  EXPECT_EQ(inference_.Classes(ClassKey::kAdjacency).front().traces, 7);
  // The tree shown for a class is that of most of its traces.
  EXPECT_EQ(TotalCalls(inference_.Classes(ClassKey::kAdjacency).front().tree), 2);
  EXPECT_EQ(inference_.Classes(ClassKey::kMultiplicity).size(), 2);
  EXPECT_EQ(inference_.Classes(ClassKey::kCanonical).size(), 2);
}

TEST_F(CallTreeInferenceTest, TracesBeyondTheBoundAreCounted) {
  CallTreeInference small(names_, {.most_trees = 1});
  for (const char* text : {"1 0 a 0 1\n", "1 0 b 0 1\n", "1 0 a 0 1\n"}) {
    small.Add(*builder_.Build(testing::SpansOf(text, names_), names_));
  }
  EXPECT_EQ(small.classified_traces(), 2);
  EXPECT_EQ(small.unclassified_traces(), 1);
}

}  // namespace
}  // namespace trimtab
