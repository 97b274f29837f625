// `trimtab run` that is killed, asked to end, without room for its journal, or without an API
// server.
#include <sys/resource.h>

#include <csignal>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/safety/run_test.h"
#include "tests/servers/eventually.h"
#include "trimtab/kubernetes/json_view.h"

namespace trimtab {
namespace {

using std::chrono::seconds;
using ::testing::HasSubstr;

bool HasDecided(RunCase& each) {
  return each.Metric(R"(trimtab_reconcile_total{result="decided"})").value_or(0) > 0;
}

// Of every file that the process writes.
void LimitFiles(pid_t process, rlim_t bytes) {
  const rlimit limit{.rlim_cur = bytes, .rlim_max = RLIM_INFINITY};
  ASSERT_EQ(prlimit(process, RLIMIT_FSIZE, &limit, nullptr), 0);
}

class RunProcessFaultsTest : public RunTest {};

TEST_F(RunProcessFaultsTest, WithoutRoomForTheJournalNothingIsWrittenToAnyWorkload) {
  RunCases cases;
  cases.push_back(Make({.name = "full", .wants = Wants::kRaise}));
  RunCase& each = *cases[0];
  // Until there is no room the API server takes nothing; from then on it would.
  each.proxy().Set({{.method = "PATCH|PUT", .target = "/(scale|resize)"}});
  ASSERT_TRUE(StartAll(cases));
  ASSERT_TRUE(Holds(each, [](RunCase& run) { return run.Explains("503 ServiceUnavailable"); }));
  LimitFiles(each.trimtab()->pid(), 4096);
  EXPECT_TRUE(Holds(each, [](RunCase& run) {
    return run.Condition("Ready").starts_with("False/NoData: journal-down") &&
           run.Condition("AbleToScale").starts_with("False/NotRecorded");
  }));
  each.proxy().Clear();
  const double before =
      each.Metric(R"(trimtab_actions_suppressed_total{reason="NotRecorded"})").value_or(0);
  EXPECT_TRUE(Holds(each, [before](RunCase& run) {
    return run.Metric(R"(trimtab_actions_suppressed_total{reason="NotRecorded"})").value_or(0) >
           before + 3;
  }));
  EXPECT_TRUE(each.Explains("503 ServiceUnavailable")) << "what was written before is there";
  EXPECT_FALSE(each.HasRaised());
  EXPECT_EQ(each.Smaller(), "");
  LimitFiles(each.trimtab()->pid(), RLIM_INFINITY);
  EXPECT_TRUE(Holds(each, [](RunCase& run) { return run.HasRaised(); }));
}

TEST_F(RunProcessFaultsTest, KilledInTheMiddleOfACommitTheNextOneFinishesIt) {
  RunCases cases;
  cases.push_back(Make({.name = "killed", .wants = Wants::kRaise}));
  RunCase& each = *cases[0];
  // The commit waits in its middle.
  each.proxy().Set({{.method = "PATCH|PUT", .target = "/scale", .code = 429, .retry_after = 5}});
  ASSERT_TRUE(StartAll(cases));
  ASSERT_TRUE(Holds(each, [](RunCase& run) {
    return run.proxy().met() > 0 && ValueAt(run.Scaler(), {"status", "commit"}) != nullptr;
  }));
  kill(each.trimtab()->pid(), SIGKILL);
  ASSERT_TRUE(each.trimtab()->WaitForEnd(seconds(10)));
  EXPECT_EQ(each.Smaller(), "");
  each.proxy().Clear();
  ASSERT_TRUE(each.StartTrimtab().ok());
  EXPECT_TRUE(Holds(each, [](RunCase& run) { return run.Explains("was not finished"); }));
  EXPECT_TRUE(Holds(each, [](RunCase& run) {
    return run.HasRaised() && ValueAt(run.Scaler(), {"status", "commit"}) == nullptr;
  }));
  EXPECT_THAT(each.Condition("ScalingActive"), HasSubstr("was not finished"));
  EXPECT_THAT(each.Log(), HasSubstr("an unfinished commit is brought to a safe place"));
  EXPECT_EQ(each.Smaller(), "");
}

TEST_F(RunProcessFaultsTest, AskedToEndItGivesTheLeaseBackAndTheNextLeadsAtOnce) {
  RunCases cases;
  cases.push_back(Make({.name = "term", .wants = Wants::kLower}));
  RunCase& each = *cases[0];
  ASSERT_TRUE(StartAll(cases));
  ASSERT_TRUE(Holds(each, HasDecided));
  const auto holder = [](RunCase& run) { return TextAt(run.Lease(), {"spec", "holderIdentity"}); };
  EXPECT_EQ(holder(each), "a");
  kill(each.trimtab()->pid(), SIGTERM);
  ASSERT_TRUE(each.trimtab()->WaitForEnd(seconds(30)));
  EXPECT_EQ(each.trimtab()->exit_code(), 0) << each.Log();
  EXPECT_EQ(holder(each), "");
  EXPECT_EQ(each.Smaller(), "");
  ASSERT_TRUE(each.StartTrimtab("b").ok());
  // Nobody waits for the 12 s of a holder that is silent.
  EXPECT_TRUE(Holds(each, [&](RunCase& run) { return holder(run) == "b"; }, seconds(8)));
  EXPECT_TRUE(Holds(each, [](RunCase& run) { return run.Metric("trimtab_leader", "b") == 1; }));
  EXPECT_TRUE(Holds(each, [](RunCase& run) {
    return run.Condition("ScalingActive").find("a restart: one window must pass") !=
           std::string::npos;
  }));
}

// The last test: every process of the world is without it.
TEST_F(RunProcessFaultsTest, WithoutAnApiServerItEndsAndLowersNothingWhenItIsBack) {
  RunCases cases;
  cases.push_back(Make({.name = "away", .wants = Wants::kLower}));
  RunCase& each = *cases[0];
  ASSERT_TRUE(StartAll(cases));
  ASSERT_TRUE(Holds(each, HasDecided));
  world().plane().KillApiServer();
  EXPECT_TRUE(servers::Eventually([&] {
    return each.Metric(R"(trimtab_source_errors_total{source="kubernetes",code="UNAVAILABLE"})")
               .value_or(0) > 0;
  }));
  // A leader that cannot renew its lease has lost it; a Deployment starts it again.
  ASSERT_TRUE(each.trimtab()->WaitForEnd(seconds(60)));
  EXPECT_EQ(each.trimtab()->exit_code(), 1);
  EXPECT_THAT(each.Log(), HasSubstr("the lease was lost"));
  ASSERT_TRUE(world().plane().RestartApiServer().ok());
  EXPECT_EQ(each.Smaller(), "");
  ASSERT_TRUE(each.StartTrimtab().ok());
  EXPECT_TRUE(Holds(each, [](RunCase& run) {
    return run.Condition("ScalingActive").find("a restart: one window must pass") !=
           std::string::npos;
  }));
  EXPECT_TRUE(each.Explains("a restart: one window must pass"));
  EXPECT_EQ(each.Smaller(), "");
}

}  // namespace
}  // namespace trimtab
