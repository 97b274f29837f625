#include <fmt/format.h>
#include <fmt/ostream.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <iterator>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <ostream>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "trimtab/cli/arguments.h"
#include "trimtab/cli/commands.h"
#include "trimtab/cli/context.h"
#include "trimtab/cli/exit_code.h"
#include "trimtab/cli/output.h"
#include "trimtab/cli/span_files.h"
#include "trimtab/profiling/distribution_evaluation.h"
#include "trimtab/profiling/loaded_latencies.h"

namespace trimtab {
namespace {

struct Values {
  SpanFiles spans;
  double sampling = 1;
  Duration window = LoadCollector::Options().window;
  std::string fidelity = "corrected";
  std::uint64_t seed = 1;
  OutputFormat output = OutputFormat::kTable;
};

// The mean; nothing when a value is missing.
class MeanOfAll {
 public:
  void Add(const std::optional<double>& value) {
    count_ += 1;
    missing_ = missing_ || !value;
    sum_ += value.value_or(0);
  }
  std::optional<double> value() const {
    if (missing_ || count_ == 0) return std::nullopt;
    return sum_ / count_;
  }

 private:
  double sum_ = 0;
  double count_ = 0;
  bool missing_ = false;
};

const LoadModelAccuracy* FindModel(const DistributionAccuracy& of, std::string_view model) {
  for (const LoadModelAccuracy& each : of.over_load) {
    if (each.model == model) return &each;
  }
  return nullptr;
}

Table LoadTable(const LoadedLatencies& latencies) {
  Table table({{.key = "tracesPerSecond", .header = "traces/s", .decimals = 2},
               {.key = "seconds", .header = "seconds", .decimals = 1},
               {.key = "traces", .header = "traces"}});
  for (const RecordedLoad& load : latencies.loads) {
    table.AddRow({load.traces_per_second, load.seconds, load.traces});
  }
  return table;
}

// A row a microservice: KS and the error of the P95 of each family.
Table FamilyTable(const DistributionEvaluation& evaluation) {
  std::vector<Table::Column> columns = {{.key = "microservice", .header = "microservice"},
                                        {.key = "samples", .header = "samples"}};
  for (const LatencyFamily family : kLatencyFamilies) {
    const std::string name(LatencyFamilyName(family));
    columns.push_back({.key = name + "Ks", .header = name + " KS", .decimals = 3});
    columns.push_back(
        {.key = name + "P95Error", .header = "P95 error %", .scale = 100, .decimals = 1});
  }
  Table table(std::move(columns));
  for (const DistributionAccuracy& of : evaluation.microservices) {
    std::vector<Table::Cell> cells = {of.name, of.samples};
    for (const LatencyFamily family : kLatencyFamilies) {
      Table::Cell ks;
      Table::Cell p95;
      for (const FamilyAccuracy& accuracy : of.families) {
        if (accuracy.family != family) continue;
        ks = accuracy.ks;
        p95 = accuracy.p95_error;
      }
      cells.push_back(ks);
      cells.push_back(p95);
    }
    table.AddRow(std::move(cells));
  }
  return table;
}

// What the table shows of the models over load; JSON and CSV have all of them.
struct ShownAccuracy {
  std::string_view model;
  std::optional<double> LoadModelAccuracy::* accuracy;
  const char* header;
};
constexpr ShownAccuracy kShown[] = {
    {"least-squares", &LoadModelAccuracy::rate_accuracy, "rate, least squares"},
    {"paper", &LoadModelAccuracy::rate_accuracy, "rate, paper"},
    {"least-squares", &LoadModelAccuracy::p95_accuracy, "P95, least squares"},
    {"tail", &LoadModelAccuracy::p95_accuracy, "P95, tail"},
    {"cumulants", &LoadModelAccuracy::p95_accuracy, "P95, cumulants"},
    {"straight-line", &LoadModelAccuracy::p95_accuracy, "P95, straight line"},
    {"constant", &LoadModelAccuracy::p95_accuracy, "P95, constant"}};

// A row a microservice and a last one with the means, each load left out in turn.
Table OverLoadTable(const DistributionEvaluation& evaluation) {
  std::vector<Table::Column> columns = {{.key = "microservice", .header = "accuracy %"}};
  for (const ShownAccuracy& shown : kShown) {
    columns.push_back({.key = shown.header, .header = shown.header, .decimals = 1});
  }
  Table table(std::move(columns));
  std::vector<MeanOfAll> means(std::size(kShown));
  for (const DistributionAccuracy& of : evaluation.microservices) {
    if (of.over_load.empty()) continue;
    std::vector<Table::Cell> cells = {of.name};
    for (std::size_t i = 0; i < std::size(kShown); ++i) {
      const auto accuracy = FindModel(of, kShown[i].model)->*kShown[i].accuracy;
      means[i].Add(accuracy);
      cells.push_back(CellOf(accuracy));
    }
    table.AddRow(std::move(cells));
  }
  std::vector<Table::Cell> last = {std::string("(mean)")};
  for (const MeanOfAll& mean : means) last.push_back(CellOf(mean.value()));
  table.AddRow(std::move(last));
  return table;
}

nlohmann::ordered_json JsonOf(const std::optional<double>& value) {
  return value ? nlohmann::ordered_json(*value) : nlohmann::ordered_json();
}

nlohmann::ordered_json EvaluationJson(const LoadedLatencies& latencies,
                                      const DistributionEvaluation& evaluation) {
  using Json = nlohmann::ordered_json;
  Json microservices = Json::array();
  for (const DistributionAccuracy& of : evaluation.microservices) {
    Json families = Json::array();
    for (const FamilyAccuracy& accuracy : of.families) {
      families.push_back({{"family", LatencyFamilyName(accuracy.family)},
                          {"ks", accuracy.ks},
                          {"p95Error", accuracy.p95_error}});
    }
    Json models = Json::array();
    for (const LoadModelAccuracy& accuracy : of.over_load) {
      models.push_back({{"model", accuracy.model},
                        {"rateAccuracy", JsonOf(accuracy.rate_accuracy)},
                        {"p95Accuracy", JsonOf(accuracy.p95_accuracy)}});
    }
    microservices.push_back({{"name", of.name},
                             {"samples", of.samples},
                             {"loads", of.loads},
                             {"families", std::move(families)},
                             {"overLoad", std::move(models)}});
  }
  Json left_out = Json::array();
  for (const auto& of : evaluation.left_out) {
    left_out.push_back({{"name", of.name}, {"reason", of.reason}});
  }
  return {{"loads", LoadTable(latencies).ToJson()},
          {"microservices", std::move(microservices)},
          {"leftOut", std::move(left_out)}};
}

void WriteEvaluationCsv(const DistributionEvaluation& evaluation, std::ostream& out) {
  Table table({{.key = "microservice"},
               {.key = "model"},
               {.key = "ks"},
               {.key = "p95Error"},
               {.key = "rateAccuracy"},
               {.key = "p95Accuracy"}});
  for (const DistributionAccuracy& of : evaluation.microservices) {
    for (const FamilyAccuracy& accuracy : of.families) {
      table.AddRow({of.name,
                    std::string(LatencyFamilyName(accuracy.family)),
                    accuracy.ks,
                    accuracy.p95_error,
                    {},
                    {}});
    }
    for (const LoadModelAccuracy& accuracy : of.over_load) {
      table.AddRow({of.name,
                    std::string(accuracy.model),
                    {},
                    {},
                    CellOf(accuracy.rate_accuracy),
                    CellOf(accuracy.p95_accuracy)});
    }
  }
  table.WriteCsv(out);
}

void WriteEvaluation(const LoadedLatencies& latencies, const DistributionEvaluation& evaluation,
                     const Values& values, Context& context) {
  if (values.output == OutputFormat::kJson) {
    return WriteJson(EvaluationJson(latencies, evaluation), context.out);
  }
  if (values.output == OutputFormat::kCsv) return WriteEvaluationCsv(evaluation, context.out);
  context.out << "Loads, as measured\n";
  LoadTable(latencies).WriteText(context.out, context.color);
  context.out << "\nDistributions of own latency at one load, on samples held out\n";
  FamilyTable(evaluation).WriteText(context.out, context.color);
  const bool over_load = std::ranges::any_of(evaluation.microservices,
                                             [](const auto& of) { return !of.over_load.empty(); });
  if (!over_load) {
    context.err << "fewer than three loads: no load can be left out\n";
    return;
  }
  context.out << "\nModels over load, each load left out in turn\n";
  OverLoadTable(evaluation).WriteText(context.out, context.color);
}

absl::StatusOr<ExitCode> RunEvalDistribution(const Values& values, Context& context) {
  NameTable names;
  SkipLog skipped;
  LoadCollector::Options options{.sampling = values.sampling, .window = values.window};
  if (values.fidelity == "paper") options.own_latency = OwnLatencyRule::kPlain;
  LoadCollector collector(names, options);
  AssembledSpans sink(collector);
  if (const absl::Status read = ReadSpanFiles(values.spans, names, skipped, sink, context);
      !read.ok()) {
    return read;
  }
  sink.Finish();
  const auto latencies = collector.Collect();
  if (!latencies.ok()) return latencies.status();
  const DistributionEvaluation evaluation =
      EvaluateDistributions(*latencies, {.seed = values.seed});
  for (const auto& of : evaluation.left_out) {
    fmt::print(context.err, "{} is left out: {}\n", of.name, of.reason);
  }
  if (evaluation.microservices.empty()) {
    context.err << "no microservice has enough samples\n";
    return ExitCode::kInsufficientData;
  }
  WriteEvaluation(*latencies, evaluation, values, context);
  return ExitCode::kSuccess;
}

}  // namespace

CommandAction DeclareEvalLatencyDistribution(Arguments& arguments) {
  const auto values = std::make_shared<Values>();
  DeclareSpanFiles(arguments, &values->spans);
  arguments.Option("window", &values->window,
                   {.min = std::chrono::seconds(1), .max = std::chrono::hours(24)},
                   "stretches of about this length have one load each");
  arguments.Choice("fidelity", &values->fidelity, {"corrected", "paper"},
                   "own latency is what no call covers, or, as published, what is left when all "
                   "calls are subtracted");
  arguments.Option("sampling", &values->sampling, {.min = 1e-6, .max = 1},
                   "share of the requests that was traced");
  arguments.Seed(&values->seed);
  arguments.Output(&values->output);
  return [values](Context& context) { return RunEvalDistribution(*values, context); };
}

}  // namespace trimtab
