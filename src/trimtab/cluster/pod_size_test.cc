#include "trimtab/cluster/pod_size.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace trimtab {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

ResourceAmounts Amounts(std::int64_t millicores, std::int64_t mebibytes) {
  return {Millicores(millicores), Mebibytes(mebibytes)};
}

PodContainer Container(const std::string& name, const ResourceAmounts& requests,
                       const ResourceAmounts& limits) {
  return {.name = name, .requests = requests, .limits = limits};
}

WorkloadView Workload(std::vector<PodContainer> containers) {
  WorkloadView workload{.kind = "Deployment"};
  workload.meta.name = "web";
  workload.meta.name_space = "shop";
  workload.containers = std::move(containers);
  return workload;
}

std::string Refusal(const WorkloadView& workload, const std::vector<std::string>& names,
                    const ContainerConfig& size, LimitsRule rule) {
  const auto split = SplitSize(workload, names, size, rule);
  EXPECT_EQ(split.status().code(), absl::StatusCode::kInvalidArgument) << split.status();
  return std::string(split.status().message());
}

TEST(ScaledContainersTest, AreThoseNamedOrAllButKnownSidecars) {
  const std::vector<PodContainer> containers = {
      Container("app", {}, {}), Container("istio-proxy", {}, {}), Container("cache", {}, {})};
  EXPECT_THAT(ScaledContainers({}, containers), ElementsAre("app", "cache"));
  EXPECT_THAT(ScaledContainers({.containers = {"cache", "istio-proxy"}}, containers),
              ElementsAre("istio-proxy", "cache"));
  EXPECT_THAT(ScaledContainers({.containers = {"none"}}, containers), IsEmpty());
  EXPECT_THAT(ScaledContainers({}, {Container("istio-proxy", {}, {})}), ElementsAre("istio-proxy"));
}

// Limits 300m and 100m of CPU, so three quarters and one quarter of a whole of 801m: 600.75 and
// 200.25, rounded down to 600 and 200; the millicore left goes to the first.
TEST(SplitSizeTest, KeepsTheProportionsOfTheTemplateToTheLastUnit) {
  const WorkloadView workload =
      Workload({Container("app", Amounts(150, 64), Amounts(300, 96)),
                Container("istio-proxy", Amounts(10, 10), Amounts(20, 20)),
                Container("cache", Amounts(100, 32), Amounts(100, 32))});
  const std::vector<std::string> names = {"app", "cache"};
  const auto sizes =
      SplitSize(workload, names, {Millicores(801), Mebibytes(256)}, LimitsRule::kKeepRatio);
  ASSERT_TRUE(sizes.ok()) << sizes.status();
  ASSERT_EQ(sizes->size(), 2U);
  // app: limit 601m, request 601 x 150 / 300 = 300.5, rounded down; memory 256 x 96 / 128 = 192 Mi
  // with a request of two thirds.
  EXPECT_EQ((*sizes)[0].limits, Amounts(601, 192));
  EXPECT_EQ((*sizes)[0].requests, Amounts(300, 128));
  EXPECT_EQ((*sizes)[1].limits, Amounts(200, 64));
  EXPECT_EQ((*sizes)[1].requests, Amounts(200, 64)) << "what was equal stays equal";
  EXPECT_EQ(SizeOf(*sizes, LimitsRule::kKeepRatio),
            (ContainerConfig{Millicores(801), Mebibytes(256)}));
  EXPECT_EQ((*sizes)[0].template_requests, Amounts(150, 64));
  EXPECT_EQ((*sizes)[0].template_limits, Amounts(300, 96));
}

TEST(SplitSizeTest, ComesBackToWhatItWasAskedForForEverySize) {
  const WorkloadView workload = Workload({Container("a", Amounts(70, 33), Amounts(130, 47)),
                                          Container("b", Amounts(11, 5), Amounts(17, 5)),
                                          Container("c", {}, Amounts(501, 1))});
  const std::vector<std::string> names = {"a", "b", "c"};
  for (std::int64_t cpu = 3; cpu < 4000; cpu += 7) {
    const ContainerConfig size{Millicores(cpu), Bytes(3 + cpu * 1'048'573)};
    for (const LimitsRule rule : {LimitsRule::kKeepRatio, LimitsRule::kEqualRequests}) {
      const auto sizes = SplitSize(workload, names, size, rule);
      if (rule == LimitsRule::kEqualRequests) {
        EXPECT_FALSE(sizes.ok()) << "it would be Guaranteed";
        continue;
      }
      ASSERT_TRUE(sizes.ok()) << sizes.status();
      EXPECT_EQ(SizeOf(*sizes, rule), size);
      for (const PodSize& each : *sizes) {
        EXPECT_LE(*each.requests.cpu, *each.limits.cpu);
        EXPECT_LE(*each.requests.memory, *each.limits.memory);
      }
    }
  }
}

TEST(SplitSizeTest, TheTemplatesSizeIsTheTemplate) {
  const WorkloadView workload = Workload({Container("a", Amounts(70, 33), Amounts(130, 47)),
                                          Container("b", Amounts(11, 5), Amounts(17, 5))});
  const std::vector<std::string> names = {"a", "b"};
  const ContainerConfig size = SizeOf(workload.containers, names, LimitsRule::kKeepRatio);
  EXPECT_EQ(size, (ContainerConfig{Millicores(147), Mebibytes(52)}));
  const auto sizes = SplitSize(workload, names, size, LimitsRule::kKeepRatio);
  ASSERT_TRUE(sizes.ok());
  for (const PodSize& each : *sizes) {
    EXPECT_EQ(each.requests, each.template_requests);
    EXPECT_EQ(each.limits, each.template_limits);
  }
}

