#include "trimtab/cluster/disruption_ledger.h"

#include "gtest/gtest.h"

namespace trimtab {
namespace {

using std::chrono::seconds;

Instant At(int second) { return Instant(seconds(second)); }

std::shared_ptr<const DisruptionBudgetView> Budget(int healthy, int allowed) {
  DisruptionBudgetView budget;
  budget.meta.uid = "b";
  budget.current_healthy = healthy;
  budget.disruptions_allowed = allowed;
  return std::make_shared<const DisruptionBudgetView>(std::move(budget));
}

// Six pods are healthy, two must be.
class DisruptionLedgerTest : public testing::Test {
 protected:
  std::int64_t Allowed(int healthy, int second) {
    return ledger_.Left({Budget(healthy, healthy - 2)}, At(second)).at(0)->disruptions_allowed;
  }
  DisruptionLedger ledger_;
};

TEST_F(DisruptionLedgerTest, WhatIsLeavingIsNotThereForOthers) {
  EXPECT_EQ(Allowed(6, 0), 4);
  ledger_.Leaving(*Budget(6, 4), 3, At(0));
  EXPECT_EQ(Allowed(6, 1), 1);
  ledger_.Leaving(*Budget(6, 1), 1, At(1));
  EXPECT_EQ(Allowed(6, 2), 0);
  EXPECT_EQ(Allowed(6, 2), 0);
}

TEST_F(DisruptionLedgerTest, WhatHasBeenCountedOffCountsOnce) {
  ledger_.Leaving(*Budget(6, 4), 3, At(0));
  EXPECT_EQ(Allowed(5, 1), 3 - 2);  // two of the three are still counted as healthy
  EXPECT_EQ(Allowed(3, 2), 1);      // all are counted off
  EXPECT_EQ(Allowed(6, 3), 4);      // and others have come: that is past
}

TEST_F(DisruptionLedgerTest, WhatIsNeverCountedOffIsForgottenAfterTwoMinutes) {
  ledger_.Leaving(*Budget(6, 4), 3, At(0));
  EXPECT_EQ(Allowed(6, 120), 1);
  EXPECT_EQ(Allowed(6, 121), 4);
}

TEST_F(DisruptionLedgerTest, OtherBudgetsAreAsTheyAre) {
  auto other = *Budget(6, 4);
  other.meta.uid = "c";
  ledger_.Leaving(other, 4, At(0));
  EXPECT_EQ(Allowed(6, 0), 4);
}

}  // namespace
}  // namespace trimtab
