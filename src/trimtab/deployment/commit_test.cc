#include "trimtab/deployment/commit.h"

#include "gtest/gtest.h"
#include "trimtab/deployment/testing/fake_actuator.h"

namespace trimtab {
namespace {

MicroserviceAllocation Of(int replicas) { return {replicas, {Millicores(200), Mebibytes(100)}}; }

class CommitTest : public testing::Test {
 protected:
  FakeActuator actuator_{Allocation(3, Of(1))};
  std::vector<AllocationChange> changes_ = {{MicroserviceId(0), Of(1), Of(2)},
                                            {MicroserviceId(1), Of(1), Of(3)},
                                            {MicroserviceId(2), Of(1), Of(4)}};
};

TEST_F(CommitTest, AppliesInOrder) {
  const CommitReport report = Commit(changes_, actuator_, CommitMode::kApply);
  EXPECT_TRUE(report.Complete());
  EXPECT_EQ(report.accepted.size(), 3U);
  EXPECT_EQ(actuator_.states[2].desired, Of(4));
}

TEST_F(CommitTest, AForbiddenChangeIsRefusedAlone) {
  actuator_.apply_errors[1] = absl::InvalidArgumentError("memory below what is in use");
  const CommitReport report = Commit(changes_, actuator_, CommitMode::kApply);
  EXPECT_FALSE(report.Complete());
  EXPECT_EQ(report.accepted.size(), 2U);
  ASSERT_EQ(report.refused.size(), 1U);
  EXPECT_EQ(report.refused[0].change.microservice, MicroserviceId(1));
  EXPECT_TRUE(report.skipped.empty());
  EXPECT_EQ(actuator_.states[1].desired, Of(1));
}

TEST_F(CommitTest, AStalePlanEndsTheList) {
  actuator_.states[1].desired = Of(7);  // someone else did this
  const CommitReport report = Commit(changes_, actuator_, CommitMode::kApply);
  EXPECT_EQ(report.accepted.size(), 1U);
  ASSERT_EQ(report.refused.size(), 1U);
  EXPECT_TRUE(absl::IsAborted(report.refused[0].why));
  ASSERT_EQ(report.skipped.size(), 1U);
  EXPECT_EQ(report.skipped[0].microservice, MicroserviceId(2));
  EXPECT_EQ(actuator_.states[1].desired, Of(7));
}

TEST_F(CommitTest, AnUnreachableWorldEndsTheList) {
  actuator_.apply_errors[0] = absl::UnavailableError("connection refused");
  const CommitReport report = Commit(changes_, actuator_, CommitMode::kApply);
  EXPECT_TRUE(report.accepted.empty());
  EXPECT_EQ(report.skipped.size(), 2U);
}

TEST_F(CommitTest, ADryRunAsksTheWorldForNothing) {
  const CommitReport report = Commit(changes_, actuator_, CommitMode::kDryRun);
  EXPECT_TRUE(report.Complete());
  EXPECT_EQ(report.accepted.size(), 3U);
  EXPECT_TRUE(actuator_.applied.empty());
}

TEST_F(CommitTest, ADryRunFindsAStalePlan) {
  actuator_.states[0].desired = Of(7);
  const CommitReport report = Commit(changes_, actuator_, CommitMode::kDryRun);
  ASSERT_EQ(report.refused.size(), 1U);
  EXPECT_TRUE(absl::IsAborted(report.refused[0].why));
}

}  // namespace
}  // namespace trimtab
