#include "trimtab/deployment/allocation_diff.h"

#include "gtest/gtest.h"

namespace trimtab {
namespace {

MicroserviceAllocation Of(int replicas, int millicores, int mebibytes) {
  return {replicas, {Millicores(millicores), Mebibytes(mebibytes)}};
}

TEST(DiffTest, ListsWhatDiffersInOrder) {
  Allocation from(3, Of(1, 200, 100));
  Allocation to = from;
  to[MicroserviceId(2)] = Of(2, 200, 100);
  to[MicroserviceId(0)] = Of(1, 400, 100);
  const auto changes = Diff(from, to);
  ASSERT_EQ(changes.size(), 2U);
  EXPECT_EQ(changes[0].microservice, MicroserviceId(0));
  EXPECT_EQ(changes[0].from, Of(1, 200, 100));
  EXPECT_EQ(changes[0].to, Of(1, 400, 100));
  EXPECT_EQ(changes[1].microservice, MicroserviceId(2));
  EXPECT_TRUE(Diff(from, from).empty());
}

TEST(StageTest, RaisesComeFirst) {
  Allocation from(2, Of(2, 400, 200));
  Allocation to = from;
  to[MicroserviceId(0)] = Of(1, 400, 200);  // a lower
  to[MicroserviceId(1)] = Of(3, 400, 200);  // a raise
  const StagedChanges staged = StageChanges(from, to);
  ASSERT_EQ(staged.raises.size(), 1U);
  EXPECT_EQ(staged.raises[0].microservice, MicroserviceId(1));
  ASSERT_EQ(staged.lowers.size(), 1U);
  EXPECT_EQ(staged.lowers[0].microservice, MicroserviceId(0));
}

TEST(StageTest, AMixedChangePassesThroughTheLargerOfBoth) {
  const Allocation from(1, Of(2, 800, 100));
  const Allocation to(1, Of(4, 400, 300));
  const StagedChanges staged = StageChanges(from, to);
  ASSERT_EQ(staged.raises.size(), 1U);
  EXPECT_EQ(staged.raises[0].to, Of(4, 800, 300));
  ASSERT_EQ(staged.lowers.size(), 1U);
  EXPECT_EQ(staged.lowers[0].from, Of(4, 800, 300));
  EXPECT_EQ(staged.lowers[0].to, Of(4, 400, 300));
}

}  // namespace
}  // namespace trimtab
