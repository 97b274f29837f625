#include "trimtab/quantity/quantity.h"

#include <concepts>
#include <limits>

#include "gtest/gtest.h"
#include "trimtab/quantity/time.h"

namespace trimtab {
namespace {

template <class A, class B>
concept Addable = requires(A a, B b) { a + b; };

static_assert(Addable<Millicores, Millicores>);
static_assert(!Addable<Millicores, Bytes>, "CPU and memory must not mix");
static_assert(!Addable<Index<struct A>, Index<struct A>>, "an index is not a number");
static_assert(!std::convertible_to<Index<struct A>, Index<struct B>>);

TEST(QuantityTest, RatioOfTheSameKindIsAPlainNumber) {
  EXPECT_DOUBLE_EQ(Millicores(200) / Millicores(800), 0.25);
}

TEST(QuantityTest, MebibytesAreBinary) { EXPECT_EQ(Mebibytes(100).value(), 104857600); }

TEST(RatioDeathTest, OutsideTheUnitIntervalIsABug) {
  EXPECT_DEATH((void)Ratio(1.01), "");
  EXPECT_DEATH((void)Ratio(-0.01), "");
  EXPECT_DEATH((void)Ratio(std::numeric_limits<double>::quiet_NaN()), "");
}

TEST(TimeTest, LatencyAndDurationConvertExplicitly) {
  EXPECT_DOUBLE_EQ(ToLatency(std::chrono::microseconds(1500)).count(), 1.5);
  EXPECT_EQ(SecondsToDuration(0.25).count(), 250000000);
  EXPECT_EQ(SecondsToDuration(-0.25).count(), -250000000);
}

}  // namespace
}  // namespace trimtab
