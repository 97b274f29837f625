#include "trimtab/neural/portable_math.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace trimtab {
namespace {

TEST(PortableMathTest, ExponentialAgreesWithTheLibrary) {
  for (double x = -700; x <= 700; x += 0.37) {
    EXPECT_NEAR(PortableExp(x) / std::exp(x), 1, 1e-15) << x;
  }
}

TEST(PortableMathTest, LogarithmAgreesWithTheLibrary) {
  for (double x = 1e-300; x < 1e300; x *= 1.7) {
    EXPECT_NEAR(PortableLog(x), std::log(x), 4e-16 * (1 + std::abs(std::log(x)))) << x;
  }
  for (double x = 0.5; x < 2; x += 0.001) EXPECT_NEAR(PortableLog(x), std::log(x), 4e-16) << x;
}

TEST(PortableMathTest, IsExactAtTheFixedPoints) {
  EXPECT_EQ(PortableExp(0), 1);
  EXPECT_EQ(PortableLog(1), 0);
}

TEST(PortableMathTest, SaturatesAndPassesNanOn) {
  EXPECT_EQ(PortableExp(800), std::numeric_limits<double>::infinity());
  EXPECT_EQ(PortableExp(-800), 0);
  EXPECT_TRUE(std::isnan(PortableExp(std::nan(""))));
}

}  // namespace
}  // namespace trimtab
