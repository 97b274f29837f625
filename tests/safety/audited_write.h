// What the audit log of kube-apiserver tells of writes, and a control plane that keeps one.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "nlohmann/json.hpp"
#include "tests/servers/control_plane.h"

namespace trimtab {

// A write that the API server answered.
struct AuditedWrite {
  std::string user;      // the pod that its token belongs to; without one the name of the user
  std::string resource;  // "deployments/scale", "pods/resize", "appscalers/status", "leases"
  std::string name;
  int code = 0;
  std::string at;  // of its answer; in the order of time as text, too
  nlohmann::json answer;

  bool IsStored() const { return code < 300; }
};

// Knows AppScalers, and writes down the requests that `rule` matches: the fields, in YAML, of one
// rule of an audit policy, each line after two spaces.
absl::StatusOr<std::unique_ptr<servers::ControlPlane>> StartAuditedPlane(const std::string& rule);

// Of one namespace, in the order of their answers; events are left out. `log` is the file that
// ControlPlane::audit_log() names.
std::vector<AuditedWrite> AuditedWrites(const std::string& log, const std::string& name_space);

}  // namespace trimtab
