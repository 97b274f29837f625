// What a node reports of a pod, and how it is written into the pod's status.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "trimtab/quantity/time.h"

namespace trimtab {

struct ContainerReport {
  std::string name{};
  std::string image{};
  nlohmann::json resources = nlohmann::json::object();  // in force
  nlohmann::json allocated = nlohmann::json::object();  // admitted by the node, requests and limits
};

// How a process of the pod ended that was begun again.
struct ProcessEnd {
  Instant started{};
  Instant finished{};
  bool out_of_memory = true;  // else it was restarted to be resized
};

struct PodReport {
  enum class Stage {
    kCreating,    // Pending, its processes have not begun
    kRunning,     // its processes run
    kBackingOff,  // CrashLoopBackOff
  };
  enum class Resize { kNone, kDeferred, kInfeasible, kInProgress, kError };

  std::string pod_ip{};
  std::string host_ip{};
  Instant begun{};  // when the node saw it
  Stage stage = Stage::kCreating;
  Instant started{};  // the processes that run, or ran last
  bool is_ready = false;
  Instant ready_since{};  // when it became ready, or ceased to be
  std::int64_t restarts = 0;
  std::optional<ProcessEnd> last_end{};
  std::vector<ContainerReport> containers{};
  std::vector<ContainerReport> sidecars{};
  std::vector<ContainerReport> finished_inits{};
  std::int64_t observed_generation = 0;
  Resize resize = Resize::kNone;
  std::string resize_message{};
  Instant resize_since{};
  std::size_t worker = 0;  // the container whose restarts these are
};

// A strategic merge patch of the status subresource. It says everything there is to say, so that
// the newest one alone is as good as all before it; conditions of others stay. It fails if the pod
// of that name has another uid.
nlohmann::json StatusPatch(const std::string& uid, const PodReport& report);

}  // namespace trimtab
