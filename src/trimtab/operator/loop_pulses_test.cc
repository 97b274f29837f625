// What /livez asks: a loop that hangs is named, one that waits or works is not.
#include "trimtab/operator/loop_pulses.h"

#include <thread>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "trimtab/operator/testing/app_loop_fixture.h"

namespace trimtab {
namespace {

using testing::HasSubstr;

// The loop decides every 5 s; between two beats there may be three intervals.
class LoopPulsesTest : public AppLoopFixture {
 protected:
  LoopPulses pulses{clock, std::chrono::seconds(15)};
};

TEST_F(LoopPulsesTest, ALoopThatTurnsLives) {
  const LoopPulses::Pulse pulse(pulses, "shop/two");
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(Cycle());
    EXPECT_TRUE(pulses.Check().ok()) << pulses.Check();
  }
}

TEST_F(LoopPulsesTest, ALoopThatHangsInItsRoundIsNamedAfterThreeIntervals) {
  const LoopPulses::Pulse pulse(pulses, "shop/two");
  ASSERT_TRUE(Cycle());
  std::vector<absl::Status> seen;
  policy.make = [&](const PlanningInput& input) {
    for (const int seconds : {15, 1}) {
      clock.now += std::chrono::seconds(seconds);
      seen.push_back(pulses.Check());
    }
    Plan plan;
    plan.target = input.desired;
    return plan;
  };
  Cycle();
  ASSERT_EQ(seen.size(), 2U);
  EXPECT_TRUE(seen[0].ok()) << seen[0];
  EXPECT_EQ(seen[1].code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_THAT(std::string(seen[1].message()), HasSubstr("shop/two: no round for 16s"));
}

TEST_F(LoopPulsesTest, OneOfSeveralIsFoundAndALoopThatEndsIsForgotten) {
  const LoopPulses::Pulse mine(pulses, "shop/two");
  std::thread([&] {
    const LoopPulses::Pulse other(pulses, "shop/other");
    clock.now += std::chrono::seconds(16);
    LoopPulses::Beat();
    EXPECT_THAT(std::string(pulses.Check().message()), HasSubstr("shop/two: no round"));
    EXPECT_THAT(std::string(pulses.Check().message()), testing::Not(HasSubstr("shop/other")));
  }).join();
  LoopPulses::Beat();
  clock.now += std::chrono::seconds(15);
  EXPECT_TRUE(pulses.Check().ok()) << "the other is no more";
}

TEST_F(LoopPulsesTest, WithoutALoopNothingIsStuck) {
  LoopPulses::Beat();
  clock.now += std::chrono::hours(1);
  EXPECT_TRUE(pulses.Check().ok());
}

}  // namespace
}  // namespace trimtab
