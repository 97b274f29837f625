#include "trimtab/tracing/child_order.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "trimtab/tracing/testing/trace_text.h"

namespace trimtab {
namespace {

using ::testing::ElementsAre;

std::vector<std::uint64_t> Order(const std::string& text) {
  NameTable names;
  const std::vector<SpanRecord> spans = testing::SpansOf(text, names);
  std::vector<std::uint64_t> ids;
  ChildOrder order;
  for (const std::uint32_t index : order.Arrange(spans)) ids.push_back(spans[index].id);
  return ids;
}

TEST(ChildOrderTest, ChildrenComeBeforeParentsAlsoWhereClocksDisagree) {
  // 3 ends after its parent 2, which ends after its own parent 1.
  EXPECT_THAT(Order("1 0 a 0 10\n2 1 b 1 20\n3 2 c 2 30\n4 1 d 3 5\n"), ElementsAre(3, 4, 2, 1));
}

TEST(ChildOrderTest, SpansOfOneDepthComeByTheirEnds) {
  EXPECT_THAT(Order("1 0 a 0 10\n2 1 b 1 9\n3 1 b 1 4\n4 1 b 2 4\n"), ElementsAre(3, 4, 2, 1));
}

TEST(ChildOrderTest, RepeatedIdsComeOnceAndCirclesEnd) {
  EXPECT_THAT(Order("1 0 a 0 10\n2 1 b 1 9\n2 1 b 1 3\n"), ElementsAre(2, 1));
  EXPECT_THAT(Order("1 2 a 0 10\n2 1 b 1 9\n3 3 c 0 1\n4 1 d 0 2\n"), ElementsAre(4, 3, 2, 1));
}

TEST(ChildOrderTest, CountsSpansWithoutParent) {
  NameTable names;
  ChildOrder order;
  order.Arrange(testing::SpansOf("1 0 a 0 9\n2 1 b 1 2\n3 7 c 1 2\n", names));
  EXPECT_EQ(order.roots(), 2);
  order.Arrange(testing::SpansOf("1 2 a 0 9\n2 1 b 1 2\n", names));
  EXPECT_EQ(order.roots(), 0);
  EXPECT_TRUE(order.Arrange({}).empty());
  EXPECT_EQ(order.roots(), 0);
}

}  // namespace
}  // namespace trimtab
