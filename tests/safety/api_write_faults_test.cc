// `trimtab run`, whose writes of replicas and sizes the API server answers with an error.
#include <string>
#include <vector>

#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/safety/run_test.h"

namespace trimtab {
namespace {

struct Refusal {
  int code = 0;
  std::string words;      // in conditions and decisions
  std::string condition;  // AbleToScale, how it begins
  std::string result;     // in trimtab_actions_total
};

// What each code reads as in status, metrics and journal.
const std::vector<Refusal> kRefusals = {
    {401, "401 Unauthorized", "False/ChangeRefused", "unauthenticated"},
    {403, "403 Forbidden", "False/ChangeRefused", "forbidden"},
    // Of pods/resize: a server that has no such thing.
    {404, "404 NotFound", "False/", "refused"},
    {409, "409 Conflict", "False/FieldConflict", "stale"},
    {410, "410 Expired", "False/ChangeRefused", "expired"},
    // Of a JSON Patch: its `test` of the old value does not hold.
    {422, "it is no longer as it was read", "False/FieldConflict", "stale"},
    {429, "429 TooManyRequests", "False/ChangeRefused", "throttled"},
    {500, "500 InternalError", "False/ChangeRefused", "error"},
    {503, "503 ServiceUnavailable", "False/ChangeRefused", "unavailable"},
};

class RunWriteFaultsTest : public RunTest {};

TEST_F(RunWriteFaultsTest, ARefusedRaiseMakesNothingSmallerSaysWhyAndIsMadeLater) {
  RunCases cases;
  for (const Refusal& refusal : kRefusals) {
    cases.push_back(Make({.name = fmt::format("write-{}", refusal.code), .wants = Wants::kRaise}));
    cases.back()->proxy().Set({{.method = "PATCH|PUT",
                                .target = "/(scale|resize)",
                                .code = refusal.code,
                                .retry_after = refusal.code == 429 ? 1 : 0}});
  }
  ASSERT_TRUE(StartAll(cases));
  for (std::size_t i = 0; i < cases.size(); ++i) {
    const Refusal& refusal = kRefusals[i];
    SCOPED_TRACE(cases[i]->name());
    EXPECT_TRUE(Holds(*cases[i], [&](RunCase& each) {
      const std::string condition = each.Condition("AbleToScale");
      return condition.starts_with(refusal.condition) &&
             condition.find(refusal.words) != std::string::npos;
    }));
    EXPECT_TRUE(Holds(*cases[i], [&](RunCase& each) {
      return each.Metric(fmt::format(R"(trimtab_actions_total{{verb="resize",result="{}"}})",
                                     refusal.result))
                 .value_or(0) > 0;
    }));
    EXPECT_TRUE(Holds(*cases[i], [&](RunCase& each) { return each.Explains(refusal.words); }));
    EXPECT_EQ(cases[i]->Smaller(), "");
    EXPECT_FALSE(cases[i]->HasRaised());
    EXPECT_GT(cases[i]->proxy().met(), 0);
  }
  for (const auto& each : cases) each->proxy().Clear();
  EXPECT_TRUE(ForEach(cases, [](RunCase& each) { return each.HasRaised(); }));
  EXPECT_TRUE(ForEach(cases, [](RunCase& each) {
    return !each.Condition("AbleToScale").starts_with("False/ChangeRefused");
  }));
  for (const auto& each : cases) EXPECT_EQ(each->Smaller(), "") << each->name();
}

}  // namespace
}  // namespace trimtab
