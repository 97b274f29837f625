#include <algorithm>
#include <memory>
#include <ostream>
#include <string>

#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "trimtab/cli/arguments.h"
#include "trimtab/cli/commands.h"
#include "trimtab/cli/context.h"
#include "trimtab/cli/exit_code.h"
#include "trimtab/cli/scenarios.h"
#include "trimtab/kubelet/workload_manifest.h"
#include "trimtab/quantity/text.h"
#include "trimtab/scenario/scenario.h"
#include "trimtab/yaml/yaml_writer.h"

namespace trimtab {
namespace {

absl::StatusOr<Scenario> Load(const std::string& name) {
  const auto path = FindScenario(name);
  if (!path.ok()) return path.status();
  return LoadScenario(*path);
}

void WriteBounds(const ScalingBounds& bounds, YamlWriter& writer) {
  writer.Open("horizontal");
  writer.Integer("minReplicas", bounds.fewest_replicas);
  writer.Integer("maxReplicas", bounds.most_replicas);
  writer.Close();
  writer.Open("vertical");
  writer.Word("apply", "InPlace");
  writer.Open("cpu");
  writer.Text("min", FormatCpu(bounds.smallest.cpu));
  writer.Text("max", FormatCpu(bounds.largest.cpu));
  writer.Close();
  writer.Open("memory");
  writer.Text("min", FormatMemory(std::max(bounds.smallest.memory, bounds.working_set)));
  writer.Text("max", FormatMemory(bounds.largest.memory));
  writer.Close();
  writer.Close();
}

// The AppScaler of the workloads that `export workloads` prints. It recommends: who wants more
// says so.
std::string ScalerManifest(const Scenario& scenario) {
  YamlWriter writer;
  writer.Word("apiVersion", "trimtab.dev/v1alpha1");
  writer.Word("kind", "AppScaler");
  writer.Open("metadata");
  writer.Text("name", scenario.name);
  writer.Close();
  writer.Open("spec");
  writer.Word("mode", "Recommend");
  writer.Open("entry");
  writer.Text("serviceName", scenario.application.operations().front().entry_microservice);
  writer.Close();
  writer.Open("objective");
  writer.Text("percentile", fmt::format("{:g}", scenario.sla.quantile.level() * 100));
  writer.Text("latency",
              FormatDuration(std::chrono::duration_cast<Duration>(scenario.sla.latency)));
  writer.Close();
  writer.Open("workloads");
  for (const Microservice& microservice : scenario.application.microservices()) {
    writer.OpenItem();
    writer.Text("name", microservice.name);
    writer.Open("targetRef");
    writer.Word("apiVersion", "apps/v1");
    writer.Word("kind", "Deployment");
    writer.Text("name", microservice.name);
    writer.Close();
    WriteBounds(microservice.bounds, writer);
    writer.Close();
  }
  writer.Close();
  writer.Close();
  return writer.text();
}

}  // namespace

CommandAction DeclareExportAppScaler(Arguments& arguments) {
  const auto name = std::make_shared<std::string>();
  arguments.Positional("scenario", name.get(), "name or file of a scenario");
  return [name](Context& context) -> absl::StatusOr<ExitCode> {
    const auto scenario = Load(*name);
    if (!scenario.ok()) return scenario.status();
    context.out << ScalerManifest(*scenario);
    return ExitCode::kSuccess;
  };
}

CommandAction DeclareExportWorkloads(Arguments& arguments) {
  const auto name = std::make_shared<std::string>();
  arguments.Positional("scenario", name.get(), "name or file of a scenario");
  return [name](Context& context) -> absl::StatusOr<ExitCode> {
    const auto scenario = Load(*name);
    if (!scenario.ok()) return scenario.status();
    context.out << WorkloadManifest(scenario->cluster);
    return ExitCode::kSuccess;
  };
}

}  // namespace trimtab
