#include "trimtab/kubelet/pod_report.h"

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "fmt/format.h"
#include "trimtab/kubernetes/json_view.h"
#include "trimtab/kubernetes/timestamp.h"

namespace trimtab {
namespace {

using Json = nlohmann::json;

constexpr int kKilled = 137;      // 128 + SIGKILL
constexpr int kTerminated = 143;  // 128 + SIGTERM

Json Condition(const char* type, bool holds, Instant since, std::int64_t generation) {
  return {{"type", type},
          {"status", holds ? "True" : "False"},
          {"lastTransitionTime", FormatTimestamp(since)},
          {"observedGeneration", generation}};
}

Json Absent(const char* type) { return {{"type", type}, {"$patch", "delete"}}; }

std::string ContainerId(const std::string& uid, const std::string& name, std::int64_t restarts) {
  return fmt::format("trimtab://{}-{}-{}", uid, name, restarts);
}

Json State(const PodReport& report) {
  switch (report.stage) {
    case PodReport::Stage::kCreating:
      return {{"waiting", {{"reason", "ContainerCreating"}}}};
    case PodReport::Stage::kRunning:
      return {{"running", {{"startedAt", FormatTimestamp(report.started)}}}};
    case PodReport::Stage::kBackingOff:
      break;
  }
  return {{"waiting",
           {{"reason", "CrashLoopBackOff"},
            {"message", "back-off restarting a container that ran out of memory"}}}};
}

Json LastState(const ProcessEnd& end) {
  return {{"terminated",
           {{"exitCode", end.out_of_memory ? kKilled : kTerminated},
            {"reason", end.out_of_memory ? "OOMKilled" : "Error"},
            {"startedAt", FormatTimestamp(end.started)},
            {"finishedAt", FormatTimestamp(end.finished)}}}};
}

// `is_worker`: the restarts, the last end and the readiness are this container's.
Json ContainerStatus(const std::string& uid, const PodReport& report,
                     const ContainerReport& container, bool is_worker) {
  const bool created = report.stage != PodReport::Stage::kCreating;
  const bool down = is_worker && report.stage == PodReport::Stage::kBackingOff;
  const std::int64_t restarts = is_worker ? report.restarts : 0;
  Json status = {{"name", container.name},
                 {"image", container.image},
                 {"imageID", ""},
                 {"ready", created && !down && (report.is_ready || !is_worker)},
                 {"started", created && !down},
                 {"restartCount", restarts}};
  if (is_worker || !created) {
    status["state"] = State(report);
  } else {
    status["state"] = {{"running", {{"startedAt", FormatTimestamp(report.begun)}}}};
  }
  if (is_worker && report.last_end) status["lastState"] = LastState(*report.last_end);
  if (!created) return status;
  status["imageID"] = container.image;
  status["containerID"] = ContainerId(uid, container.name, restarts);
  status["resources"] = container.resources;
  if (const Json* requests = ValueAt(container.allocated, {"requests"}); requests != nullptr) {
    status["allocatedResources"] = *requests;
  }
  return status;
}

Json FinishedInit(const std::string& uid, const PodReport& report,
                  const ContainerReport& container) {
  const std::string at = FormatTimestamp(report.begun);
  return {{"name", container.name},
          {"image", container.image},
          {"imageID", container.image},
          {"containerID", ContainerId(uid, container.name, 0)},
          {"ready", true},
          {"started", false},
          {"restartCount", 0},
          {"state",
           {{"terminated",
             {{"exitCode", 0}, {"reason", "Completed"}, {"startedAt", at}, {"finishedAt", at}}}}}};
}

void AddResize(const PodReport& report, Json& conditions) {
  using Resize = PodReport::Resize;
  const bool is_pending =
      report.resize == Resize::kDeferred || report.resize == Resize::kInfeasible;
  const bool is_going = report.resize == Resize::kInProgress || report.resize == Resize::kError;
  conditions.push_back(Absent(is_going ? "PodResizePending" : "PodResizeInProgress"));
  if (!is_pending && !is_going) {
    conditions.push_back(Absent("PodResizePending"));
    return;
  }
  Json condition = Condition(is_pending ? "PodResizePending" : "PodResizeInProgress", true,
                             report.resize_since, report.observed_generation);
  if (report.resize == Resize::kDeferred) condition["reason"] = "Deferred";
  if (report.resize == Resize::kInfeasible) condition["reason"] = "Infeasible";
  if (report.resize == Resize::kError) condition["reason"] = "Error";
  if (!report.resize_message.empty()) condition["message"] = report.resize_message;
  conditions.push_back(condition);
}

}  // namespace

Json StatusPatch(const std::string& uid, const PodReport& report) {
  const bool created = report.stage != PodReport::Stage::kCreating;
  const std::int64_t generation = report.observed_generation;
  const Instant ready_since = created ? report.ready_since : report.begun;
  Json conditions = {
      Condition("PodReadyToStartContainers", created, report.begun, generation),
      Condition("Initialized", created || report.finished_inits.empty(), report.begun, generation),
      Condition("Ready", report.is_ready, ready_since, generation),
      Condition("ContainersReady", report.is_ready, ready_since, generation)};
  AddResize(report, conditions);
  Json containers = Json::array();
  for (std::size_t i = 0; i < report.containers.size(); ++i) {
    containers.push_back(ContainerStatus(uid, report, report.containers[i], i == report.worker));
  }
  Json status = {{"phase", created ? "Running" : "Pending"},
                 {"observedGeneration", generation},
                 {"startTime", FormatTimestamp(report.begun)},
                 {"hostIP", report.host_ip},
                 {"hostIPs", {{{"ip", report.host_ip}}}},
                 {"conditions", conditions},
                 {"containerStatuses", containers}};
  if (created) {
    status["podIP"] = report.pod_ip;
    status["podIPs"] = {{{"ip", report.pod_ip}}};
    Json inits = Json::array();
    for (const ContainerReport& init : report.finished_inits) {
      inits.push_back(FinishedInit(uid, report, init));
    }
    for (const ContainerReport& sidecar : report.sidecars) {
      inits.push_back(ContainerStatus(uid, report, sidecar, false));
    }
    if (!inits.empty()) status["initContainerStatuses"] = inits;
  }
  return {{"metadata", {{"uid", uid}}}, {"status", status}};
}

}  // namespace trimtab
