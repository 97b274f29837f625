#include "trimtab/graphdynamics/class_roster.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace trimtab {
namespace {

// 1000 counts: "rare" has 1 of them, below the least share of 0.002.
TEST(ClassRosterTest, RareNamesAreOther) {
  const ClassRoster roster =
      ClassRoster::Create({{"a", 300}, {"b", 699}, {"rare", 1}}, {.least_share = 0.002});
  EXPECT_THAT(roster.names(), ::testing::ElementsAre("b", "a", "(other)"));
  EXPECT_EQ(roster.IndexOf("rare"), roster.other());
  EXPECT_DOUBLE_EQ(roster.other_share(), 0.001);
}

TEST(ClassRosterTest, NeverHoldsMoreThanItsBound) {
  const ClassRoster roster =
      ClassRoster::Create({{"a", 3}, {"b", 2}, {"c", 2}}, {.most_classes = 2});
  EXPECT_THAT(roster.names(), ::testing::ElementsAre("a", "b", "(other)"));
}

TEST(ClassRosterTest, AClassNeverSeenIsOther) {
  const ClassRoster roster = ClassRoster::Create({{"a", 3}}, {});
  EXPECT_EQ(roster.IndexOf("a"), 0);
  EXPECT_EQ(roster.IndexOf("never"), roster.other());
}

TEST(ClassRosterTest, NothingCountedMakesOneClass) {
  const ClassRoster roster = ClassRoster::Create({}, {});
  EXPECT_THAT(roster.names(), ::testing::ElementsAre("(other)"));
  EXPECT_EQ(roster.other_share(), 0);
}

}  // namespace
}  // namespace trimtab
