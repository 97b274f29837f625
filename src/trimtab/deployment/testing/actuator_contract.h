// What every `Actuator` keeps to. A world runs it with INSTANTIATE_TEST_SUITE_P(World,
// ActuatorContract, testing::Values(factory)).
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "gtest/gtest.h"
#include "trimtab/deployment/actuator.h"

namespace trimtab {

// A world of at least two microservices, every allocation effective, with room for more.
class ActuatorWorld {
 public:
  virtual ~ActuatorWorld() = default;
  virtual Actuator& actuator() = 0;
  virtual void LetPass(Duration time) = 0;
  // Within which any change that has room is effective.
  virtual Duration settle() = 0;
};
using ActuatorWorldFactory = std::function<std::unique_ptr<ActuatorWorld>()>;

class ActuatorContract : public testing::TestWithParam<ActuatorWorldFactory> {
 protected:
  std::vector<MicroserviceState> State() {
    auto state = world_->actuator().State();
    EXPECT_TRUE(state.ok()) << state.status();
    return *std::move(state);
  }
  absl::Status Apply(std::size_t microservice, const MicroserviceAllocation& to) {
    return world_->actuator().Apply(
        {MicroserviceId(microservice), State()[microservice].desired, to});
  }
  std::unique_ptr<ActuatorWorld> world_ = GetParam()();
};

TEST_P(ActuatorContract, StartsEffective) {
  ASSERT_GE(State().size(), 2U);
  for (const auto& state : State()) EXPECT_TRUE(state.Effective()) << state.reason;
}

TEST_P(ActuatorContract, MoreReplicasAreDesiredAtOnceAndEffectiveLater) {
  MicroserviceAllocation to = State()[0].desired;
  to.replicas += 2;
  ASSERT_TRUE(Apply(0, to).ok());
  EXPECT_EQ(State()[0].desired, to);
  EXPECT_FALSE(State()[0].Effective());
  world_->LetPass(world_->settle());
  EXPECT_TRUE(State()[0].Effective()) << State()[0].reason;
  EXPECT_EQ(State()[0].ready, to.replicas);
}

TEST_P(ActuatorContract, FewerReplicasDrainAway) {
  MicroserviceAllocation to = State()[0].desired;
  to.replicas += 2;
  ASSERT_TRUE(Apply(0, to).ok());
  world_->LetPass(world_->settle());
  to.replicas -= 2;
  ASSERT_TRUE(Apply(0, to).ok());
  world_->LetPass(world_->settle());
  EXPECT_TRUE(State()[0].Effective()) << State()[0].reason;
  EXPECT_EQ(State()[0].ready, to.replicas);
  EXPECT_EQ(State()[0].draining, 0);
}

TEST_P(ActuatorContract, ANewSizeReachesEveryReplica) {
  MicroserviceAllocation to = State()[1].desired;
  to.container.cpu += Millicores(100);
  to.container.memory += Mebibytes(64);
  ASSERT_TRUE(Apply(1, to).ok());
  world_->LetPass(world_->settle());
  EXPECT_TRUE(State()[1].Effective()) << State()[1].reason;
  EXPECT_EQ(State()[1].desired, to);
}

TEST_P(ActuatorContract, AStalePlanChangesNothing) {
  const auto before = State();
  MicroserviceAllocation wrong = before[0].desired;
  wrong.replicas += 1;
  MicroserviceAllocation to = wrong;
  to.replicas += 1;
  const absl::Status status = world_->actuator().Apply({MicroserviceId(0), wrong, to});
  EXPECT_EQ(status.code(), absl::StatusCode::kAborted) << status;
  world_->LetPass(world_->settle());
  EXPECT_EQ(State()[0].desired, before[0].desired);
  EXPECT_TRUE(State()[0].Effective());
}

TEST_P(ActuatorContract, MemoryBelowWhatIsInUseIsForbidden) {
  const auto before = State();
  MicroserviceAllocation to = before[0].desired;
  to.container.memory = Mebibytes(1);
  const absl::Status status = Apply(0, to);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
  EXPECT_EQ(State()[0].desired, before[0].desired);
}

TEST_P(ActuatorContract, OneChangeLeavesTheOthersAlone) {
  const auto before = State();
  MicroserviceAllocation to = before[0].desired;
  to.replicas += 1;
  ASSERT_TRUE(Apply(0, to).ok());
  world_->LetPass(world_->settle());
  for (std::size_t i = 1; i < before.size(); ++i) {
    EXPECT_EQ(State()[i].desired, before[i].desired);
    EXPECT_EQ(State()[i].ready, before[i].ready);
  }
}

}  // namespace trimtab