TEST(SplitSizeTest, RequestsOnlyLeavesLimitsAsTheyAre) {
  const WorkloadView workload = Workload({Container("app", Amounts(100, 64), Amounts(500, 128))});
  const auto sizes =
      SplitSize(workload, {"app"}, {Millicores(300), Mebibytes(100)}, LimitsRule::kRequestsOnly);
  ASSERT_TRUE(sizes.ok()) << sizes.status();
  EXPECT_EQ((*sizes)[0].requests, Amounts(300, 100));
  EXPECT_EQ((*sizes)[0].limits, Amounts(500, 128));
  EXPECT_THAT(
      Refusal(workload, {"app"}, {Millicores(600), Mebibytes(100)}, LimitsRule::kRequestsOnly),
      HasSubstr("container 'app': a request of 600 is above its limit of 500"));
}

TEST(SplitSizeTest, TheQosClassIsKept) {
  const WorkloadView burstable = Workload({Container("app", Amounts(100, 64), Amounts(500, 128))});
  const WorkloadView guaranteed =
      Workload({Container("app", Amounts(500, 128), Amounts(500, 128))});
  const ContainerConfig size{Millicores(400), Mebibytes(100)};
  EXPECT_THAT(Refusal(burstable, {"app"}, size, LimitsRule::kEqualRequests),
              HasSubstr("EqualRequests would change the QoS class of its pods to Guaranteed"));
  EXPECT_THAT(Refusal(guaranteed, {"app"}, size, LimitsRule::kRequestsOnly),
              HasSubstr("from Guaranteed"));
  for (const LimitsRule rule : {LimitsRule::kKeepRatio, LimitsRule::kEqualRequests}) {
    const auto sizes = SplitSize(guaranteed, {"app"}, size, rule);
    ASSERT_TRUE(sizes.ok()) << sizes.status();
    EXPECT_EQ((*sizes)[0].requests, Amounts(400, 100));
    EXPECT_EQ((*sizes)[0].limits, Amounts(400, 100));
  }
}

TEST(SplitSizeTest, BestEffortAndSizesTooSmallAreRefused) {
  EXPECT_THAT(Refusal(Workload({Container("app", {}, {})}), {"app"},
                      {Millicores(100), Mebibytes(1)}, LimitsRule::kKeepRatio),
              HasSubstr("Deployment 'shop/web': the template has neither request nor limit for "
                        "CPU"));
  const WorkloadView two =
      Workload({Container("a", {}, Amounts(10, 1)), Container("b", {}, Amounts(10, 1))});
  EXPECT_THAT(Refusal(two, {"a", "b"}, {Millicores(1), Mebibytes(2)}, LimitsRule::kKeepRatio),
              HasSubstr("1 of CPU is too little for 2 containers"));
  EXPECT_THAT(Refusal(two, {}, {Millicores(10), Mebibytes(2)}, LimitsRule::kKeepRatio),
              HasSubstr("has no container that scales"));
}

TEST(ValidSizesTest, HoldOnlyForTheTemplateTheyWereComputedFrom) {
  // Of a template with limits alone, pods arrive with requests equal to them.
  WorkloadView workload = Workload({Container("app", {}, Amounts(500, 128))});
  const auto sizes =
      SplitSize(workload, {"app"}, {Millicores(700), Mebibytes(128)}, LimitsRule::kKeepRatio);
  ASSERT_TRUE(sizes.ok());
  EXPECT_EQ((*sizes)[0].template_requests, Amounts(500, 128));
  EXPECT_EQ(ValidSizes(*sizes, workload, {"app"}), *sizes);
  EXPECT_THAT(ValidSizes(*sizes, workload, {"app", "more"}), IsEmpty());
  WorkloadView other = workload;
  other.meta.name = "web-x";
  EXPECT_THAT(ValidSizes(*sizes, other, {"app"}), IsEmpty());
  workload.containers[0].limits.cpu = Millicores(501);
  EXPECT_THAT(ValidSizes(*sizes, workload, {"app"}), IsEmpty());
}

TEST(ResizesTest, NameOnlyWhatDiffers) {
  PodView pod;
  pod.containers = {Container("app", Amounts(100, 64), Amounts(500, 128)),
                    Container("proxy", Amounts(10, 10), {})};
  const std::vector<PodSize> sizes = {
      {.container = "app", .requests = Amounts(200, 64), .limits = Amounts(500, 128)}};
  const auto resizes = ResizesTo(pod, sizes);
  ASSERT_EQ(resizes.size(), 1U);
  EXPECT_EQ(resizes[0].container, "app");
  EXPECT_EQ(resizes[0].requests, (ResourceAmounts{Millicores(200), std::nullopt}));
  EXPECT_EQ(resizes[0].limits, ResourceAmounts{});
  pod.containers[0].requests.cpu = Millicores(200);
  EXPECT_THAT(ResizesTo(pod, sizes), IsEmpty());
  EXPECT_THAT(ResizesBack(pod, {"app"}), IsEmpty()) << "the node reports nothing";
  pod.statuses = {{.name = "app",
                   .has_resources = true,
                   .requests = Amounts(100, 64),
                   .limits = Amounts(500, 128)}};
  const auto back = ResizesBack(pod, {"app"});
  ASSERT_EQ(back.size(), 1U);
  EXPECT_EQ(back[0].requests.cpu, Millicores(100));
  EXPECT_EQ(SizeInForce(pod, {"app"}, LimitsRule::kRequestsOnly).cpu, Millicores(100));
}

}  // namespace
}  // namespace trimtab
