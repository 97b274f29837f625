// What every `AnomalyInjector` keeps to. A world runs it with INSTANTIATE_TEST_SUITE_P(World,
// AnomalyInjectorContract, testing::Values(factory)).
#pragma once

#include <functional>
#include <memory>

#include "gtest/gtest.h"
#include "trimtab/interference/anomaly_injector.h"

namespace trimtab {

// A world of at least two hosts whose monitoring reads all four kinds.
class AnomalyWorld {
 public:
  virtual ~AnomalyWorld() = default;
  virtual AnomalyInjector& injector() = 0;
  virtual Instant Now() = 0;
  virtual void LetPass(Duration time) = 0;
  // The share of the host's capacity in use over the last minute, as a Monitor reads it.
  virtual double ReadUse(HostId host, InterferenceKind kind) = 0;
  virtual std::size_t hosts() = 0;
};
using AnomalyWorldFactory = std::function<std::unique_ptr<AnomalyWorld>()>;

class AnomalyInjectorContract : public testing::TestWithParam<AnomalyWorldFactory> {
 protected:
  static constexpr Duration kMinute = std::chrono::seconds(60);
  // A reading may be off by this much: the application's own use is not quite constant.
  static constexpr double kTolerance = 0.02;

  Anomaly From(Duration start, Duration length, InterferenceKind kind, double intensity) {
    const Instant begin = world_->Now() + start;
    return {HostId(0), kind, Ratio(intensity), begin, begin + length};
  }
  // After a minute and a half the reading holds nothing of what was before.
  double Settled(InterferenceKind kind) {
    world_->LetPass(kMinute * 3 / 2);
    return world_->ReadUse(HostId(0), kind);
  }
  std::unique_ptr<AnomalyWorld> world_ = GetParam()();
};

TEST_P(AnomalyInjectorContract, AMonitorReadsTheIntensityAskedFor) {
  for (const InterferenceKind kind : kInterferenceKinds) {
    const double before = Settled(kind);
    const double other = world_->ReadUse(HostId(1), kind);
    ASSERT_TRUE(world_->injector().Inject(From(Duration(0), kMinute * 2, kind, 0.45)).ok());
    EXPECT_NEAR(Settled(kind) - before, 0.45, kTolerance) << InterferenceName(kind);
    EXPECT_NEAR(world_->ReadUse(HostId(1), kind), other, kTolerance) << InterferenceName(kind);
    world_->LetPass(kMinute);
    EXPECT_NEAR(Settled(kind), before, kTolerance) << InterferenceName(kind);
  }
}

TEST_P(AnomalyInjectorContract, BeginsAtItsStart) {
  const auto kind = InterferenceKind::kCpu;
  const double before = Settled(kind);
  ASSERT_TRUE(world_->injector().Inject(From(kMinute * 2, kMinute * 2, kind, 0.4)).ok());
  EXPECT_NEAR(Settled(kind), before, kTolerance);
  world_->LetPass(kMinute / 2);
  EXPECT_NEAR(Settled(kind) - before, 0.4, kTolerance);
}

TEST_P(AnomalyInjectorContract, AddUpToTheCapacity) {
  const auto kind = InterferenceKind::kMemoryBandwidth;
  const double before = Settled(kind);
  ASSERT_TRUE(world_->injector().Inject(From(Duration(0), kMinute * 9, kind, 0.3)).ok());
  ASSERT_TRUE(world_->injector().Inject(From(Duration(0), kMinute * 9, kind, 0.2)).ok());
  EXPECT_NEAR(Settled(kind) - before, 0.5, kTolerance);
  ASSERT_TRUE(world_->injector().Inject(From(Duration(0), kMinute * 9, kind, 0.9)).ok());
  EXPECT_LE(Settled(kind), 1 + before + kTolerance);
}

TEST_P(AnomalyInjectorContract, EndsWhenRemovedAndOnlyOnce) {
  const auto kind = InterferenceKind::kMemoryCapacity;
  const double before = Settled(kind);
  const auto id = world_->injector().Inject(From(Duration(0), kMinute * 60, kind, 0.35));
  ASSERT_TRUE(id.ok());
  EXPECT_NEAR(Settled(kind) - before, 0.35, kTolerance);
  EXPECT_TRUE(world_->injector().Remove(*id).ok());
  EXPECT_NEAR(Settled(kind), before, kTolerance);
  EXPECT_EQ(world_->injector().Remove(*id).code(), absl::StatusCode::kNotFound);
}

TEST_P(AnomalyInjectorContract, RefusesWhatCannotBe) {
  Anomaly backwards = From(kMinute, kMinute, InterferenceKind::kCpu, 0.3);
  backwards.end = backwards.start - kMinute;
  EXPECT_EQ(world_->injector().Inject(backwards).status().code(),
            absl::StatusCode::kInvalidArgument);
  Anomaly nowhere = From(Duration(0), kMinute, InterferenceKind::kCpu, 0.3);
  nowhere.host = HostId(world_->hosts());
  EXPECT_EQ(world_->injector().Inject(nowhere).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(world_->injector().Remove(AnomalyId(987'654)).code(), absl::StatusCode::kNotFound);
}

}  // namespace trimtab
