#include "trimtab/callgraph/class_clusters.h"

#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"

namespace trimtab {
namespace {

CallTree Leaf(std::string name, std::int64_t calls = 1) {
  return {.microservice = std::move(name), .calls = calls, .steps = {}};
}
CallTree Node(std::string name, std::vector<CallTree> callees) {
  CallTree tree = Leaf(std::move(name));
  for (CallTree& callee : callees) tree.steps.push_back(Sequential(std::move(callee)));
  return tree;
}
WeightedClass Weighted(CallTree tree, std::uint64_t traces) {
  const ClassId id = ClassOf(tree, ClassKey::kMultiplicity);
  return {id, traces, std::move(tree)};
}

TEST(GraphDistanceTest, IsTheWeightedJaccardDistanceOfCalls) {
  const CallTree one = Node("a", {Leaf("b", 2), Leaf("c")});
  const CallTree other = Node("a", {Leaf("b", 3)});
  // Entry 1 and 1, a>b 2 and 3, a>c 1 and 0: smaller 1 + 2, larger 1 + 3 + 1.
  EXPECT_DOUBLE_EQ(GraphDistance(CountCalls(one), CountCalls(other)), 1 - 3.0 / 5);
  EXPECT_DOUBLE_EQ(GraphDistance(CountCalls(other), CountCalls(one)), 1 - 3.0 / 5);
  EXPECT_EQ(GraphDistance(CountCalls(one), CountCalls(one)), 0);
  EXPECT_EQ(GraphDistance(CountCalls(one), CountCalls(Leaf("x"))), 1);
}

TEST(GraphDistanceTest, MultiplicitiesMultiplyAlongThePath) {
  CallTree inner = Node("b", {Leaf("c", 3)});
  inner.calls = 2;
  const CallCounts counts = CountCalls(Node("a", {inner}));
  EXPECT_EQ(counts.at({"b", "c"}), 6);
}

TEST(ClassClustersTest, RareClassesCountAsTheNearestFrequentOne) {
  const WeightedClass search = Weighted(Node("a", {Leaf("b", 4), Leaf("c")}), 700);
  const WeightedClass book = Weighted(Node("a", {Leaf("d"), Leaf("e")}), 290);
  const WeightedClass retry = Weighted(Node("a", {Leaf("b", 5), Leaf("c")}), 7);
  const WeightedClass strange = Weighted(Node("x", {Leaf("y")}), 3);
  const ClassClusters clusters({strange, book, retry, search}, {});
  ASSERT_EQ(clusters.frequent().size(), 2U);
  EXPECT_EQ(clusters.frequent()[0].id, search.id);
  EXPECT_EQ(clusters.ClusterOf(retry.id), search.id);
  EXPECT_EQ(clusters.ClusterOf(strange.id), std::nullopt);
  EXPECT_EQ(clusters.TracesOf(search.id), 707U);
  EXPECT_EQ(clusters.TracesOf(book.id), 290U);
  EXPECT_EQ(clusters.other_traces(), 3U);
}

TEST(ClassClustersTest, AClassNeverSeenIsTheNearestOneOrNone) {
  const WeightedClass search = Weighted(Node("a", {Leaf("b", 4), Leaf("c")}), 700);
  const ClassClusters clusters({search}, {});
  const CallTree never = Node("a", {Leaf("b", 6), Leaf("c")});
  EXPECT_EQ(clusters.ClusterOf(ClassOf(never, ClassKey::kMultiplicity)), std::nullopt);
  EXPECT_EQ(clusters.NearestTo(never), search.id);
  EXPECT_EQ(clusters.NearestTo(Leaf("z")), std::nullopt);
}

TEST(ClassClustersTest, OfTwoEquallyNearTheMoreFrequentIsTaken) {
  const WeightedClass two = Weighted(Node("a", {Leaf("b", 2)}), 400);
  const WeightedClass six = Weighted(Node("a", {Leaf("b", 6)}), 600);
  // a>b 4: smaller 1 + 2, larger 1 + 4 against 1 + 4, 1 + 6; the first distance is 0.4, the second
  // 2/7.
  EXPECT_EQ(ClassClusters({two, six}, {}).NearestTo(Node("a", {Leaf("b", 4)})), six.id);
  // Equal distances: a>b against a>c.
  const WeightedClass b = Weighted(Node("a", {Leaf("b")}), 400);
  const WeightedClass c = Weighted(Node("a", {Leaf("c")}), 600);
  EXPECT_EQ(ClassClusters({b, c}, {0.01, 1.0}).NearestTo(Node("a", {Leaf("d")})), c.id);
}

TEST(ClassClustersTest, WithoutClassesNothingIsNear) {
  const ClassClusters clusters({}, {});
  EXPECT_EQ(clusters.NearestTo(Leaf("a")), std::nullopt);
  EXPECT_EQ(clusters.other_traces(), 0U);
}

}  // namespace
}  // namespace trimtab
