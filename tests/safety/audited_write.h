// What the audit log of kube-apiserver tells of writes.
#pragma once

#include <string>
#include <vector>

#include "nlohmann/json.hpp"

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

// Of one namespace, in the order of their answers; events are left out. `log` is the file that
// ControlPlane::audit_log() names.
std::vector<AuditedWrite> AuditedWrites(const std::string& log, const std::string& name_space);

}  // namespace trimtab
