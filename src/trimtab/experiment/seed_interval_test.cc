#include "trimtab/experiment/seed_interval.h"

#include <vector>

#include "gtest/gtest.h"

namespace trimtab {
namespace {

TEST(SeedIntervalTest, IsStudentsT) {
  // Mean 3, variance (4 + 1 + 0 + 1 + 4) / 4 = 2.5, standard error sqrt(2.5 / 5) = 0.70711; with 4
  // degrees of freedom t = 2.776: 1.9629.
  const SeedInterval of = IntervalOf(std::vector<double>{1, 2, 3, 4, 5});
  EXPECT_NEAR(of.mean, 3, 1e-12);
  EXPECT_NEAR(of.half, 1.9629, 1e-4);
  EXPECT_EQ(IntervalText(of, 10, 1), "30.0 ± 19.6");
}

TEST(SeedIntervalTest, OneValueHasNoWidth) {
  EXPECT_EQ(IntervalOf(std::vector<double>{7}).mean, 7);
  EXPECT_EQ(IntervalOf(std::vector<double>{7}).half, 0);
}

}  // namespace
}  // namespace trimtab
