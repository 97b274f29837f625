#include "trimtab/callgraph/graph_class.h"

#include <gtest/gtest.h>

namespace trimtab {
namespace {

CallTree Chain(std::int64_t calls, bool parallel) {
  CallTree callee{.microservice = "b", .calls = calls, .steps = {}};
  CallTree tree{.microservice = "a", .calls = 1, .steps = {}};
  tree.steps = {parallel ? Parallel({callee}) : Sequential(callee)};
  return tree;
}

TEST(GraphClassTest, EachKeyIsFinerThanTheOneBefore) {
  for (const ClassKey key : {ClassKey::kAdjacency, ClassKey::kMultiplicity, ClassKey::kCanonical}) {
    EXPECT_EQ(ClassOf(Chain(2, false), key) == ClassOf(Chain(3, false), key),
              key == ClassKey::kAdjacency);
    EXPECT_EQ(ClassOf(Chain(2, false), key) == ClassOf(Chain(2, true), key),
              key != ClassKey::kCanonical);
  }
}

TEST(GraphClassTest, EntriesWithoutCallsDifferByName) {
  const CallTree a{.microservice = "a", .calls = 1, .steps = {}};
  const CallTree b{.microservice = "b", .calls = 1, .steps = {}};
  EXPECT_NE(ClassOf(a, ClassKey::kAdjacency), ClassOf(b, ClassKey::kAdjacency));
}

// The ids are written into files and read by other tools: a change of the text or of the hash must
// be noticed. Texts written by hand; FNV-1a and the finaliser computed apart from this program.
TEST(GraphClassTest, IdsAreStable) {
  EXPECT_EQ(ClassText(Chain(2, false), ClassKey::kAdjacency), "0:>1:a;1:a>1:b;");
  EXPECT_EQ(ClassText(Chain(2, false), ClassKey::kMultiplicity), "1:a(1:b*2;)*1");
  EXPECT_EQ(ClassText(Chain(2, true), ClassKey::kCanonical), "1:a({1:b*2;})*1");
  EXPECT_EQ(ClassOf(Chain(2, true), ClassKey::kCanonical).ToString(), "81d3add04ab65491");
}

TEST(GraphClassTest, IdsAreReadBack) {
  const ClassId id = ClassOf(Chain(1, false), ClassKey::kCanonical);
  EXPECT_EQ(ClassId::FromString(id.ToString()), id);
  EXPECT_EQ(id.ToString().size(), 16);
  EXPECT_EQ(ClassId(0x1f).ToString(), "000000000000001f");
  for (const char* bad : {"", "xyz", "0x1f", "12345678901234567", "1f "}) {
    EXPECT_EQ(ClassId::FromString(bad), std::nullopt) << bad;
  }
}

TEST(GraphClassTest, KeysHaveNames) {
  for (const ClassKey key : {ClassKey::kAdjacency, ClassKey::kMultiplicity, ClassKey::kCanonical}) {
    EXPECT_EQ(ClassKeyFromString(ToString(key)), key);
  }
  EXPECT_EQ(ClassKeyFromString("Canonical"), std::nullopt);
}

}  // namespace
}  // namespace trimtab
