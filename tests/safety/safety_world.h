// A real control plane that writes down who wrote what, and applications on it, each with leaders
// of its own.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tests/safety/audited_write.h"
#include "tests/safety/script.h"
#include "tests/servers/child_process.h"
#include "tests/servers/control_plane.h"
#include "tests/servers/temporary_folder.h"
#include "trimtab/clock/system_clock.h"
#include "trimtab/cluster/testing/pod_runner.h"
#include "trimtab/kubernetes/api_client.h"
#include "trimtab/kubernetes/pod_view.h"

namespace trimtab {

// The control plane of all tests here, with pods that run on two nodes.
class SafetyWorld {
 public:
  static absl::StatusOr<std::unique_ptr<SafetyWorld>> Start();

  ApiClient& client() { return *client_; }
  servers::ControlPlane& plane() { return *plane_; }
  // A file in a folder that ends with the world.
  std::string File(std::string_view name) const { return folder_.File(name); }
  // The kubeconfig of a leader, with the token of a pod of its name.
  const std::string& KubeconfigOf(std::string_view identity) const;
  // Of one namespace, in the order of their answers; events are left out.
  std::vector<AuditedWrite> Writes(const std::string& name_space) const {
    return AuditedWrites(plane_->audit_log(), name_space);
  }

 private:
  explicit SafetyWorld(servers::TemporaryFolder folder) : folder_(std::move(folder)) {}
  absl::Status MakeAccount();
  absl::Status MakeUser(const std::string& identity);
  absl::Status MakeFence();

  SystemClock clock_;
  const servers::TemporaryFolder folder_;
  std::unique_ptr<servers::ControlPlane> plane_;
  std::unique_ptr<ApiClient> client_;
  std::map<std::string, std::string, std::less<>> kubeconfigs_;
  std::unique_ptr<PodRunner> pods_;
};

// One application in a namespace of its own, and what befalls its leader at one step of a commit.
class SafetyCase {
 public:
  // The namespace is named after the label and the step.
  SafetyCase(SafetyWorld& world, const std::string& label, std::string fault, int step);

  // Ends the leaders and deletes the namespace.
  ~SafetyCase();
  SafetyCase(const SafetyCase&) = delete;
  SafetyCase& operator=(const SafetyCase&) = delete;

  // The workloads and their AppScaler; leader "a" begins a commit once they run.
  void Make();
  bool IsRunning();
  void StartFirst();
  // Leader "b", which asks for nothing.
  void StartSecond(bool has_journal);

  bool HasStopped() const;  // leader "a", by a signal
  // What a leader has said holds the words.
  bool HasSaid(std::string_view identity, std::string_view words) const;
  // `times` of its cycles are over since it led.
  bool HasCycled(std::string_view identity, int times) const;

  // What runs and what is asked for, for people.
  std::string Describe();
  // Everything is as it was asked for last, and no commit is open.
  bool IsSettled();
  // Replicas and size of a workload's pods; none while they differ.
  std::optional<MicroserviceAllocation> Deployed(const std::string& workload);
  nlohmann::json Scaler();
  std::vector<AuditedWrite> Writes() const { return world_.Writes(name_space_); }

  // No write of any leader made a workload smaller than before or than the intent, and none came
  // before the intent stood in the status.
  void CheckWrites() const;

  const std::string& Name() const { return name_space_; }
  int step() const { return step_; }
  servers::ChildProcess* first() { return first_.get(); }
  servers::ChildProcess* second() { return second_.get(); }
  std::string LogOf(std::string_view identity) const;

 private:
  std::unique_ptr<servers::ChildProcess> Start(const LeaderScript& script) const;

  SafetyWorld& world_;
  const std::string fault_;
  const int step_;
  const std::string name_space_;
  std::unique_ptr<servers::ChildProcess> first_;
  std::unique_ptr<servers::ChildProcess> second_;
};

}  // namespace trimtab
