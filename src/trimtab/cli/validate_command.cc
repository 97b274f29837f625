#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "trimtab/appscaler/app_scaler.h"
#include "trimtab/cli/arguments.h"
#include "trimtab/cli/commands.h"
#include "trimtab/cli/context.h"
#include "trimtab/cli/exit_code.h"
#include "trimtab/cli/output.h"
#include "trimtab/cli/scenarios.h"
#include "trimtab/scenario/scenario.h"
#include "trimtab/yaml/yaml_document.h"

namespace trimtab {
namespace {

struct Values {
  std::vector<std::string> files;
  OutputFormat output = OutputFormat::kTable;
};

absl::StatusOr<Scenario> Find(const std::string& name) {
  const auto path = FindScenario(name);
  if (!path.ok()) return path.status();
  return LoadScenario(*path);
}

// A file that says so itself; any other is taken for a scenario.
bool IsAppScaler(const std::string& file) {
  const auto text = ReadConfiguration(file);
  if (!text.ok()) return false;
  const auto document = ParseYaml(*text, file);
  return document.ok() && std::ranges::any_of(document->entries, [](const YamlNode::Entry& entry) {
           return entry.key == "kind" && entry.value.text == "AppScaler";
         });
}

absl::StatusOr<AppScaler> LoadAppScaler(const std::string& file) {
  const auto text = ReadConfiguration(file);
  if (!text.ok()) return text.status();
  return ReadAppScalerYaml(*text, file);
}

void WriteWithoutProvenance(const std::string& file, const std::vector<std::string>& parameters,
                            std::ostream& err) {
  constexpr std::size_t kMostShown = 20;
  for (std::size_t i = 0; i < std::min(parameters.size(), kMostShown); ++i) {
    err << fmt::format("{}: {}: no row of provenance says where it comes from\n", file,
                       parameters[i]);
  }
  if (parameters.size() > kMostShown) {
    err << fmt::format("{}: and {} more\n", file, parameters.size() - kMostShown);
  }
}

// Every file is looked at; the first error decides the exit code.
absl::StatusOr<ExitCode> RunValidate(const Values& values, Context& context) {
  Table table({{.key = "file", .header = "FILE"},
               {.key = "valid", .header = "VALID"},
               {.key = "kind", .header = "KIND"},
               {.key = "name", .header = "NAME"},
               {.key = "hash", .header = "HASH"},
               {.key = "clusterHash", .header = "CLUSTER HASH"},
               {.key = "microservices", .header = "MICROSERVICES"},
               {.key = "withoutProvenance", .header = "WITHOUT PROVENANCE"}});
  ExitCode code = ExitCode::kSuccess;
  for (const std::string& file : values.files) {
    if (IsAppScaler(file)) {
      const auto scaler = LoadAppScaler(file);
      if (!scaler.ok()) {
        context.err << std::string(scaler.status().message()) << '\n';
        if (code == ExitCode::kSuccess) code = ExitCode::kUsage;
        table.AddRow({file, false, std::string("AppScaler"), {}, {}, {}, {}, {}});
      } else {
        table.AddRow({file,
                      true,
                      std::string("AppScaler"),
                      scaler->meta.name,
                      {},
                      {},
                      static_cast<std::int64_t>(scaler->workloads.size()),
                      {}});
      }
      continue;
    }
    const auto scenario = Find(file);
    if (!scenario.ok()) {
      context.err << std::string(scenario.status().message()) << '\n';
      if (code == ExitCode::kSuccess) code = ExitCode::kUsage;
      table.AddRow({file, false, {}, {}, {}, {}, {}, {}});
      continue;
    }
    WriteWithoutProvenance(file, scenario->without_provenance, context.err);
    table.AddRow({file, true, std::string("Scenario"), scenario->name, ScenarioHash(*scenario),
                  ClusterHash(scenario->cluster),
                  static_cast<std::int64_t>(scenario->application.size()),
                  static_cast<std::int64_t>(scenario->without_provenance.size())});
  }
  table.Write(values.output, context.color, context.out);
  return code;
}

}  // namespace

CommandAction DeclareValidate(Arguments& arguments) {
  const auto values = std::make_shared<Values>();
  arguments.PositionalList("file", &values->files,
                           "files of scenarios or AppScalers, or names of shipped scenarios");
  arguments.Output(&values->output);
  return [values](Context& context) { return RunValidate(*values, context); };
}

}  // namespace trimtab
