// Tests each limit alone; sizes are replicas x millicores x MiB.
#include "trimtab/deployment/safety_limits.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace trimtab {
namespace {

using std::chrono::seconds;
using ::testing::HasSubstr;

MicroserviceAllocation Of(int replicas, int millicores, int mebibytes) {
  return {replicas, {Millicores(millicores), Mebibytes(mebibytes)}};
}
Instant At(int second) { return Instant(seconds(second)); }

// Everything that is not under test is wide open.
SafetyOptions Open() {
  return {.largest_raise = 1e6,
          .largest_lower = 1,
          .rate_window = seconds(60),
          .largest_raise_in_window = 1e6,
          .largest_lower_in_window = 1,
          .scale_down_stabilisation = seconds(0),
          .longest_start = seconds(120)};
}

class SafetyLimitsTest : public testing::Test {
 protected:
  void Use(const SafetyOptions& options) {
    limits_.emplace(*SafetyLimits::Create(application_, options));
  }
  // Asks to go from `desired` to `wanted` and commits what comes out.
  MicroserviceAllocation Step(int second, const MicroserviceAllocation& desired,
                              const MicroserviceAllocation& wanted, bool metrics_complete = true) {
    states_[0].desired = desired;
    const Allocation from(1, desired);
    const Allocation to(1, wanted);
    const auto safe = limits_->Check({.now = At(second),
                                      .desired = from,
                                      .wanted = to,
                                      .states = states_,
                                      .metrics_complete = metrics_complete,
                                      .guards = {guards_},
                                      .warms_up = warms_up_});
    EXPECT_TRUE(safe.ok()) << safe.status();
    applied_ = safe->limits;
    if (safe->target != from) limits_->Committed(At(second), safe->target);
    return safe->target[MicroserviceId(0)];
  }
  // The limits that had an effect in the last Step(), by name.
  std::vector<std::string_view> Names() const {
    std::vector<std::string_view> names;
    for (const AppliedLimit& each : applied_) names.push_back(SafetyLimitName(each.limit));
    return names;
  }

