#include "trimtab/scaling/derm/adjacency_classes.h"

#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "trimtab/callgraph/call_tree.h"

namespace trimtab {
namespace {

CallTree Call(std::string microservice, int calls = 1, std::vector<TreeStep> steps = {}) {
  return {.microservice = std::move(microservice), .calls = calls, .steps = std::move(steps)};
}

// One call of b and then c has the pairs of three calls of b beside c; in the third class b calls
// c.
TEST(AdjacencyClassesTest, NumbersAndOrderOfCallsDoNotCount) {
  const CallTree row = Call("a", 1, {Sequential(Call("b")), Sequential(Call("c"))});
  const CallTree beside = Call("a", 1, {Parallel({Call("b", 3), Call("c")})});
  const CallTree chain = Call("a", 1, {Sequential(Call("b", 1, {Sequential(Call("c"))}))});
  const std::vector<ForecastClass> merged =
      MergedByAdjacency({{.id = "row", .tree = row, .share = 0.5},
                         {.id = "chain", .tree = chain, .share = 0.25},
                         {.id = "beside", .tree = beside, .share = 0.25}});
  ASSERT_EQ(merged.size(), 2U);
  EXPECT_EQ(merged[0].id, "row");
  EXPECT_DOUBLE_EQ(merged[0].share, 0.75);
  EXPECT_EQ(merged[0].tree, row);
  EXPECT_EQ(merged[1].id, "chain");
  EXPECT_DOUBLE_EQ(merged[1].share, 0.25);
}

}  // namespace
}  // namespace trimtab
