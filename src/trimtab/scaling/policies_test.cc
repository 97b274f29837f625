// The table of policies and the policy that keeps one allocation.
#include "trimtab/scaling/policies.h"

#include <algorithm>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "trimtab/scaling/plan_json.h"

namespace trimtab {
namespace {

using ::testing::HasSubstr;

TEST(PolicyTableTest, IsSortedAndDescribed) {
  const auto table = PolicyTable();
  EXPECT_TRUE(std::is_sorted(table.begin(), table.end(),
                             [](const auto& a, const auto& b) { return a.name < b.name; }));
  for (const PolicyEntry& entry : table) {
    EXPECT_FALSE(entry.description.empty()) << entry.name;
    EXPECT_LE(entry.description.size(), 80U) << entry.name;
  }
}

TEST(PolicyTableTest, NamesAllPoliciesWhenOneIsUnknown) {
  const auto policy = MakePolicy("firm", {});
  EXPECT_EQ(policy.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(policy.status().message()), HasSubstr("'firm' is none of "));
  EXPECT_THAT(std::string(policy.status().message()), HasSubstr("hpa, static"));
}

TEST(PolicyTableTest, SaysWhichPartIsMissing) {
  EXPECT_THAT(std::string(MakePolicy("static", {}).status().message()),
              HasSubstr("needs an allocation"));
}

TEST(StaticPolicyTest, ReturnsToItsAllocationAndNeverTakesAwayWhileFrozen) {
  const Application application =
      *Application::Create("app", {{.name = "a", .bounds = {}}, {.name = "b", .bounds = {}}}, {});
  PolicyParts parts;
  parts.allocation = Allocation(2, {.replicas = 2, .container = {Millicores(300), Mebibytes(200)}});
  const auto policy = *MakePolicy("static", parts);
  Allocation desired(2, {.replicas = 1, .container = {Millicores(500), Mebibytes(100)}});
  Observation seen;
  seen.microservices.resize(2);
  PlanningInput input{.application = application,
                      .observation = seen,
                      .desired = desired,
                      .sla = {},
                      .capacity = {},
                      .scale_down_allowed = false};
  const Plan frozen = *policy->MakePlan(input);
  EXPECT_EQ(frozen.target,
            Allocation(2, {.replicas = 2, .container = {Millicores(500), Mebibytes(200)}}));
  EXPECT_EQ(frozen.steps.size(), 4U);
  input.scale_down_allowed = true;
  EXPECT_EQ(policy->MakePlan(input)->target, *parts.allocation);
}

}  // namespace
}  // namespace trimtab
