// `trimtab simulate --on-kubernetes`: the scenario's hosts as nodes of a real cluster.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "trimtab/cli/arguments.h"
#include "trimtab/cli/cluster_access.h"
#include "trimtab/cli/context.h"
#include "trimtab/cli/exit_code.h"
#include "trimtab/cli/output.h"
#include "trimtab/experiment/experiment.h"
#include "trimtab/quantity/time.h"

namespace trimtab {

struct OnKubernetesArguments {
  ClusterArguments cluster{};
  std::string name_space{};
  std::string metrics_listen = "127.0.0.1:0";
  std::string otlp_endpoint{};
  Duration window = std::chrono::seconds(60);
  bool without_interference = false;
};

// Its own options; those that both ways of simulating have stay the command's.
void DeclareOnKubernetes(Arguments& arguments, OnKubernetesArguments* values);

struct OnKubernetesRun {
  std::int64_t minutes = 0;  // from the beginning of the load
  double span_share = 0;
  std::uint64_t seed = 1;
  OutputFormat output = OutputFormat::kTable;
};

// Runs in wall-clock time until the minutes are over or a signal comes, prints a row a window, and
// leaves no node behind.
absl::StatusOr<ExitCode> RunOnKubernetes(const OnKubernetesArguments& arguments,
                                         const OnKubernetesRun& run, const ExperimentInput& input,
                                         Context& context);

}  // namespace trimtab
