// Pods as an API server would show them.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "gtest/gtest.h"
#include "trimtab/kubelet/hosted_pod.h"

namespace trimtab {

struct PodJson {
  std::string name = "front-1";
  std::string cpu = "1";
  std::string memory = "100Mi";
  std::int64_t generation = 1;
  std::string fault{};
  int grace_seconds = -1;  // terminating when not negative
  bool is_running = false;
  bool memory_restarts = false;

  // One container `app`, Guaranteed.
  nlohmann::json Json() const {
    const nlohmann::json amounts = {{"cpu", cpu}, {"memory", memory}};
    nlohmann::json container = {{"name", "app"},
                                {"image", "none"},
                                {"resources", {{"requests", amounts}, {"limits", amounts}}}};
    if (memory_restarts) {
      container["resizePolicy"] = {
          {{"resourceName", "memory"}, {"restartPolicy", "RestartContainer"}}};
    }
    nlohmann::json pod = {
        {"metadata",
         {{"name", name},
          {"namespace", "shop"},
          {"uid", "uid-" + name},
          {"resourceVersion", "1"},
          {"generation", generation}}},
        {"spec", {{"nodeName", "host-1"}, {"containers", {container}}}},
        {"status", {{"phase", is_running ? "Running" : "Pending"}, {"qosClass", "Guaranteed"}}}};
    if (!fault.empty()) pod["metadata"]["annotations"] = {{kFaultAnnotation, fault}};
    if (grace_seconds >= 0) {
      pod["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z";
      pod["metadata"]["deletionGracePeriodSeconds"] = grace_seconds;
    }
    return pod;
  }
  HostedPod Read() const {
    auto pod = ReadHostedPod(Json());
    EXPECT_TRUE(pod.ok()) << pod.status();
    return pod.value_or(HostedPod{});
  }
};

}  // namespace trimtab
