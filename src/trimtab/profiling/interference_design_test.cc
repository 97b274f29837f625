#include "trimtab/profiling/interference_design.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

namespace trimtab {
namespace {

using ::testing::DoubleEq;
using ::testing::ElementsAre;

std::array<double, 4> Values(const Interference& interference) {
  std::array<double, 4> values{};
  for (std::size_t i = 0; i < 4; ++i) values[i] = interference.ValueOr(kInterferenceKinds[i], -1);
  return values;
}

TEST(InterferenceDesignTest, HasThePapersIntensities) {
  // 0.3 + 0.5 i / 3 and 0.3 + 0.1 i, to millionths.
  EXPECT_THAT(InterferenceDesign::Intensities(InterferenceKind::kCpu),
              ElementsAre(DoubleEq(0.3), DoubleEq(0.466667), DoubleEq(0.633333), DoubleEq(0.8)));
  EXPECT_THAT(InterferenceDesign::Intensities(InterferenceKind::kMemoryCapacity),
              ElementsAre(DoubleEq(0.3), DoubleEq(0.4), DoubleEq(0.5), DoubleEq(0.6)));
}

TEST(InterferenceDesignTest, Has16SingleAnd608JointStates) {
  // 5^4 states in all: 1 none, 4 * 4 single, the rest joint.
  const InterferenceDesign design;
  EXPECT_EQ(design.single().size(), 16U);
  EXPECT_EQ(design.joint().size(), 608U);
  for (const Interference& state : design.joint()) EXPECT_TRUE(state.AllPresent());
}

TEST(InterferenceDesignTest, ACellHasDifferentStatesStartingWithNone) {
  const InterferenceDesign design;
  for (std::size_t cell = 0; cell < 100; ++cell) {
    const auto states = design.ForCell(cell, 16);
    ASSERT_EQ(states.size(), 16U);
    EXPECT_EQ(states[0], Interference::None());
    std::set<std::array<double, 4>> different;
    for (const Interference& state : states) different.insert(Values(state));
    EXPECT_EQ(different.size(), 16U) << "cell " << cell;
  }
}

TEST(InterferenceDesignTest, AGridOfCellsUsesEverySingleStateEquallyOften) {
  const InterferenceDesign design;
  std::map<std::array<double, 4>, int> uses;
  for (std::size_t cell = 0; cell < 100; ++cell) {
    for (const Interference& state : design.ForCell(cell, 16)) ++uses[Values(state)];
  }
  // 100 cells of 8 single states each, over 16.
  for (const Interference& state : design.single()) EXPECT_EQ(uses[Values(state)], 50);
  // 700 joint draws over 608 states: every one once or twice.
  for (const Interference& state : design.joint()) {
    EXPECT_GE(uses[Values(state)], 1);
    EXPECT_LE(uses[Values(state)], 2);
  }
}

TEST(InterferenceDesignTest, PositionsHaveTheSharesOfACell) {
  const InterferenceDesign design;
  EXPECT_EQ(design.At(0.0, 16), Interference::None());
  EXPECT_EQ(design.At(0.0624, 16), Interference::None());
  EXPECT_EQ(design.At(0.0626, 16), design.single().front());
  EXPECT_EQ(design.At(0.5624, 16), design.single().back());
  EXPECT_EQ(design.At(0.5626, 16), design.joint().front());
  EXPECT_EQ(design.At(0.999999, 16), design.joint().back());
  EXPECT_EQ(design.At(0.7, 1), Interference::None());
}

TEST(InterferenceDesignTest, RandomStatesStayWithinTheirBounds) {
  RandomStream random(1, "test");
  int none = 0;
  for (int i = 0; i < 4000; ++i) {
    const Interference state = InterferenceDesign::Random(random);
    EXPECT_TRUE(state.AllPresent());
    EXPECT_LE(state.ValueOr(InterferenceKind::kMemoryCapacity, 1), 0.6);
    EXPECT_LE(state.ValueOr(InterferenceKind::kCpu, 1), 0.8);
    if (state == Interference::None()) ++none;
  }
  // 1/8 + 7/8 * 0.4^4 = 0.1474; the standard error is sqrt(.1474 * .8526 / 4000) = 0.0056.
  EXPECT_NEAR(none / 4000.0, 0.1474, 4 * 0.0056);
}

}  // namespace
}  // namespace trimtab
