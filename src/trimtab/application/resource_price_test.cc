#include "trimtab/application/resource_price.h"

#include "gtest/gtest.h"

namespace trimtab {
namespace {

TEST(ResourceUnitsTest, AUnitIsAFifthOfACoreOrAHundredMebibytes) {
  const Allocation allocation(2, {.replicas = 3, .container = {Millicores(400), Mebibytes(150)}});
  // Two microservices of three containers, each 2 units of CPU and 1.5 of memory.
  const ResourceUnits units = UnitsOf(allocation);
  EXPECT_DOUBLE_EQ(units.cpu, 12);
  EXPECT_DOUBLE_EQ(units.memory, 9);
  EXPECT_DOUBLE_EQ(units.total(), 21);
}

TEST(ResourcePriceTest, PaperPricesEqualReportedUnits) {
  EXPECT_DOUBLE_EQ(ResourcePrice::Paper().CostOf({Millicores(400), Mebibytes(150)}), 3.5);
}

// Grad IV-B: 2000 cores and 8000 GB, so 2 cores are worth 8 GB and 0.2 core is worth 0.8 GB.
TEST(ResourcePriceTest, CapacityPricesFollowTheClusterRatio) {
  const auto price = ResourcePrice::FromCapacity(Cores(2000), Gibibytes(8000));
  ASSERT_TRUE(price.ok());
  EXPECT_DOUBLE_EQ(price->CostOf(Cores(2)), price->CostOf(Gibibytes(8)));
  EXPECT_DOUBLE_EQ(price->CostOf(Millicores(200)), 1.0);
}

TEST(ResourcePriceTest, RefusesAClusterWithoutCapacity) {
  EXPECT_FALSE(ResourcePrice::FromCapacity(Cores(0), Gibibytes(1)).ok());
  EXPECT_FALSE(ResourcePrice::FromCapacity(Cores(1), Bytes(0)).ok());
}

}  // namespace
}  // namespace trimtab
