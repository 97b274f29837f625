// `trimtab run`, whose lists and watches the API server answers with an error, or not at all.
#include <string>
#include <vector>

#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/safety/run_test.h"
#include "tests/servers/eventually.h"

namespace trimtab {
namespace {

struct Silence {
  std::string name;
  int code = 0;  // 0: every connection is reset
  std::string collection;
  std::string words;  // in conditions and decisions
  std::string error;  // code in trimtab_source_errors_total
};

const std::vector<Silence> kSilences = {
    {"read-401", 401, "pods", "401 Unauthorized", "UNAUTHENTICATED"},
    {"read-403", 403, "deployments", "403 Forbidden", "PERMISSION_DENIED"},
    {"read-404", 404, "replicasets", "404 NotFound", "NOT_FOUND"},
    {"read-409", 409, "resourcequotas", "409 Conflict", "ABORTED"},
    {"read-410", 410, "pods", "410 Expired", "OUT_OF_RANGE"},
    {"read-422", 422, "statefulsets", "422 Invalid", "INVALID_ARGUMENT"},
    {"read-429", 429, "pods", "429 TooManyRequests", "RESOURCE_EXHAUSTED"},
    {"read-500", 500, "horizontalpodautoscalers", "500 InternalError", "INTERNAL"},
    {"read-503", 503, "pods", "503 ServiceUnavailable", "UNAVAILABLE"},
    {"read-reset", 0, "pods", "GET", "UNAVAILABLE"},
    // The resource itself: it may have been paused, or deleted.
    {"read-own", 403, "appscalers", "403 Forbidden", ""},
};

// Held decisions, one a second, after which the window that follows a start is over.
constexpr double kHeld = 8;

class RunReadFaultsTest : public RunTest {
 protected:
  static void Silent(RunCase& each, const Silence& silence) {
    const std::string target = fmt::format("/{}\\?", silence.collection);
    each.proxy().Set({{.method = "GET",
                       .target = target,
                       .code = silence.code,
                       .retry_after = silence.code == 429 ? 1 : 0}});
    EXPECT_GT(each.proxy().Cut(target + ".*watch=true"), 0) << silence.name;
  }

  static void CheckTold(RunCase& each, const Silence& silence) {
    SCOPED_TRACE(silence.name);
    EXPECT_TRUE(Holds(each, [&](RunCase& run) {
      const std::string ready = run.Condition("Ready");
      return ready.starts_with("False/NotSynced") && ready.find("not heard of") != ready.npos &&
             ready.find(silence.words) != ready.npos;
    }));
    EXPECT_TRUE(Holds(each, [&](RunCase& run) {
      return run.Explains("state-unknown") && run.Explains(silence.words);
    }));
    EXPECT_TRUE(Holds(each, [](RunCase& run) {
      return run.Metric(R"(trimtab_source_up{source="kubernetes"})") == 0 &&
             run.Metric(R"(trimtab_actions_suppressed_total{reason="NotSynced"})").value_or(0) > 0;
    }));
    if (silence.error.empty()) return;
    EXPECT_GT(
        each.Metric(fmt::format(R"(trimtab_source_errors_total{{source="kubernetes",code="{}"}})",
                                silence.error))
            .value_or(0),
        0)
        << each.Metrics();
  }
};

TEST_F(RunReadFaultsTest, WhatIsKnownGrowsOldNothingIsLoweredAndItIsSaidWhy) {
  RunCases cases;
  for (const Silence& silence : kSilences) {
    cases.push_back(Make({.name = silence.name, .wants = Wants::kLower}));
  }
  ASSERT_TRUE(StartAll(cases));
  ASSERT_TRUE(ForEach(cases, [](RunCase& each) {
    return each.Metric(R"(trimtab_reconcile_total{result="decided"})").value_or(0) > 0;
  }));
  for (std::size_t i = 0; i < cases.size(); ++i) Silent(*cases[i], kSilences[i]);
  for (std::size_t i = 0; i < cases.size(); ++i) CheckTold(*cases[i], kSilences[i]);
  EXPECT_TRUE(ForEach(cases, [](RunCase& each) {
    return each.Metric(R"(trimtab_reconcile_total{result="held"})").value_or(0) >= kHeld;
  }));
  for (const auto& each : cases) {
    EXPECT_EQ(each->Smaller(), "") << each->name();
    each->proxy().Clear();
  }
  // All the time it would have.
  EXPECT_TRUE(ForEach(cases, [](RunCase& each) { return each.HasLowered(); }));
  EXPECT_TRUE(ForEach(cases, [](RunCase& each) {
    return each.Condition("Ready").starts_with("True/Reconciled") &&
           each.Metric(R"(trimtab_source_up{source="kubernetes"})") == 1;
  }));
}

TEST_F(RunReadFaultsTest, WatchesThatAreResetAgainAndAgainLoseNothing) {
  RunCases cases;
  cases.push_back(Make({.name = "cut", .wants = Wants::kRaise}));
  RunCase& each = *cases[0];
  ASSERT_TRUE(StartAll(cases));
  int cut = 0;
  // What is raised meanwhile is seen to be effective.
  EXPECT_TRUE(Holds(
      each,
      [&cut](RunCase& run) {
        if (cut <= 20) cut += run.proxy().Cut("watch=true");
        return cut > 20 &&
               run.Metric(
                      R"(trimtab_workload_replicas_current{namespace="cut",app="cut",workload="back"})")
                       .value_or(0) == 3;
      },
      std::chrono::seconds(60)));
  EXPECT_TRUE(Holds(each, [](RunCase& run) {
    return run.Metric(R"(trimtab_source_errors_total{source="kubernetes",code="UNAVAILABLE"})")
               .value_or(0) > 0;
  }));
  EXPECT_EQ(each.Smaller(), "");
}

}  // namespace
}  // namespace trimtab
