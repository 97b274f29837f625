// Stands in for the kubelets of two nodes: starts the pods of one namespace, or of all, resizes
// them and lets them go, as it is told.
#pragma once

#include <chrono>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <set>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>

#include "trimtab/clock/stoppable_wait.h"
#include "trimtab/kubernetes/api_client.h"
#include "trimtab/kubernetes/json_view.h"
#include "trimtab/kubernetes/resource_type.h"
#include "trimtab/kubernetes/timestamp.h"
#include "trimtab/kubernetes/workload_writes.h"

namespace trimtab {

class PodRunner {
 public:
  enum class Resizes { kDone, kDeferred, kInfeasible, kPinned, kNever, kUnsupported };

  // `client` and `clock` must outlive it. All namespaces when the name is empty.
  PodRunner(ApiClient& client, const Clock& clock, std::string name_space)
      : client_(client),
        clock_(clock),
        name_space_(std::move(name_space)),
        thread_([this](const std::stop_token& stop) { Run(stop); }) {}

  void Set(Resizes resizes) {
    const std::scoped_lock lock(mutex_);
    resizes_ = resizes;
  }
  // Pods that start from now on become ready, or crash for ever.
  void SetStarts(bool starts) {
    const std::scoped_lock lock(mutex_);
    starts_ = starts;
  }
  // How long after they were scheduled pods start from now on.
  void SetStartDelay(Duration delay) {
    const std::scoped_lock lock(mutex_);
    start_delay_ = delay;
  }

 private:
  using Json = nlohmann::json;

  void Run(const std::stop_token& stop) {
    Instant keep_nodes = clock_.Now();
    while (!stop.stop_requested()) {
      if (clock_.Now() >= keep_nodes) {
        KeepNode("node-a");
        KeepNode("node-b");
        keep_nodes = clock_.Now() + std::chrono::seconds(5);
      }
      const auto pods = client_.List(ResourcePath(kPods, name_space_));
      if (pods.ok()) {
        for (const Json& pod : pods->items) Step(pod);
      }
      WaitFor(std::chrono::milliseconds(30), stop);
    }
  }

  void KeepNode(const std::string& name) {
    const Json node = {{"apiVersion", "v1"}, {"kind", "Node"}, {"metadata", {{"name", name}}}};
    client_.Create(ResourcePath(kNodes, ""), node).status().IgnoreError();
    const Json room = {{"cpu", "8"}, {"memory", "16Gi"}, {"pods", "500"}};
    const Json ready = {
        {"type", "Ready"},
        {"status", "True"},
        {"reason", "KubeletReady"},
        {"lastHeartbeatTime", FormatMicroTimestamp(clock_.Now()).substr(0, 19) + "Z"}};
    PatchStatus(client_, {kNodes, "", name},
                {{"capacity", room}, {"allocatable", room}, {"conditions", {ready}}}, std::nullopt)
        .status()
        .IgnoreError();
  }

  void Step(const Json& pod) {
    const std::string name = TextAt(pod, {"metadata", "name"});
    const std::string name_space = TextAt(pod, {"metadata", "namespace"});
    const std::string uid = TextAt(pod, {"metadata", "uid"});
    if (ValueAt(pod, {"metadata", "deletionTimestamp"}) != nullptr) {
      client_.Delete(ResourcePath(kPods, name_space, name), {.uid = uid, .grace_seconds = 0})
          .status()
          .IgnoreError();
      return;
    }
    if (TextAt(pod, {"spec", "nodeName"}).empty()) return;
    const std::int64_t generation = IntegerAt(pod, {"metadata", "generation"}).value_or(0);
    const bool is_started = !ArrayAt(pod, {"status", "containerStatuses"}).empty();
    const std::int64_t seen = IntegerAt(pod, {"status", "observedGeneration"}).value_or(0);
    Resizes resizes = Resizes::kDone;
    bool starts = true;
    {
      const std::scoped_lock lock(mutex_);
      resizes = resizes_;
      const Instant scheduled = scheduled_.try_emplace(uid, clock_.Now()).first->second;
      if (!is_started && clock_.Now() < scheduled + start_delay_) return;
      if (!is_started && !starts_) crashing_.insert(uid);
      starts = !crashing_.contains(uid);
    }
    if (is_started && seen >= generation) return;
    const bool is_done = !is_started || resizes == Resizes::kDone || IsBack(pod);
    if (!is_done && resizes == Resizes::kNever) return;
    Json conditions = Json::array();
    for (const char* type : {"PodScheduled", "Initialized", "Ready", "ContainersReady"}) {
      const bool is_true = starts || std::string(type).find("Ready") == std::string::npos;
      conditions.push_back({{"type", type}, {"status", is_true ? "True" : "False"}});
    }
    if (!is_done) {
      conditions.push_back({{"type", "PodResizePending"},
                            {"status", "True"},
                            {"reason", resizes == Resizes::kDeferred ? "Deferred" : "Infeasible"},
                            {"observedGeneration", generation}});
      // As the kubelets of 1.33 to 1.35 say it.
      if (resizes == Resizes::kPinned) {
        conditions.back()["message"] =
            "Resize is infeasible for Guaranteed Pods alongside CPU Manager static policy";
      }
    }
    Json status = {{"phase", "Running"},
                   {"observedGeneration", generation},
                   {"startTime", "2026-01-01T00:00:00Z"},
                   {"conditions", conditions}};
    if (is_done) status["containerStatuses"] = Statuses(pod, starts, resizes);
    PatchStatus(client_, {kPods, name_space, name}, status, std::nullopt).status().IgnoreError();
  }

  // Whether the pod asks for what it has.
  static bool IsBack(const Json& pod) {
    const Json& statuses = ArrayAt(pod, {"status", "containerStatuses"});
    for (const Json& container : ArrayAt(pod, {"spec", "containers"})) {
      for (const Json& status : statuses) {
        if (status.at("name") != container.at("name")) continue;
        if (ObjectAt(status, {"resources"}) != ObjectAt(container, {"resources"})) return false;
      }
    }
    return true;
  }

  static Json Statuses(const Json& pod, bool starts, Resizes resizes) {
    Json statuses = Json::array();
    for (const Json& container : ArrayAt(pod, {"spec", "containers"})) {
      Json status = {{"name", container.at("name")},
                     {"image", "none"},
                     {"imageID", "none"},
                     {"ready", starts},
                     {"started", starts},
                     {"restartCount", starts ? 0 : 3}};
      const Json running = {{"startedAt", "2026-01-01T00:00:00Z"}};
      const Json waiting = {{"reason", "CrashLoopBackOff"}};
      status["state"][starts ? "running" : "waiting"] = starts ? running : waiting;
      const Json& resources = ObjectAt(container, {"resources"});
      if (resizes != Resizes::kUnsupported && !resources.empty()) {
        status["resources"] = resources;
        if (resources.contains("requests")) status["allocatedResources"] = resources["requests"];
      }
      statuses.push_back(std::move(status));
    }
    return statuses;
  }

  ApiClient& client_;
  const Clock& clock_;
  const std::string name_space_;
  std::mutex mutex_;
  Resizes resizes_ = Resizes::kDone;          // guarded by mutex_
  bool starts_ = true;                        // guarded by mutex_
  Duration start_delay_{};                    // guarded by mutex_
  std::map<std::string, Instant> scheduled_;  // by uid; guarded by mutex_
  std::set<std::string> crashing_;            // uids; guarded by mutex_
  std::jthread thread_;                       // ends first
};

}  // namespace trimtab
