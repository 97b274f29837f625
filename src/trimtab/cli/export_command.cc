#include <algorithm>
#include <memory>
#include <ostream>
#include <string>

#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "trimtab/appscaler/app_scaler.h"
#include "trimtab/cli/arguments.h"
#include "trimtab/cli/cluster_access.h"
#include "trimtab/cli/commands.h"
#include "trimtab/cli/context.h"
#include "trimtab/cli/exit_code.h"
#include "trimtab/cli/scenarios.h"
#include "trimtab/clock/system_clock.h"
#include "trimtab/experiment/share_training.h"
#include "trimtab/kubelet/workload_manifest.h"
#include "trimtab/kubernetes/resource_type.h"
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

// What the nodes of `simulate --on-kubernetes` tell of requests, in the scenario's own classes.
void WriteArguments(const std::vector<ArgumentSpec>& arguments, YamlWriter& writer) {
  if (!std::ranges::any_of(arguments, [](const auto& of) { return of.classes.size() > 1; })) return;
  writer.Open("arguments");
  for (const ArgumentSpec& argument : arguments) {
    if (argument.classes.size() < 2) continue;
    writer.OpenItem();
    writer.Text("attribute", argument.name);
    writer.Open("buckets");
    for (std::size_t i = 0; i + 1 < argument.classes.size(); ++i) {
      writer.ScalarItem(YamlWriter::Quoted(fmt::format("{}", argument.classes[i] + 1)));
    }
    writer.Close();
    writer.Close();
  }
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
  writer.Word("algorithm", GraphsMove(scenario) ? "Derm" : "Grad");
  writer.Open("entry");
  writer.Text("serviceName", scenario.application.operations().front().entry_microservice);
  WriteArguments(scenario.cluster.arguments, writer);
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

namespace {

struct SizesValues {
  ClusterArguments cluster;
  std::string name_space;
  std::string name;
};

void WriteAmounts(std::string_view key, const ResourceAmounts& amounts, YamlWriter& writer) {
  if (!amounts.cpu && !amounts.memory) return;
  writer.Open(key);
  if (amounts.cpu) writer.Text("cpu", FormatCpu(*amounts.cpu));
  if (amounts.memory) writer.Text("memory", FormatMemory(*amounts.memory));
  writer.Close();
}

// A strategic merge patch for each workload, as Kustomize takes them in one file.
std::string SizesPatch(const AppScaler& scaler) {
  std::string text;
  for (const ScaledWorkload& workload : scaler.workloads) {
    YamlWriter writer;
    bool has_sizes = false;
    writer.Text("apiVersion", workload.target.api_version);
    writer.Text("kind", workload.target.kind);
    writer.Open("metadata");
    writer.Text("name", workload.target.name);
    writer.Close();
    for (const std::string_view key : {"spec", "template", "spec"}) writer.Open(key);
    writer.Open("containers");
    for (const PodSize& size : scaler.status.pod_sizes) {
      if (size.kind != workload.target.kind || size.name != workload.target.name) continue;
      has_sizes = true;
      writer.OpenItem();
      writer.Text("name", size.container);
      writer.Open("resources");
      WriteAmounts("requests", size.requests, writer);
      WriteAmounts("limits", size.limits, writer);
      writer.Close();
      writer.Close();
    }
    for (int i = 0; i < 4; ++i) writer.Close();
    if (has_sizes) text += fmt::format("{}{}", text.empty() ? "" : "---\n", writer.text());
  }
  return text;
}

absl::StatusOr<ExitCode> ExportSizes(const SizesValues& values, Context& context) {
  const SystemClock clock;
  const auto access = AccessCluster(values.cluster, clock);
  if (!access.ok()) return access.status();
  const std::string& name_space =
      values.name_space.empty() ? access->default_namespace : values.name_space;
  const auto object = access->client->Get(ResourcePath(kAppScalers, name_space, values.name));
  if (!object.ok()) return object.status();
  const auto scaler = ReadAppScaler(*object);
  if (!scaler.ok()) return scaler.status();
  const std::string patch = SizesPatch(*scaler);
  if (patch.empty()) {
    context.err << fmt::format("AppScaler '{}/{}' has no sizes: templates are as they should be\n",
                               name_space, values.name);
  }
  context.out << patch;
  return ExitCode::kSuccess;
}

}  // namespace

CommandAction DeclareExportSizes(Arguments& arguments) {
  const auto values = std::make_shared<SizesValues>();
  arguments.Positional("name", &values->name, "of the AppScaler");
  DeclareCluster(arguments, &values->cluster);
  arguments.Option("namespace", &values->name_space,
                   "of the AppScaler; otherwise that of the context");
  return [values](Context& context) { return ExportSizes(*values, context); };
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
