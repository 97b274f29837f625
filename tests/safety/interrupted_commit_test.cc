// A controller that is killed, stopped, or told to let go, at every step of a commit.
#include <algorithm>
#include <csignal>
#include <memory>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/safety/safety_world.h"
#include "tests/servers/eventually.h"
#include "tests/servers/programs.h"
#include "trimtab/kubernetes/json_view.h"

namespace trimtab {
namespace {

using servers::Eventually;
using Cases = std::vector<std::unique_ptr<SafetyCase>>;

constexpr auto kLong = std::chrono::seconds(60);

class InterruptedCommitTest : public testing::Test {
 protected:
  static void TearDownTestSuite() { world_.reset(); }

  void SetUp() override {
    servers::RequirePrograms(
        {"etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubectl"});
    if (IsSkipped() || HasFatalFailure() || world_ != nullptr) return;
    auto world = SafetyWorld::Start();
    ASSERT_TRUE(world.ok()) << world.status();
    world_ = *std::move(world);
  }

  // One application for each step, all at once; each with its leader.
  static Cases Begin(const std::string& label, const std::string& fault, int first, int last) {
    Cases cases;
    for (int step = first; step <= last; ++step) {
      cases.push_back(std::make_unique<SafetyCase>(*world_, label, fault, step));
      cases.back()->Make();
    }
    EXPECT_TRUE(ForEach(cases, [](SafetyCase& each) { return each.IsRunning(); })) << "the pods";
    for (const auto& each : cases) each->StartFirst();
    return cases;
  }
  // Until it holds for each; says of which it does not.
  template <class Condition>
  static bool ForEach(const Cases& cases, const Condition& condition) {
    bool holds = true;
    for (const auto& each : cases) {
      const auto limit = holds ? kLong : std::chrono::seconds(1);
      if (Eventually([&] { return condition(*each); }, limit)) continue;
      ADD_FAILURE() << each->Name() << "\n"
                    << each->Describe() << each->LogOf("a") << "\n"
                    << each->LogOf("b");
      holds = false;
    }
    return holds;
  }
  // How many steps a commit has that nothing befalls.
  static int StepsOfACommit() {
    static const int steps = [] {
      const Cases cases = Begin("none", "", 0, 0);
      SafetyCase& one = *cases[0];
      EXPECT_TRUE(ForEach(cases, [](SafetyCase& each) {
        return each.Deployed("m0") == kFirstAfter && each.Deployed("m1") == kSecondAfter &&
               each.IsSettled() && each.HasSaid("a", "the commit took");
      }));
      one.CheckWrites();
      const std::string log = one.LogOf("a");
      const std::string words = "the commit took ";
      const std::size_t at = log.find(words);
      EXPECT_NE(at, std::string::npos) << log;
      return at == std::string::npos ? 0 : std::stoi(log.substr(at + words.size()));
    }();
    return steps;
  }
  // What a second leader, which asks for nothing, makes of what the first has left.
  static void CheckSuccession(SafetyCase& each) {
    SCOPED_TRACE(each.Name());
    each.CheckWrites();
    const auto first = each.Deployed("m0");
    const auto second = each.Deployed("m1");
    EXPECT_TRUE(first == kFirstBefore || first == kFirstAfter) << each.LogOf("b");
    EXPECT_TRUE(second == kSecondBefore || second == kSecondAfter) << each.LogOf("b");
    EXPECT_TRUE(second == kSecondBefore || first == kFirstAfter) << "raises come first";
    EXPECT_EQ(ValueAt(each.Scaler(), {"status", "commit"}), nullptr);
  }
  static void KillAtEveryStep(const std::string& label, bool has_journal) {
    const int steps = StepsOfACommit();
    ASSERT_GE(steps, 10);
    const Cases cases = Begin(label, "kill", 1, steps);
    ForEach(cases, [](SafetyCase& each) { return !each.first()->IsRunning(); });
    for (const auto& each : cases) {
      EXPECT_EQ(each->first()->exit_code(), 128 + SIGKILL) << each->LogOf("a");
      each->StartSecond(has_journal);
    }
    ForEach(cases, [](SafetyCase& each) { return each.HasCycled("b", 3) && each.IsSettled(); });
    for (const auto& each : cases) CheckSuccession(*each);
  }

