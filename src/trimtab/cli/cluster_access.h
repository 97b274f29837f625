// How a command reaches the cluster that its options and environment name.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "trimtab/cli/arguments.h"
#include "trimtab/clock/clock.h"
#include "trimtab/kubernetes/api_client.h"
#include "trimtab/kubernetes/connection_rules.h"

namespace trimtab {

struct ClusterArguments {
  std::string kubeconfig{};
  std::string context{};
};

// --kubeconfig and --context.
void DeclareCluster(Arguments& arguments, ClusterArguments* values);

// These, and what the environment says.
ConnectionRules ConnectionRulesOf(const ClusterArguments& arguments);

struct ClusterAccess {
  std::unique_ptr<ApiClient> client{};
  std::string default_namespace{};  // of the context
};

// A client whose waits are real; `clock` must outlive it. Errors as FindConnection().
absl::StatusOr<ClusterAccess> AccessCluster(const ClusterArguments& arguments, const Clock& clock,
                                            ApiClientOptions options = {});

}  // namespace trimtab
