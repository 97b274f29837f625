// The part of `trimtab doctor` that looks at a Kubernetes cluster.
#pragma once

#include <string>
#include <vector>

#include "trimtab/cli/doctor_finding.h"
#include "trimtab/clock/clock.h"
#include "trimtab/kubernetes/connection_rules.h"
#include "trimtab/quantity/time.h"

namespace trimtab {

struct ClusterQuestion {
  ConnectionRules rules = {};
  std::string name_space = {};  // empty: that of the connection
  bool all_namespaces = false;
  Duration timeout = std::chrono::seconds(10);  // of one request
};

// Asks and writes nothing: reads, and reviews of our own access. What cannot be asked is a finding,
// never an error; without a cluster there is one finding.
std::vector<Finding> ExamineCluster(const ClusterQuestion& question, const Clock& clock);

}  // namespace trimtab
