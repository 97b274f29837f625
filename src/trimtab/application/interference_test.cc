#include "trimtab/application/interference.h"

#include "gtest/gtest.h"

namespace trimtab {
namespace {

TEST(InterferenceTest, UnknownIsNotZero) {
  Interference unknown;
  EXPECT_FALSE(unknown[InterferenceKind::kCpu].has_value());
  EXPECT_NE(unknown, Interference::None());
  EXPECT_DOUBLE_EQ(unknown.ValueOr(InterferenceKind::kCpu, 0.5), 0.5);
}

TEST(InterferenceTest, ForgettingAKindEqualsNeverKnowingIt) {
  Interference some;
  some.Set(InterferenceKind::kNetworkBandwidth, Ratio(0.3));
  EXPECT_EQ(some.presence(), 0b1000);
  some.Forget(InterferenceKind::kNetworkBandwidth);
  EXPECT_EQ(some, Interference());
}

TEST(InterferenceTest, NamesReadBack) {
  for (const InterferenceKind kind : kInterferenceKinds) {
    EXPECT_EQ(*ParseInterferenceKind(InterferenceName(kind)), kind);
  }
  EXPECT_FALSE(ParseInterferenceKind("disk").ok());
}

}  // namespace
}  // namespace trimtab
