#include "trimtab/kubelet/hosted_pod.h"

#include <chrono>

#include "gtest/gtest.h"
#include "trimtab/kubelet/testing/pod_json.h"

namespace trimtab {
namespace {

using Json = nlohmann::json;

TEST(HostedPodTest, ReadsSizesFaultAndGrace) {
  const HostedPod pod = PodJson{.cpu = "250m", .fault = "resize-stuck", .grace_seconds = 12}.Read();
  ASSERT_EQ(pod.containers.size(), 1U);
  EXPECT_EQ(pod.containers[0].limits, (ContainerConfig{Millicores(250), Mebibytes(100)}));
  EXPECT_EQ(pod.containers[0].resources["requests"]["cpu"], "250m");
  EXPECT_EQ(pod.fault, PodFault::kResizeStuck);
  EXPECT_TRUE(pod.view.meta.is_terminating);
  EXPECT_EQ(pod.grace, std::chrono::seconds(12));
  EXPECT_FALSE(pod.was_running);
}

TEST(HostedPodTest, AnUnknownFaultIsKeptAsSuch) {
  const HostedPod pod = PodJson{.fault = "explode"}.Read();
  EXPECT_EQ(pod.fault, PodFault::kNone);
  EXPECT_EQ(pod.unknown_fault, "explode");
}

// 250m of app, 100m of the sidecar; the plain init container ends before they run.
TEST(HostedPodTest, SidecarsCountAndInitContainersDoNot) {
  Json pod = PodJson{.cpu = "250m"}.Json();
  const auto init = [](const char* name) {
    return Json{{"name", name},
                {"image", "none"},
                {"resources", {{"requests", {{"cpu", "100m"}, {"memory", "10Mi"}}}}}};
  };
  Json sidecar = init("proxy");
  sidecar["restartPolicy"] = "Always";
  pod["spec"]["initContainers"] = {init("setup"), sidecar};
  const auto read = ReadHostedPod(pod);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->sidecars.size(), 1U);
  EXPECT_EQ(read->finished_inits.size(), 1U);
  EXPECT_EQ(RequestsOf(*read), (ContainerConfig{Millicores(350), Mebibytes(110)}));
}

TEST(HostedPodTest, TheWorkIsDoneByAppOrByTheNamesakeOrByTheFirst) {
  HostedPod pod;
  pod.containers = {{.name = "proxy"}, {.name = "search"}};
  EXPECT_EQ(WorkingContainer(pod, "search"), 1U);
  EXPECT_EQ(WorkingContainer(pod, "geo"), 0U);
  pod.containers[1].name = "app";
  EXPECT_EQ(WorkingContainer(pod, "geo"), 1U);
}

TEST(HostedPodTest, WithoutALimitTheNodeIsTheLimit) {
  const ContainerConfig node{Cores(8), Gibibytes(4)};
  EXPECT_EQ(SizeOf({.limits = {Cores(1), Bytes(0)}}, node),
            (ContainerConfig{Cores(1), Gibibytes(4)}));
}

TEST(HostedPodTest, WhatIsNoPodIsRefused) {
  EXPECT_FALSE(ReadHostedPod(Json::object()).ok());
  EXPECT_FALSE(ReadHostedPod(Json(7)).ok());
}

}  // namespace
}  // namespace trimtab