  // 100m to 1000m, 100 to 1000 MiB, 1 to 20 replicas.
  Application application_ = *Application::Create("hotel", {{"search", {}}}, {{"o", "search"}});
  std::optional<SafetyLimits> limits_;
  std::vector<MicroserviceState> states_ = std::vector<MicroserviceState>(1);
  std::vector<AppliedLimit> applied_;
  LowerGuards guards_;
  bool warms_up_ = false;
};

TEST_F(SafetyLimitsTest, PassesWhatIsInsideEveryLimit) {
  Use(Open());
  EXPECT_EQ(Step(0, Of(2, 400, 200), Of(3, 300, 300)), Of(3, 300, 300));
  EXPECT_TRUE(applied_.empty());
}

TEST_F(SafetyLimitsTest, KeepsTheBoundsOfTheApplication) {
  Use(Open());
  EXPECT_EQ(Step(0, Of(2, 400, 200), Of(99, 5000, 5000)), Of(20, 1000, 1000));
  EXPECT_EQ(Step(1, Of(2, 400, 200), Of(0, 10, 1)), Of(1, 100, 100));
  EXPECT_THAT(Names(), testing::ElementsAre("bounds"));
  EXPECT_EQ(applied_[0].wanted, Of(0, 10, 1));
  EXPECT_EQ(applied_[0].allowed, Of(1, 100, 100));
}

TEST_F(SafetyLimitsTest, NothingGoesBelowTheWorkingSetEvenWhenLowersAreFrozen) {
  Microservice search{"search", {}};
  search.bounds.working_set = Mebibytes(150);
  application_ = *Application::Create("hotel", {search}, {{"o", "search"}});
  Use(Open());
  EXPECT_EQ(Step(0, Of(2, 400, 100), Of(2, 400, 100), false), Of(2, 400, 150));
}

TEST_F(SafetyLimitsTest, OneDecisionRaisesByAtMostAFactor) {
  SafetyOptions options = Open();
  options.largest_raise = 2;
  Use(options);
  EXPECT_EQ(Step(0, Of(3, 200, 100), Of(10, 900, 150)), Of(6, 400, 150));
  EXPECT_THAT(Names(), testing::ElementsAre("raise"));
  // A factor of 1 still lets a replica be added: 1 must be able to become 2.
  options.largest_raise = 1;
  Use(options);
  EXPECT_EQ(Step(0, Of(1, 200, 100), Of(5, 900, 100)), Of(2, 200, 100));
}

TEST_F(SafetyLimitsTest, OneDecisionLowersByAtMostAShare) {
  SafetyOptions options = Open();
  options.largest_lower = 0.5;
  Use(options);
  // 5 * 0.5 = 2.5 rounds up to 3; 900 -> 450; 800 -> 400 is asked for less.
  EXPECT_EQ(Step(0, Of(5, 900, 800), Of(1, 100, 700)), Of(3, 450, 700));
  EXPECT_THAT(Names(), testing::ElementsAre("lower"));
}

TEST_F(SafetyLimitsTest, OneWindowRaisesByAtMostAFactor) {
  SafetyOptions options = Open();
  options.largest_raise_in_window = 4;
  Use(options);
  EXPECT_EQ(Step(0, Of(2, 200, 100), Of(6, 200, 100)), Of(6, 200, 100));
  // Since second 0 it may be 4 * 2 = 8.
  EXPECT_EQ(Step(30, Of(6, 200, 100), Of(20, 200, 100)), Of(8, 200, 100));
  EXPECT_THAT(Names(), testing::ElementsAre("raise-in-window"));
  // From second 60 the beginning of the window is the 6 of second 0: 24, the bound is 20.
  EXPECT_EQ(Step(60, Of(8, 200, 100), Of(20, 200, 100)), Of(20, 200, 100));
}

TEST_F(SafetyLimitsTest, OneWindowLowersByAtMostAShare) {
  SafetyOptions options = Open();
  options.largest_lower_in_window = 0.5;
  Use(options);
  EXPECT_EQ(Step(0, Of(8, 200, 100), Of(5, 200, 100)), Of(5, 200, 100));
  EXPECT_EQ(Step(30, Of(5, 200, 100), Of(1, 200, 100)), Of(4, 200, 100));
  EXPECT_THAT(Names(), testing::ElementsAre("lower-in-window"));
}

TEST_F(SafetyLimitsTest, LowersOnlyToTheLargestThatWasAskedForLately) {
  SafetyOptions options = Open();
  options.scale_down_stabilisation = seconds(60);
  Use(options);
  // What is there at the start counts as asked for.
  EXPECT_EQ(Step(0, Of(8, 200, 100), Of(2, 200, 100)), Of(8, 200, 100));
  EXPECT_THAT(Names(), testing::ElementsAre("stabilisation"));
  EXPECT_EQ(Step(30, Of(8, 200, 100), Of(5, 200, 100)), Of(8, 200, 100));
  // Within (0, 60]: 5 at 30 and 3 now.
  EXPECT_EQ(Step(60, Of(8, 200, 100), Of(3, 200, 100)), Of(5, 200, 100));
  // Raises never wait.
  EXPECT_EQ(Step(61, Of(5, 200, 100), Of(9, 200, 100)), Of(9, 200, 100));
}

TEST_F(SafetyLimitsTest, WhatSomeoneElseChangedIsNotLoweredForOneWindow) {
  SafetyOptions options = Open();
  options.scale_down_stabilisation = seconds(60);
  Use(options);
  EXPECT_EQ(Step(0, Of(2, 200, 100), Of(2, 200, 100)), Of(2, 200, 100));
  limits_->ChangedByOthers(At(100), Allocation(1, Of(6, 200, 100)));
  EXPECT_EQ(Step(100, Of(6, 200, 100), Of(2, 200, 100)), Of(6, 200, 100));
  EXPECT_THAT(Names(), testing::ElementsAre("stabilisation"));
  EXPECT_TRUE(limits_->IsFrozen(At(159)));
  EXPECT_EQ(Step(159, Of(6, 200, 100), Of(2, 200, 100)), Of(6, 200, 100));
  EXPECT_FALSE(limits_->IsFrozen(At(160)));
  EXPECT_EQ(Step(160, Of(6, 200, 100), Of(2, 200, 100)), Of(2, 200, 100));
}

TEST_F(SafetyLimitsTest, NothingIsLoweredWhileReplicasStart) {
  Use(Open());
  states_[0].pending = 1;
  EXPECT_EQ(Step(0, Of(4, 400, 100), Of(2, 800, 100)), Of(4, 800, 100));
  EXPECT_THAT(Names(), testing::ElementsAre("starting"));
  EXPECT_EQ(Step(120, Of(4, 400, 100), Of(2, 400, 100)), Of(4, 400, 100));
  // Stuck for longer than longest_start: it freezes no more.
  EXPECT_EQ(Step(121, Of(4, 400, 100), Of(2, 400, 100)), Of(2, 400, 100));
  // A new start begins a new freeze.
  states_[0].pending = 0;
  Step(130, Of(4, 400, 100), Of(4, 400, 100));
  states_[0].resizing = 1;
  EXPECT_EQ(Step(140, Of(4, 400, 100), Of(2, 400, 100)), Of(4, 400, 100));
}

TEST_F(SafetyLimitsTest, MissingMetricsForbidLowersAndNotRaises) {
  Use(Open());
  EXPECT_EQ(Step(0, Of(4, 400, 200), Of(2, 800, 100), false), Of(4, 800, 200));
  EXPECT_THAT(Names(), testing::ElementsAre("missing-metrics"));
}

TEST_F(SafetyLimitsTest, NothingIsLoweredWhileContainersWarmUp) {
  Use(Open());
  warms_up_ = true;
  EXPECT_EQ(Step(0, Of(4, 400, 200), Of(2, 800, 100)), Of(4, 800, 200));
  EXPECT_THAT(Names(), testing::ElementsAre("starting"));
  // For as long as they do: no start is stuck that has become ready.
  EXPECT_EQ(Step(1000, Of(4, 400, 200), Of(2, 800, 100)), Of(4, 800, 200));
}

TEST_F(SafetyLimitsTest, WhatIsThrottledKeepsItsCpuAndReplicas) {
  Use(Open());
  guards_.throttled = 0.3;  // above 25 %
  EXPECT_EQ(Step(0, Of(4, 400, 200), Of(2, 300, 100)), Of(4, 400, 100));
  EXPECT_THAT(Names(), testing::ElementsAre("throttled"));
  EXPECT_EQ(Step(1, Of(4, 400, 200), Of(5, 500, 200)), Of(5, 500, 200));
  guards_.throttled = 0.25;
  EXPECT_EQ(Step(2, Of(4, 400, 200), Of(2, 300, 100)), Of(2, 300, 100));
}

TEST_F(SafetyLimitsTest, MemoryStaysAboveItsPeakWithMargin) {
  Use(Open());
  guards_.memory_peak = Mebibytes(300);
  // 300 and 10 % more.
  EXPECT_EQ(Step(0, Of(2, 400, 500), Of(2, 300, 200)), Of(2, 300, 330));
  EXPECT_THAT(Names(), testing::ElementsAre("memory-peak"));
  // What has less than that already is left as it is, and not raised by it.
  EXPECT_EQ(Step(1, Of(2, 400, 310), Of(2, 400, 200)), Of(2, 400, 310));
  EXPECT_EQ(Step(2, Of(2, 400, 310), Of(2, 400, 310)), Of(2, 400, 310));
}

TEST_F(SafetyLimitsTest, SmallChangesAreLeftOutInEachDirectionApart) {
  SafetyOptions options = Open();
  options.raise_tolerance = 0.1;
  options.lower_tolerance = 0.25;
  Use(options);
  // 440 is 10 % more than 400, 275 is 10 % more than 250, 11 replicas of 10 are as many.
  EXPECT_EQ(Step(0, Of(10, 400, 250), Of(11, 440, 275)), Of(10, 400, 250));
  EXPECT_THAT(Names(), testing::ElementsAre("tolerance"));
  EXPECT_EQ(Step(1, Of(10, 400, 250), Of(12, 441, 250)), Of(12, 441, 250));
  // 300 is 25 % less than 400; 187 is more than 25 % less than 250.
  EXPECT_EQ(Step(2, Of(10, 400, 250), Of(10, 300, 250)), Of(10, 400, 250));
  // A small raise is made with what is lowered in exchange for it.
  EXPECT_EQ(Step(3, Of(10, 400, 250), Of(10, 440, 187)), Of(10, 440, 187));
}

TEST_F(SafetyLimitsTest, RaisesOnlyToTheSmallestThatWasAskedForLately) {
  SafetyOptions options = Open();
  options.scale_up_stabilisation = seconds(30);
  Use(options);
  // What was there before the first decision counts as asked for; meanwhile nothing is lowered.
  EXPECT_EQ(Step(0, Of(2, 400, 200), Of(6, 400, 100)), Of(2, 400, 200));
  EXPECT_THAT(Names(), testing::ElementsAre("stabilisation", "stabilisation"));
  EXPECT_EQ(Step(15, Of(2, 400, 200), Of(4, 400, 200)), Of(2, 400, 200));
  EXPECT_EQ(Step(30, Of(2, 400, 200), Of(8, 400, 200)), Of(4, 400, 200));
}

TEST_F(SafetyLimitsTest, EachMicroserviceMayHaveItsOwnLimits) {
  application_ = *Application::Create("hotel", {{"search", {}}, {"geo", {}}}, {{"o", "search"}});
  SafetyOptions slow = Open();
  slow.largest_raise = 2;
  slow.scale_down_stabilisation = seconds(60);
  limits_.emplace(*SafetyLimits::Create(application_, Open(), {Open(), slow}));
  states_.resize(2);
  const auto step = [&](int second, const MicroserviceAllocation& from,
                        const MicroserviceAllocation& to) {
    return limits_->Check({At(second), Allocation(2, from), Allocation(2, to), states_})->target;
  };
  Allocation target = step(0, Of(2, 100, 100), Of(8, 100, 100));
  EXPECT_EQ(target[MicroserviceId(0)], Of(8, 100, 100));
  EXPECT_EQ(target[MicroserviceId(1)], Of(4, 100, 100));
  target = step(30, Of(8, 100, 100), Of(2, 100, 100));
  EXPECT_EQ(target[MicroserviceId(0)], Of(2, 100, 100));
  EXPECT_EQ(target[MicroserviceId(1)], Of(8, 100, 100));
  EXPECT_THAT(SafetyLimits::Create(application_, Open(), {slow}).status().ToString(),
              HasSubstr("safety options for 1 microservices of 2"));
}

TEST_F(SafetyLimitsTest, TheResultLiesBetweenDesiredAndWanted) {
  Use({});
  for (const int replicas : {1, 2, 5, 9, 20}) {
    for (const int millicores : {100, 350, 1000}) {
      const MicroserviceAllocation wanted = Of(replicas, millicores, 300);
      const MicroserviceAllocation result = Step(0, Of(5, 400, 200), wanted);
      EXPECT_GE(result.replicas, std::min(5, replicas));
      EXPECT_LE(result.replicas, std::max(5, replicas));
      EXPECT_GE(result.container.cpu, Millicores(std::min(400, millicores)));
      EXPECT_LE(result.container.cpu, Millicores(std::max(400, millicores)));
    }
  }
}

TEST_F(SafetyLimitsTest, AnImpossiblePlanIsRefused) {
  Use(Open());
  const Allocation desired(1, Of(1, 200, 100));
  const Allocation no_cpu(1, Of(1, 0, 100));
  const auto bad = limits_->Check({At(0), desired, no_cpu, states_, true});
  EXPECT_EQ(bad.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(bad.status().ToString(), HasSubstr("'search' 1 replicas of 0 millicores"));
  const Allocation two(2, Of(1, 200, 100));
  EXPECT_THAT(limits_->Check({At(0), desired, two, states_, true}).status().ToString(),
              HasSubstr("plan for 2 microservices"));
}

TEST(SafetyOptionsTest, NamesEveryViolation) {
  SafetyOptions options;
  options.largest_raise = 0.5;
  options.largest_lower = 2;
  options.longest_start = seconds(-1);
  const std::string words = options.Validate().ToString();
  EXPECT_THAT(words, HasSubstr("largest raise is 0.5, must lie in [1, 1e6]"));
  EXPECT_THAT(words, HasSubstr("largest lower is 2, must lie in [0, 1]"));
  EXPECT_THAT(words, HasSubstr("longest start is -1s"));
}

}  // namespace
}  // namespace trimtab