  // The leader is stopped at every step from `first_step` on for longer than its lease, and goes on
  // when another has it.
  static void StopAtEveryStep(const std::string& fault, int first_step) {
    const int steps = StepsOfACommit();
    ASSERT_GE(steps, 10);
    const Cases cases = Begin(fault, fault, first_step, steps);
    ForEach(cases, [](SafetyCase& each) { return each.HasStopped(); });
    for (const auto& each : cases) each->StartSecond(true);
    ForEach(cases, [](SafetyCase& each) { return each.HasCycled("b", 3) && each.IsSettled(); });
    int by_fence = 0;
    for (const auto& each : cases) {
      SCOPED_TRACE(each->Name());
      const auto first = each->Deployed("m0");
      const auto second = each->Deployed("m1");
      kill(each->first()->pid(), SIGCONT);
      EXPECT_TRUE(each->first()->WaitForEnd(kLong)) << each->LogOf("a");
      EXPECT_EQ(each->first()->exit_code(), 1) << "it has lost";
      by_fence += CheckOneWriter(*each, fault == "late") == 403 ? 1 : 0;
      CheckSuccession(*each);
      EXPECT_EQ(each->Deployed("m0"), first);
      EXPECT_EQ(each->Deployed("m1"), second);
    }
    if (fault != "late") return;
    EXPECT_GT(by_fence, 0) << "what the next leader had no reason to touch";
  }
  // Of a leader that lost its lease the API server has seen no write since; or, where it was
  // stopped between its last look and the sending, that one, and refused it: because the next
  // leader has changed the object (404, 409, 422), or else by the fence (403). Which of them; 0
  // where there is none, or it is an event.
  static int CheckOneWriter(const SafetyCase& each, bool was_late) {
    bool has_second = false;
    int of_first = 0;
    std::vector<int> refused;
    for (const AuditedWrite& write : each.Writes()) {
      has_second |= write.user == "b" && write.IsStored();
      if (write.user == "a") ++of_first;
      if (!has_second || write.user == "b") continue;
      refused.push_back(write.code);
      EXPECT_TRUE(was_late) << write.at << ": " << write.resource << " " << write.name << ": "
                            << write.code;
    }
    EXPECT_TRUE(has_second);
    EXPECT_GT(of_first, 0) << "the log tells of it";
    if (refused.empty()) return 0;
    EXPECT_THAT(refused, testing::ElementsAre(testing::AnyOf(403, 404, 409, 422)))
        << each.LogOf("a");
    return refused[0];
  }

  static std::unique_ptr<SafetyWorld> world_;
};

std::unique_ptr<SafetyWorld> InterruptedCommitTest::world_;

TEST_F(InterruptedCommitTest, KilledAtEveryStepTheNextLeaderFinishesOrTakesBack) {
  KillAtEveryStep("kill", true);
}

TEST_F(InterruptedCommitTest, KilledAtEveryStepAndTheVolumeLost) { KillAtEveryStep("lost", false); }

TEST_F(InterruptedCommitTest, ALeaderThatWasStoppedAtAnyStepWritesNothing) {
  StopAtEveryStep("stop", 1);
}

TEST_F(InterruptedCommitTest, ALeaderThatWasStoppedAfterItsLastLookIsRefused) {
  StopAtEveryStep("late", 3);  // the first two are the journal's
}

class LetGoTest : public InterruptedCommitTest, public testing::WithParamInterface<const char*> {};

TEST_P(LetGoTest, RaisesFinishAndCutsAreCancelled) {
  const std::string fault = GetParam();
  const int steps = StepsOfACommit();
  ASSERT_GE(steps, 10);
  const Cases cases = Begin(fault, fault, 3, steps);
  ForEach(cases, [](SafetyCase& each) { return each.HasSaid("a", "the commit took"); });
  ForEach(cases, [](SafetyCase& each) { return each.IsSettled(); });
  for (const auto& each : cases) {
    SCOPED_TRACE(each->Name());
    each->CheckWrites();
    // A resource that is gone before the first write has nowhere to keep the intent.
    const bool has_begun = std::ranges::any_of(each->Writes(), [](const AuditedWrite& write) {
      return write.IsStored() &&
             (write.resource == "deployments/scale" || write.resource == "pods/resize");
    });
    EXPECT_EQ(each->Deployed("m0"), has_begun ? kFirstAfter : kFirstBefore) << each->LogOf("a");
    EXPECT_TRUE(has_begun || fault == "delete");
    const auto second = each->Deployed("m1");
    EXPECT_TRUE(second == kSecondBefore || second == kSecondAfter);
  }
}

INSTANTIATE_TEST_SUITE_P(Resource, LetGoTest, testing::Values("pause", "recommend", "delete"));

}  // namespace
}  // namespace trimtab
