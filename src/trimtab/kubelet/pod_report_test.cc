#include "trimtab/kubelet/pod_report.h"

#include <chrono>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "trimtab/kubernetes/pod_view.h"

namespace trimtab {
namespace {

using std::chrono::seconds;
using Json = nlohmann::json;

constexpr Instant kBegun{seconds(1'700'000'000)};  // 2023-11-14T22:13:20Z

Json Amounts(const char* cpu) { return {{"requests", {{"cpu", cpu}}}, {"limits", {{"cpu", cpu}}}}; }

PodReport Running() {
  PodReport report;
  report.pod_ip = "10.64.0.2";
  report.host_ip = "192.0.2.1";
  report.begun = kBegun;
  report.stage = PodReport::Stage::kRunning;
  report.started = kBegun + seconds(2);
  report.is_ready = true;
  report.ready_since = kBegun + seconds(3);
  report.containers = {
      {.name = "app", .image = "none", .resources = Amounts("1"), .allocated = Amounts("1")}};
  report.observed_generation = 4;
  return report;
}

const Json* ConditionIn(const Json& patch, const std::string& type) {
  for (const Json& condition : patch["status"]["conditions"]) {
    if (condition["type"] == type) return &condition;
  }
  return nullptr;
}

// What the patch makes of a pod, as whoever scales reads it. Directives are the server's.
PodView Read(const Json& patch) {
  Json pod = {{"metadata", {{"name", "a"}, {"uid", "u"}, {"generation", 4}}},
              {"spec", {{"nodeName", "n"}, {"containers", {{{"name", "app"}}}}}},
              {"status", patch["status"]}};
  auto& conditions = pod["status"]["conditions"];
  Json kept = Json::array();
  for (const Json& condition : conditions) {
    if (!condition.contains("$patch")) kept.push_back(condition);
  }
  conditions = kept;
  auto view = ReadPod(pod);
  EXPECT_TRUE(view.ok()) << view.status();
  return view.value_or(PodView{});
}

TEST(PodReportTest, AReadyPod) {
  const Json patch = StatusPatch("u", Running());
  EXPECT_EQ(patch["metadata"]["uid"], "u");
  const Json& status = patch["status"];
  EXPECT_EQ(status["phase"], "Running");
  EXPECT_EQ(status["podIP"], "10.64.0.2");
  EXPECT_EQ(status["startTime"], "2023-11-14T22:13:20Z");
  EXPECT_EQ(status["observedGeneration"], 4);
  const Json& container = status["containerStatuses"][0];
  EXPECT_EQ(container["resources"], Amounts("1"));
  EXPECT_EQ(container["allocatedResources"], Json({{"cpu", "1"}}));
  EXPECT_EQ(container["state"]["running"]["startedAt"], "2023-11-14T22:13:22Z");
  EXPECT_EQ((*ConditionIn(patch, "Ready"))["lastTransitionTime"], "2023-11-14T22:13:23Z");
  for (const char* absent : {"PodResizePending", "PodResizeInProgress"}) {
    EXPECT_EQ((*ConditionIn(patch, absent))["$patch"], "delete");
  }
  EXPECT_TRUE(Read(patch).IsReady());
}

TEST(PodReportTest, OneWhoseProcessesHaveNotBegun) {
  PodReport report = Running();
  report.stage = PodReport::Stage::kCreating;
  report.is_ready = false;
  const Json status = StatusPatch("u", report)["status"];
  EXPECT_EQ(status["phase"], "Pending");
  EXPECT_FALSE(status.contains("podIP"));
  EXPECT_FALSE(status["containerStatuses"][0].contains("resources"));
  EXPECT_EQ(status["containerStatuses"][0]["state"]["waiting"]["reason"], "ContainerCreating");
}

TEST(PodReportTest, OneThatRanOutOfMemory) {
  PodReport report = Running();
  report.containers.push_back({.name = "proxy", .image = "none"});
  report.stage = PodReport::Stage::kBackingOff;
  report.is_ready = false;
  report.restarts = 2;
  report.last_end = ProcessEnd{kBegun + seconds(2), kBegun + seconds(9), true};
  const Json patch = StatusPatch("u", report);
  const PodView view = Read(patch);
  EXPECT_FALSE(view.IsReady());
  EXPECT_EQ(view.StatusOf("app")->waiting_reason, "CrashLoopBackOff");
  EXPECT_EQ(view.StatusOf("app")->last_end_reason, "OOMKilled");
  EXPECT_EQ(view.StatusOf("app")->restarts, 2);
  const Json& end = patch["status"]["containerStatuses"][0]["lastState"]["terminated"];
  EXPECT_EQ(end["exitCode"], 137);
  EXPECT_EQ(end["finishedAt"], "2023-11-14T22:13:29Z");
  // The other container runs on.
  EXPECT_TRUE(view.StatusOf("proxy")->is_ready);
  EXPECT_EQ(view.StatusOf("proxy")->restarts, 0);
}

TEST(PodReportTest, EachStateOfAResizeIsReadBack) {
  using Resize = PodReport::Resize;
  const std::pair<Resize, ResizeState> states[] = {{Resize::kDeferred, ResizeState::kDeferred},
                                                   {Resize::kInfeasible, ResizeState::kInfeasible},
                                                   {Resize::kInProgress, ResizeState::kInProgress},
                                                   {Resize::kError, ResizeState::kFailed},
                                                   {Resize::kNone, ResizeState::kDone}};
  for (const auto& [reported, read] : states) {
    PodReport report = Running();
    report.resize = reported;
    report.resize_since = kBegun;
    EXPECT_EQ(Read(StatusPatch("u", report)).Resize(), read) << ToText(read);
  }
}

}  // namespace
}  // namespace trimtab
