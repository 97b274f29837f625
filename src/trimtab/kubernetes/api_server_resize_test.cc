// Resizes of pods on a real API server; the test stands in for the kubelet.
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "trimtab/kubernetes/api_failure.h"
#include "trimtab/kubernetes/testing/api_server.h"
#include "trimtab/kubernetes/workload_writes.h"

namespace trimtab {
namespace {

using ::testing::HasSubstr;
using Json = nlohmann::json;

class ApiServerResizeTest : public ApiServerTest {
 protected:
  // A running pod on a node of that many cores, as a kubelet would report it.
  PodView Running(const std::string& name, const std::string& cores) {
    const std::string node = "node-" + name;
    const auto made =
        client().Create(ResourcePath(kNodes, ""),
                        {{"apiVersion", "v1"}, {"kind", "Node"}, {"metadata", {{"name", node}}}});
    EXPECT_TRUE(made.ok()) << made.status();
    const Json room = {{"cpu", cores}, {"memory", "8Gi"}, {"pods", "110"}};
    EXPECT_TRUE(PatchStatus(client(), {kNodes, "", node},
                            {{"capacity", room}, {"allocatable", room}}, std::nullopt)
                    .ok());
    EXPECT_TRUE(TakesPods());
    Make(kPods, TestPod(name, node));
    const auto started = Report(name, TestPodTemplate()["spec"]["containers"][0]["resources"], 1);
    EXPECT_EQ(started.Resize(), ResizeState::kDone);
    return started;
  }
  // Writes what the kubelet has put in force.
  PodView Report(const std::string& name, const Json& resources, std::int64_t generation) {
    const Json status = {{"phase", "Running"},
                         {"observedGeneration", generation},
                         {"containerStatuses",
                          {{{"name", "app"},
                            {"image", "none"},
                            {"imageID", "none"},
                            {"ready", true},
                            {"restartCount", 0},
                            {"started", true},
                            {"state", {{"running", {{"startedAt", "2026-01-01T00:00:00Z"}}}}},
                            {"allocatedResources", resources.at("requests")},
                            {"resources", resources}}}}};
    const auto written = PatchStatus(client(), {kPods, name_space(), name}, status, std::nullopt);
    EXPECT_TRUE(written.ok()) << written.status();
    return ReadPod(*written).value_or(PodView{});
  }
};

TEST_F(ApiServerResizeTest, IsDoneWhenTheKubeletSaysSo) {
  const PodView pod = Running("whole", "4");
  const std::vector<ContainerResize> more = {
      {.container = "app", .requests = {.cpu = Millicores(200)}, .limits = {.cpu = Cores(1)}}};
  ASSERT_TRUE(ResizePod(client(), pod, more, {.dry_run = true}).ok());
  const auto asked = ResizePod(client(), pod, more);
  ASSERT_TRUE(asked.ok()) << asked.status();
  EXPECT_EQ(asked->containers[0].requests, (ResourceAmounts{Millicores(200), Mebibytes(64)}));
  EXPECT_EQ(asked->meta.generation, pod.meta.generation + 1);
  EXPECT_EQ(asked->Resize(), ResizeState::kUnseen);
  Json resources = TestPodTemplate()["spec"]["containers"][0]["resources"];
  EXPECT_EQ(Report("whole", resources, asked->meta.generation).Resize(), ResizeState::kInProgress);
  resources["requests"]["cpu"] = "200m";
  resources["limits"]["cpu"] = "1";
  const PodView done = Report("whole", resources, asked->meta.generation);
  EXPECT_EQ(done.Resize(), ResizeState::kDone);
  // And down again, from the new state.
  EXPECT_TRUE(
      ResizePod(client(), done, {{.container = "app", .requests = {.cpu = Millicores(50)}}}).ok());
}

TEST_F(ApiServerResizeTest, WhatSomebodyElseChangedIsNotOverwritten) {
  const PodView pod = Running("stale", "4");
  ASSERT_TRUE(
      ResizePod(client(), pod, {{.container = "app", .requests = {.cpu = Millicores(200)}}}).ok());
  const absl::Status status =
      ResizePod(client(), pod, {{.container = "app", .requests = {.cpu = Millicores(300)}}})
          .status();
  EXPECT_EQ(status.code(), absl::StatusCode::kAborted) << status;
  PodView other = pod;
  other.meta.uid = "of-another-pod";
  EXPECT_EQ(ResizePod(client(), other, {{.container = "app"}}).status().code(),
            absl::StatusCode::kAborted);
}

TEST_F(ApiServerResizeTest, EachRefusalIsTold) {
  const PodView pod = Running("refused", "4");
  const absl::Status capacity =
      ResizePod(
          client(), pod,
          {{.container = "app", .requests = {.cpu = Cores(100)}, .limits = {.cpu = Cores(100)}}})
          .status();
  EXPECT_EQ(capacity.code(), absl::StatusCode::kPermissionDenied) << capacity;
  EXPECT_TRUE(ApiFailureOf(capacity)->HasCause("NodeCapacity")) << capacity;
  const absl::Status above =
      ResizePod(client(), pod, {{.container = "app", .requests = {.cpu = Cores(1)}}}).status();
  EXPECT_EQ(above.code(), absl::StatusCode::kInvalidArgument) << above;
  const absl::Status quality =
      ResizePod(
          client(), pod,
          {{.container = "app", .requests = {.cpu = Millicores(500), .memory = Mebibytes(128)}}})
          .status();
  EXPECT_EQ(quality.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(quality.message()), HasSubstr("QOS Class may not change"));
  Make(kLimitRanges, Parsed(R"({"apiVersion":"v1","kind":"LimitRange","metadata":{"name":"r"},
    "spec":{"limits":[{"type":"Container","max":{"cpu":"600m"}}]}})"));
  EXPECT_TRUE(servers::Eventually([&] {
    const absl::Status status =
        ResizePod(client(), pod, {{.container = "app", .limits = {.cpu = Millicores(700)}}},
                  {.dry_run = true})
            .status();
    return status.code() == absl::StatusCode::kPermissionDenied &&
           status.message().find("maximum cpu usage per Container is 600m") != std::string::npos;
  }));
}

}  // namespace
}  // namespace trimtab
