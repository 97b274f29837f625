#include "trimtab/cluster/workload_reading.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "trimtab/cluster/testing/sights.h"

namespace trimtab {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

constexpr ContainerConfig kTemplateSize{Millicores(200), Mebibytes(128)};
constexpr ContainerConfig kLarger{Millicores(400), Mebibytes(256)};

WorkloadReading Read(const TestSight& sight, const std::vector<PodSize>& book = {},
                     const StuckResizes& stuck = {}) {
  return ReadSight({.name = "web"}, sight.Get(), book, stuck, "trimtab");
}

std::vector<PodSize> Book(const TestSight& sight, const ContainerConfig& size = kLarger) {
  const auto sizes = SplitSize(sight.workload, {"app"}, size, LimitsRule::kKeepRatio);
  EXPECT_TRUE(sizes.ok()) << sizes.status();
  return *sizes;
}

TEST(WorkloadReadingTest, IsEffectiveWhenEveryPodIsReadyAtItsSize) {
  const WorkloadReading reading = Read(TestSight(3));
  EXPECT_TRUE(reading.state.Effective());
  EXPECT_EQ(reading.state.desired, (MicroserviceAllocation{3, kTemplateSize}));
  EXPECT_EQ(reading.state.ready, 3);
  EXPECT_EQ(reading.state.reason, "");
  EXPECT_THAT(reading.sizes, IsEmpty());
}

TEST(WorkloadReadingTest, WhatDoesNotExistIsNotFound) {
  const WorkloadReading reading = ReadSight(
      {.name = "web", .target = {"apps/v1", "Deployment", "gone"}}, {}, {}, {}, "trimtab");
  EXPECT_THAT(reading.state.reason, StartsWith("NotFound: Deployment 'gone'"));
  EXPECT_EQ(reading.state.desired.replicas, 0);
}

TEST(WorkloadReadingTest, ASizeOfTheBookIsDesiredUntilThePodsHaveIt) {
  TestSight sight(2);
  const std::vector<PodSize> book = Book(sight);
  WorkloadReading reading = Read(sight, book);
  EXPECT_EQ(reading.state.desired.container, kLarger);
  EXPECT_EQ(reading.state.resizing, 2);
  EXPECT_TRUE(reading.is_in_book);
  SetLimits(sight.pods[0], TestAmounts(400, 256), true);
  SetLimits(sight.pods[1], TestAmounts(400, 256), false);
  reading = Read(sight, book);
  EXPECT_EQ(reading.state.resizing, 1) << "asked for is not in force";
  EXPECT_THAT(reading.state.reason, StartsWith("Resizing: pod 'web-1'"));
  SetLimits(sight.pods[1], TestAmounts(400, 256), true);
  EXPECT_TRUE(Read(sight, book).state.Effective());
}

TEST(WorkloadReadingTest, AChangedTemplateWinsOverTheBook) {
  TestSight sight(2);
  const std::vector<PodSize> book = Book(sight);
  sight.born_of = sight.workload.containers;
  sight.workload.containers[0].limits.cpu = Millicores(300);
  const WorkloadReading reading = Read(sight, book);
  EXPECT_EQ(reading.state.desired.container, (ContainerConfig{Millicores(300), Mebibytes(128)}));
  EXPECT_FALSE(reading.is_in_book);
}

TEST(WorkloadReadingTest, SizesLostFromTheBookAreFoundOnRunningPods) {
  TestSight sight(2);
  SetLimits(sight.pods[0], TestAmounts(400, 256), true);
  sight.pods[0].resized_by = {"trimtab"};
  const WorkloadReading reading = Read(sight);
  EXPECT_EQ(reading.state.desired.container, kLarger);
  EXPECT_FALSE(reading.is_in_book);
  EXPECT_EQ(reading.sizes, Book(sight)) << "as it was in the book";
  EXPECT_EQ(reading.state.resizing, 1);
}

TEST(WorkloadReadingTest, WhatSomebodyElseRaisedIsDesiredAndNamed) {
  TestSight sight(2);
  SetLimits(sight.pods[1], TestAmounts(400, 100), true);
  sight.pods[1].resized_by = {"trimtab", "kubectl-patch"};
  const WorkloadReading reading = Read(sight, Book(sight, kTemplateSize));
  EXPECT_EQ(reading.conflict, "web-1");
  EXPECT_EQ(reading.state.desired.container, (ContainerConfig{Millicores(400), Mebibytes(128)}))
      << "the larger of both, in CPU and memory apart";
  EXPECT_THAT(reading.state.reason, StartsWith("FieldConflict: pod 'web-1'"));
  EXPECT_FALSE(reading.state.Effective());
}

TEST(WorkloadReadingTest, WithoutVerticalScalingSizesAreNobodysConcern) {
  TestSight sight(1);
  SetLimits(sight.pods[0], TestAmounts(400, 256), true);
  sight.pods[0].resized_by = {"kubectl-patch"};
  ScaledWorkload scaled{.name = "web"};
  scaled.vertical.apply = VerticalApply::kOff;
  const WorkloadReading reading = ReadSight(scaled, sight.Get(), {}, {}, "trimtab");
  EXPECT_TRUE(reading.state.Effective());
  EXPECT_EQ(reading.state.desired.container, kLarger) << "what there is";
}

TEST(WorkloadReadingTest, WhatALimitRangeGaveIsNoResize) {
  TestSight sight(2);
  sight.workload.containers[0].requests =
      sight.workload.containers[0].limits = {Millicores(200), std::nullopt};
  const WorkloadReading reading = Read(sight);
  EXPECT_TRUE(reading.state.Effective()) << reading.state.reason;
  EXPECT_EQ(reading.state.desired.container, kTemplateSize);
}

TEST(WorkloadReadingTest, PodsThatGoAreDrainingAndPodsThatLackArePending) {
  TestSight sight(3);
  sight.pods[2].meta.is_terminating = true;
  WorkloadReading reading = Read(sight);
  EXPECT_EQ(reading.state.ready, 2);
  EXPECT_EQ(reading.state.draining, 1);
  EXPECT_EQ(reading.state.pending, 1);
  EXPECT_THAT(reading.state.reason, StartsWith("Creating: 1 pods"));
  // Scaled down, and not carried out yet: not effective, and nothing is pending.
  sight.pods[2].meta.is_terminating = false;
  sight.workload.replicas = 2;
  reading = Read(sight);
  EXPECT_EQ(reading.state.ready, 3);
  EXPECT_EQ(reading.state.pending, 0);
  EXPECT_FALSE(reading.state.Effective());
  EXPECT_THAT(reading.state.reason, StartsWith("Draining"));
}

TEST(WorkloadReadingTest, EachReasonHasItsStableWord) {
  const auto reason = [](const std::function<void(TestSight&)>& change, bool is_sized = false) {
    TestSight sight(2);
    change(sight);
    return Read(sight, is_sized ? Book(sight) : std::vector<PodSize>{}).state.reason;
  };
  const auto not_ready = [](TestSight& sight) { sight.pods[1].conditions[0].status = "False"; };
  const auto failing = [&](const char* message) {
    return [message](TestSight& sight) {
      sight.pods.pop_back();
      sight.workload.conditions = {{.type = "ReplicaFailure",
                                    .status = "True",
                                    .reason = "FailedCreate",
                                    .message = message}};
    };
  };
  EXPECT_THAT(reason(failing("pods \"x\" is forbidden: exceeded quota: q, requested: cpu=1")),
              StartsWith("Quota: "));
  EXPECT_THAT(reason(failing("maximum cpu usage per Container is 2, but limit is 3")),
              StartsWith("LimitRange: "));
  EXPECT_THAT(reason(failing("violates PodSecurity")), StartsWith("FailedCreate: "));
  const auto unscheduled = [&](const char* message) {
    return [message, not_ready](TestSight& sight) {
      not_ready(sight);
      sight.pods[1].conditions.push_back({.type = "PodScheduled",
                                          .status = "False",
                                          .reason = "Unschedulable",
                                          .message = message});
    };
  };
  EXPECT_THAT(reason(unscheduled("0/3 nodes are available: 3 Insufficient cpu")),
              StartsWith("NodeCapacity: pod 'web-1'"));
  EXPECT_THAT(reason(unscheduled("0/3 nodes are available: 3 node(s) had untolerated taint")),
              StartsWith("Unschedulable: pod 'web-1'"));
  const auto waiting = [&](const char* why, const char* last) {
    return [=](TestSight& sight) {
      not_ready(sight);
      sight.pods[1].statuses[0].waiting_reason = why;
      sight.pods[1].statuses[0].last_end_reason = last;
    };
  };
  EXPECT_THAT(reason(waiting("CrashLoopBackOff", "Error")), StartsWith("CrashLooping: "));
  EXPECT_THAT(reason(waiting("CrashLoopBackOff", "OOMKilled")), StartsWith("OOMKilled: "));
  EXPECT_THAT(reason(waiting("ImagePullBackOff", "")), StartsWith("ImagePull: "));
  EXPECT_THAT(reason(not_ready), StartsWith("NotReady: "));
  const auto pending_resize = [](const char* type, const char* why) {
    return [=](TestSight& sight) {
      SetLimits(sight.pods[0], TestAmounts(400, 256), true);
      SetLimits(sight.pods[1], TestAmounts(400, 256), false);
      sight.pods[1].conditions.push_back({.type = type, .status = "True", .reason = why});
    };
  };
  EXPECT_THAT(reason(pending_resize("PodResizePending", "Deferred"), true),
              StartsWith("ResizeDeferred: pod 'web-1' on node 'n' has 200m and 128Mi and is to "
                         "have 400m and 256Mi"));
  EXPECT_THAT(reason(pending_resize("PodResizePending", "Infeasible"), true),
              StartsWith("ResizeInfeasible: "));
  EXPECT_THAT(reason(pending_resize("PodResizePending", "Gated"), true),
              StartsWith("ResizeDeferred: "))
      << "what is not known counts as deferred";
  EXPECT_THAT(reason(pending_resize("PodResizeInProgress", "Error"), true),
              StartsWith("ResizeFailed: "));
  EXPECT_THAT(
      reason([](TestSight& sight) { sight.pods[1].statuses[0].has_resources = false; }, true),
      HasSubstr("Resizing: pod 'web-0'"));
  EXPECT_THAT(reason([&](TestSight& sight) {
                not_ready(sight);
                sight.workload.updated_replicas = 1;
              }),
              StartsWith("RolloutInProgress: "));
}

TEST(WorkloadReadingTest, AResizeThatWasGivenUpSaysWhy) {
  TestSight sight(1);
  const StuckResizes stuck = {{"p0", {.wanted = kLarger, .reason = "ResizeTimedOut: x"}}};
  EXPECT_EQ(Read(sight, Book(sight), stuck).state.reason, "ResizeTimedOut: x");
  const std::vector<PodSize> other = Book(sight, {Millicores(300), Mebibytes(256)});
  EXPECT_THAT(Read(sight, other, stuck).state.reason, StartsWith("Resizing: "))
      << "another size is another try";
}

}  // namespace
}  // namespace trimtab
