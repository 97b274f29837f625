#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <variant>

#include "absl/status/status.h"
#include "fmt/format.h"
#include "trimtab/cli/arguments.h"
#include "trimtab/cli/commands.h"
#include "trimtab/cli/context.h"
#include "trimtab/cli/exit_code.h"
#include "trimtab/cli/experiment_support.h"
#include "trimtab/cli/share_cache.h"
#include "trimtab/experiment/experiment.h"
#include "trimtab/profile/atomic_file.h"

namespace trimtab {
namespace {

struct Values {
  std::string name;
  std::string scenario;
  std::string profile;
  std::string simd = "native";
  std::string out;
  std::string load_file;
  std::string interference_file;
  std::string data_file;
  bool full = false;
  std::int64_t minutes = 0;
  std::uint64_t seed = 1;
  OutputFormat output = OutputFormat::kTable;
};

nlohmann::ordered_json ResultToJson(const ExperimentResult& result) {
  nlohmann::ordered_json json = {{"tables", nlohmann::ordered_json::array()}};
  for (const ResultTable& table : result.tables) {
    json["tables"].push_back({{"title", table.title}, {"rows", TableOf(table).ToJson()}});
  }
  json["verdicts"] = result.verdicts;
  return json;
}

void WriteResult(const ExperimentResult& result, OutputFormat format, Context& context) {
  if (format == OutputFormat::kJson) {
    WriteJson(ResultToJson(result), context.out);
    return;
  }
  for (const ResultTable& table : result.tables) {
    if (format == OutputFormat::kTable) context.out << table.title << "\n";
    TableOf(table).Write(format, context.color, context.out);
    if (format == OutputFormat::kTable) context.out << "\n";
  }
  if (format != OutputFormat::kTable) return;
  for (const std::string& verdict : result.verdicts) context.out << verdict << "\n";
}

// What an experiment works with beside its scenario; must outlive its input.
struct ModelsOfExperiment {
  std::optional<ApplicationProfile> profile;
  std::optional<DistributionProfile> distributions;
  std::optional<ExperimentInput> beside;
  std::optional<DistributionProfile> distributions_beside;
};

absl::Status AddModels(const Experiment& experiment, const Values& values,
                       ModelsOfExperiment& models, ExperimentInput& input, Context& context) {
  if (experiment.needs_profile) {
    auto made = ProfileFor(input, values.profile, values.simd, context);
    if (!made.ok()) return made.status();
    input.profile = &models.profile.emplace(*std::move(made));
  }
  if (experiment.needs_distributions) {
    auto made = DistributionsFor(input, values.profile, context);
    if (!made.ok()) return made.status();
    input.distributions = &models.distributions.emplace(*std::move(made));
    input.shares = [&input, &context](double span_share) {
      return SharesFor(input, span_share, {.predictor = DermPredictor::kNetwork}, context);
    };
  }
  if (experiment.beside.empty()) return absl::OkStatus();
  ExperimentArguments arguments{
      .scenario = std::string(experiment.beside),
      .directory = fmt::format("{}/{}", input.directory, experiment.beside),
      .seed = values.seed,
      .minutes = input.minutes};
  auto beside = MakeExperimentInput(arguments, input.progress, context);
  if (!beside.ok()) return beside.status();
  models.beside.emplace(*std::move(beside));
  auto made = DistributionsFor(*models.beside, "", context);
  if (!made.ok()) return made.status();
  models.beside->distributions = &models.distributions_beside.emplace(*std::move(made));
  input.beside = &*models.beside;
  return absl::OkStatus();
}

absl::StatusOr<ExitCode> RunExperiment(const Values& values, Context& context) {
  const auto experiment = FindExperiment(values.name);
  if (!experiment.ok()) return experiment.status();
  const std::string directory = values.out.empty() ? "out/" + values.name : values.out;
  BarProgress progress(context.progress);
  ExperimentArguments arguments{
      .scenario = values.scenario.empty() ? std::string((*experiment)->scenario) : values.scenario,
      .directory = directory,
      .seed = values.seed,
      .load_file = values.load_file,
      .interference_file = values.interference_file};
  if (values.minutes > 0) arguments.minutes = static_cast<int>(values.minutes);
  auto input = MakeExperimentInput(arguments, progress, context);
  if (!input.ok()) return input.status();
  input->data_file = values.data_file;
  input->full = values.full;
  ModelsOfExperiment models;
  if (auto s = AddModels(**experiment, values, models, *input, context); !s.ok()) return s;
  const auto result = (*experiment)->run(*input);
  if (!result.ok()) return result.status();
  if (auto s = ReplaceFile(directory + "/result.json", ResultToJson(*result).dump(2) + "\n");
      !s.ok()) {
    return s;
  }
  WriteResult(*result, values.output, context);
  context.err << fmt::format("wrote {}/{}\n", directory,
                             result->figures.empty() ? "result.json" : "report.html");
  if (!result->next.empty()) context.err << "next:\n";
  for (const std::string& next : result->next) context.err << "  " << next << "\n";
  return ExitCode::kSuccess;
}

}  // namespace

CommandAction DeclareExperimentRun(Arguments& arguments) {
  const auto values = std::make_shared<Values>();
  arguments.Positional("name", &values->name, "of the experiment; `trimtab experiment list`");
  arguments.Option("scenario", &values->scenario,
                   "name or file of a scenario; by default hotel-reservation, and "
                   "train-ticket-querying for what concerns Derm");
  arguments.Option("out", &values->out, "folder for results; out/NAME by default", "DIR");
  arguments.Option("profile", &values->profile, "trained profile; otherwise made now and kept",
                   "FILE");
  arguments.Flag("full", &values->full,
                 "the whole grid of an experiment that has one; goes on where it was interrupted");
  arguments.Option("minutes", &values->minutes, {.min = 0, .max = 100000},
                   "simulated minutes of each run; 0: the experiment's own");
  arguments.Option("load-file", &values->load_file, "recorded load in place of the scenario's",
                   "FILE");
  arguments.Option("interference-file", &values->interference_file,
                   "recorded interference in place of the scenario's", "FILE");
  arguments.Option("data", &values->data_file, "measured data, for experiments that read some",
                   "FILE");
  DeclareSimd(arguments, &values->simd);
  arguments.Seed(&values->seed);
  arguments.Output(&values->output);
  return [values](Context& context) { return RunExperiment(*values, context); };
}

CommandAction DeclareExperimentList(Arguments& arguments) {
  const auto output = std::make_shared<OutputFormat>(OutputFormat::kTable);
  arguments.Output(output.get());
  return [output](Context& context) -> absl::StatusOr<ExitCode> {
    Table table({{.key = "name", .header = "experiment"},
                 {.key = "description", .header = "what it shows"}});
    for (const Experiment& experiment : Experiments()) {
      table.AddRow({std::string(experiment.name), std::string(experiment.description)});
    }
    table.Write(*output, context.color, context.out);
    return ExitCode::kSuccess;
  };
}

}  // namespace trimtab
