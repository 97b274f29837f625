// A saved plan: read back, refused when it is none, and stale as soon as anything has changed.
#include "trimtab/operator/change_set.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace trimtab {
namespace {

using testing::AllOf;
using testing::HasSubstr;

const MicroserviceAllocation kBefore{.replicas = 2, .container = {Millicores(400), Mebibytes(200)}};
const MicroserviceAllocation kAfter{.replicas = 3, .container = {Millicores(600), Mebibytes(200)}};

ChangeSet Set() {
  return {.name_space = "shop",
          .name = "hotel",
          .uid = "u1",
          .generation = 4,
          .at = Instant(std::chrono::seconds(1'800'000'000)),
          .changes = {{"web", kBefore, kAfter}}};
}

class ChangeSetTest : public testing::Test {
 protected:
  ChangeSetTest() {
    scaler.meta.uid = "u1";
    scaler.meta.generation = 4;
    state.desired = kBefore;
  }

  absl::StatusOr<std::vector<AllocationChange>> Fresh(const ChangeSet& set = Set()) const {
    return FreshChanges(set, scaler, application, {state});
  }

  AppScaler scaler;
  Application application = *Application::Create("shop/hotel", {{"web", {}}}, {});
  MicroserviceState state;
};

TEST_F(ChangeSetTest, IsReadBackAsItWasWritten) {
  const auto read = ReadChangeSet(ChangeSetToJson(Set()));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->changes, Set().changes);
  EXPECT_EQ(read->generation, 4);
  EXPECT_EQ(read->at, Set().at);
}

TEST_F(ChangeSetTest, WhatIsNoPlanIsRefusedByFieldValueAndBound) {
  std::string text = ChangeSetToJson(Set());
  text.replace(text.find("\"replicas\": 3"), 13, "\"replicas\": 0");
  text.replace(text.find("\"uid\""), 5, "\"uit\"");
  const auto read = ReadChangeSet(text);
  EXPECT_THAT(std::string(read.status().message()),
              AllOf(HasSubstr("changes[0].to.replicas: is '0', must be a whole number from 1"),
                    HasSubstr("uid: is missing"), HasSubstr("uit: is unknown")));
  EXPECT_FALSE(ReadChangeSet("[]").ok());
  EXPECT_FALSE(ReadChangeSet("{").ok());
}

TEST_F(ChangeSetTest, IsAppliedToWhatItWasPlannedFor) {
  const auto changes = Fresh();
  ASSERT_TRUE(changes.ok()) << changes.status();
  ASSERT_EQ(changes->size(), 1u);
  EXPECT_EQ((*changes)[0].to, kAfter);
}

TEST_F(ChangeSetTest, IsStaleWhenTheResourceOrAWorkloadChanged) {
  state.desired.replicas = 5;
  EXPECT_THAT(std::string(Fresh().status().message()),
              HasSubstr("workload 'web' is 5 x 400m/200Mi and was 2 x 400m/200Mi"));
  EXPECT_TRUE(absl::IsAborted(Fresh().status()));
  state.desired = kBefore;
  scaler.meta.generation = 5;
  EXPECT_TRUE(absl::IsAborted(Fresh().status()));
  scaler.meta = {.uid = "u2", .generation = 4};
  EXPECT_TRUE(absl::IsAborted(Fresh().status()));
  scaler.meta.uid = "u1";
  ChangeSet other = Set();
  other.changes[0].name = "geo";
  EXPECT_TRUE(absl::IsAborted(Fresh(other).status()));
}

}  // namespace
}  // namespace trimtab
