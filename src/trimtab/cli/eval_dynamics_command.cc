#include <fmt/format.h>
#include <fmt/ostream.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "trimtab/cli/arguments.h"
#include "trimtab/cli/commands.h"
#include "trimtab/cli/context.h"
#include "trimtab/cli/exit_code.h"
#include "trimtab/cli/output.h"
#include "trimtab/cli/scenarios.h"
#include "trimtab/cli/span_files.h"
#include "trimtab/cli/sweep_bars.h"
#include "trimtab/experiment/graph_sizes.h"
#include "trimtab/experiment/simulated_shares.h"
#include "trimtab/graphdynamics/entry_mix.h"
#include "trimtab/graphdynamics/graph_predictor.h"
#include "trimtab/graphdynamics/share_csv.h"
#include "trimtab/graphdynamics/share_network.h"
#include "trimtab/graphdynamics/share_scores.h"
#include "trimtab/graphdynamics/share_validation.h"
#include "trimtab/graphdynamics/traced_shares.h"
#include "trimtab/scenario/scenario.h"
#include "trimtab/tracing/input_file.h"

namespace trimtab {
namespace {

struct Values {
  SpanFiles files;
  std::string class_by = "adjacency";
  Duration step = std::chrono::seconds(60);
  std::int64_t window = 5;
  std::int64_t steps = 12'400;
  std::int64_t folds = 5;
  double change = 0;
  std::vector<std::string> models;
  std::int64_t samples_read = ShareTrainingOptions().samples_read;
  std::int64_t threads = 0;
  std::uint64_t seed = 1;
  OutputFormat output = OutputFormat::kTable;
};

// Shares of complex and simple requests, as they came.
struct SizeMix {
  std::uint64_t requests = 0;
  std::size_t classes_seen = 0;
  SizeShares training;
  SizeShares test;
  SizeShares wanted;  // of the test
  TestDays days;
};

struct Dynamics {
  std::size_t steps = 0;
  std::size_t blocks = 0;
  std::size_t argument_classes = 0;
  std::size_t graph_classes = 0;
  double change = 0;  // the threshold used
  std::vector<ShareScores> forecasts;
  std::vector<ShareScores> nowcasts;  // of spans alone
  std::optional<SizeMix> mix;         // of a scenario alone
};

ShareScoreOptions ScoreOptions(const Values& values, double change) {
  return {.window = static_cast<std::size_t>(values.window), .change = change, .seed = values.seed};
}

std::vector<std::string> ModelsOf(const Values& values) {
  std::vector<std::string> models = values.models;
  if (!models.empty()) return models;
  for (const GraphPredictorKind& kind : GraphPredictorKinds()) models.emplace_back(kind.name);
  return models;
}

GraphPredictorOptions PredictorOptions(const Values& values, Context& context) {
  GraphPredictorOptions options;
  options.window = static_cast<std::size_t>(values.window);
  options.network.seed = values.seed;
  options.network.samples_read = values.samples_read;
  options.network.threads = ThreadsOf(values.threads);
  options.network.stopped = [&context] { return context.stop.load(); };
  return options;
}

absl::StatusOr<std::vector<ShareScores>> Forecast(const ShareSeries& series, double change,
                                                  const Values& values, Context& context) {
  ShareValidationOptions options;
  options.models = ModelsOf(values);
  options.folds = static_cast<std::size_t>(values.folds);
  options.predictor = PredictorOptions(values, context);
  options.score = ScoreOptions(values, change);
  SweepBars bars(context.progress);
  const auto show = bars.Callback("train");
  options.progress = [&show](std::size_t done, std::size_t total) {
    show(static_cast<std::int64_t>(done), static_cast<std::int64_t>(total));
  };
  return CrossValidate(series, options);
}

void Describe(const ShareSeries& series, double change, Dynamics& dynamics) {
  dynamics.steps = series.steps();
  dynamics.blocks = series.blocks.size();
  dynamics.argument_classes = series.space.arguments();
  dynamics.graph_classes = series.space.graphs();
  dynamics.change = change;
}

constexpr double kQuietChange = 0.05;

absl::StatusOr<Dynamics> EvaluateTable(InputFile& file, const Values& values, Context& context) {
  const auto series = ReadShareCsv(file);
  if (!series.ok()) return series.status();
  Dynamics dynamics;
  Describe(*series, values.change > 0 ? values.change : kQuietChange, dynamics);
  auto forecasts = Forecast(*series, dynamics.change, values, context);
  if (!forecasts.ok()) return forecasts.status();
  dynamics.forecasts = *std::move(forecasts);
  return dynamics;
}

absl::StatusOr<Dynamics> EvaluateSpans(const Values& values, Context& context) {
  NameTable names;
  SkipLog skipped;
  TracedRequests traced(names, *ClassKeyFromString(values.class_by));
  if (auto read = ReadSpanFiles(values.files, names, skipped, traced, context); !read.ok()) {
    return read;
  }
  traced.Finish();
  const auto shares = SharesOf(traced, {.step = values.step});
  if (!shares.ok()) return shares.status();
  Dynamics dynamics;
  auto nowcasts = CrossValidateEntryMix(*shares, static_cast<std::size_t>(values.folds),
                                        ScoreOptions(values, 1));
  double noise = 0;
  if (nowcasts.ok()) {
    dynamics.nowcasts = *std::move(nowcasts);
    noise = 1 - dynamics.nowcasts.back().one_minus_tv;
  } else {
    fmt::print(context.err, "no entry mix: {}\n", std::string(nowcasts.status().message()));
  }
  // Chance alone moves the shares of two windows apart by about 1.4 times the noise of one.
  const double change = values.change > 0 ? values.change : std::max(kQuietChange, 2 * noise);
  Describe(shares->series, change, dynamics);
  auto forecasts = Forecast(shares->series, change, values, context);
  if (forecasts.ok()) {
    dynamics.forecasts = *std::move(forecasts);
  } else if (absl::IsInvalidArgument(forecasts.status()) && !dynamics.nowcasts.empty()) {
    fmt::print(context.err, "no forecasts: {}\n", std::string(forecasts.status().message()));
  } else {
    return forecasts.status();
  }
  return dynamics;
}

// Trained on some simulated days, tested on others.
absl::StatusOr<Dynamics> EvaluateScenario(const std::string& path, const Values& values,
                                          Context& context) {
  const auto scenario = LoadScenario(path);
  if (!scenario.ok()) return scenario.status();
  SweepBars bars(context.progress);
  const auto show = bars.Callback("simulate requests");
  SimulatedShareOptions options;
  options.test_steps = static_cast<std::size_t>(values.steps) / 5;
  options.training_steps = static_cast<std::size_t>(values.steps) - options.test_steps;
  options.seed = values.seed;
  options.threads = ThreadsOf(values.threads);
  options.progress = [&show](std::size_t done, std::size_t total) {
    show(static_cast<std::int64_t>(done), static_cast<std::int64_t>(total));
  };
  options.stopped = [&context] { return context.stop.load(); };
  const auto shares = SimulateShares(*scenario, options);
  if (!shares.ok()) return shares.status();
  const auto train = bars.Callback("train");
  const auto names = ModelsOf(values);
  std::vector<std::unique_ptr<GraphPredictor>> predictors;
  for (const std::string& name : names) {
    auto predictor = TrainGraphPredictor(name, shares->training, PredictorOptions(values, context));
    if (!predictor.ok()) return predictor.status();
    predictors.push_back(*std::move(predictor));
    train(static_cast<std::int64_t>(predictors.size()), static_cast<std::int64_t>(names.size()));
  }
  Dynamics dynamics;
  Describe(shares->test, values.change > 0 ? values.change : kQuietChange, dynamics);
  dynamics.mix =
      SizeMix{.requests = shares->requests,
              .classes_seen = shares->classes_seen,
              .training = {.simple = shares->simple_training, .complex = shares->complex_training},
              .test = {.simple = shares->simple_test, .complex = shares->complex_test},
              .wanted = {.simple = options.simple_test, .complex = options.complex_test},
              .days = shares->days};
  auto scores =
      ScoreGraphPredictors(predictors, shares->test, ScoreOptions(values, dynamics.change));
  if (!scores.ok()) return scores.status();
  dynamics.forecasts = *std::move(scores);
  return dynamics;
}

// Whether the first line names shares of graph classes.
absl::StatusOr<bool> IsShareTable(InputFile& file) {
  constexpr std::size_t kFirstLine = 65'536;
  const auto begin = file.Peek(kFirstLine);
  if (!begin.ok()) return begin.status();
  const std::string_view line = begin->substr(0, begin->find('\n'));
  return line.find("graph:") != std::string_view::npos ||
         line.find("_t1") != std::string_view::npos;
}

absl::StatusOr<Dynamics> Evaluate(const Values& values, Context& context) {
  if (values.files.files.size() == 1) {
    const std::string& name = values.files.files.front();
    const bool is_file = name == "-" || name.find('/') != std::string::npos;
    const auto scenario = FindScenario(name);
    if (scenario.ok() && (!is_file || name.ends_with(".yaml"))) {
      return EvaluateScenario(*scenario, values, context);
    }
    auto file = InputFile::Open(values.files.files.front());
    if (!file.ok()) return file.status();
    const auto is_table = IsShareTable(**file);
    if (!is_table.ok()) return is_table.status();
    if (*is_table) return EvaluateTable(**file, values, context);
  }
  return EvaluateSpans(values, context);
}

Table ScoreTable(std::span<const ShareScores> scores) {
  Table table(
      {{.key = "model", .header = "model"},
       {.key = "oneMinusTv", .header = "1 - TV %", .scale = 100, .decimals = 2},
       {.key = "kl", .header = "KL", .decimals = 4},
       {.key = "samples", .header = "samples"},
       {.key = "oneMinusTvAtChanges", .header = "at changes %", .scale = 100, .decimals = 2},
       {.key = "atChangesLow", .header = "low", .scale = 100, .decimals = 2},
       {.key = "atChangesHigh", .header = "high", .scale = 100, .decimals = 2},
       {.key = "oneMinusTvAfterChanges", .header = "step after %", .scale = 100, .decimals = 2},
       {.key = "changes", .header = "changes"},
       {.key = "gainAtChanges", .header = "gain", .scale = 100, .decimals = 2},
       {.key = "gainLow", .header = "low", .scale = 100, .decimals = 2},
       {.key = "gainHigh", .header = "high", .scale = 100, .decimals = 2}});
  const auto part = [](const std::optional<ScoreInterval>& interval,
                       double ScoreInterval::* member) -> Table::Cell {
    if (!interval) return std::monostate{};
    return (*interval).*member;
  };
  for (const ShareScores& of : scores) {
    table.AddRow(
        {of.model, of.one_minus_tv, CellOf(of.kl), static_cast<std::int64_t>(of.samples),
         part(of.at_changes, &ScoreInterval::mean), part(of.at_changes, &ScoreInterval::low),
         part(of.at_changes, &ScoreInterval::high), CellOf(of.after_changes),
         static_cast<std::int64_t>(of.changes), part(of.gain_at_changes, &ScoreInterval::mean),
         part(of.gain_at_changes, &ScoreInterval::low),
         part(of.gain_at_changes, &ScoreInterval::high)});
  }
  return table;
}

Table MixTable(const SizeMix& mix) {
  Table table({{.key = "days", .header = "days"},
               {.key = "complexShare", .header = "complex requests %", .scale = 100, .decimals = 1},
               {.key = "simpleShare", .header = "simple requests %", .scale = 100, .decimals = 1}});
  const auto add = [&](const char* days, const SizeShares& of) {
    table.AddRow({std::string(days), of.complex, of.simple});
  };
  add("training", mix.training);
  add("test", mix.test);
  add("(test, wanted)", mix.wanted);
  return table;
}

void WriteDynamics(const Dynamics& dynamics, const Values& values, Context& context) {
  if (values.output == OutputFormat::kJson) {
    nlohmann::ordered_json mix;
    if (dynamics.mix) mix = MixTable(*dynamics.mix).ToJson();
    return WriteJson({{"steps", dynamics.steps},
                      {"blocks", dynamics.blocks},
                      {"argumentClasses", dynamics.argument_classes},
                      {"graphClasses", dynamics.graph_classes},
                      {"window", values.window},
                      {"changeThreshold", dynamics.change},
                      {"mix", std::move(mix)},
                      {"models", ScoreTable(dynamics.forecasts).ToJson()},
                      {"entryMix", ScoreTable(dynamics.nowcasts).ToJson()}},
                     context.out);
  }
  if (values.output == OutputFormat::kCsv) {
    std::vector<ShareScores> all = dynamics.forecasts;
    all.insert(all.end(), dynamics.nowcasts.begin(), dynamics.nowcasts.end());
    return ScoreTable(all).WriteCsv(context.out);
  }
  fmt::print(context.out,
             "{} steps in {} blocks, {} graph classes, {} argument classes; a change is a step "
             "further than {:.2f} from the one before\n",
             dynamics.steps, dynamics.blocks, dynamics.graph_classes, dynamics.argument_classes,
             dynamics.change);
  if (dynamics.mix) {
    fmt::print(context.out,
               "\n{} requests, {} graph classes seen; on the days of the test operations are asked "
               "for exp({:.2f} s) times as often, s their share of simple requests, and stocks are "
               "{:.2f} times as large\n",
               dynamics.mix->requests, dynamics.mix->classes_seen, dynamics.mix->days.operations,
               std::exp(dynamics.mix->days.stocks));
    MixTable(*dynamics.mix).WriteText(context.out, context.color);
  }
  if (!dynamics.forecasts.empty()) {
    fmt::print(context.out, "\nThe next step from the {} before\n", values.window);
    ScoreTable(dynamics.forecasts).WriteText(context.out, context.color);
  }
  if (!dynamics.nowcasts.empty()) {
    context.out << "\nGraph classes of a step from its own entry operations\n";
    ScoreTable(dynamics.nowcasts).WriteText(context.out, context.color);
  }
}

}  // namespace

CommandAction DeclareEvalGraphDynamics(Arguments& arguments) {
  const auto values = std::make_shared<Values>();
  arguments.PositionalList(
      "file", &values->files.files,
      "span files, a table of shares (CSV with columns graph:NAME) or a scenario");
  arguments.Choice("format", &values->files.format, {"auto", "csv", "jaeger", "otlp", "alibaba"},
                   "format of span files; auto looks at each");
  arguments.Choice("class-by", &values->class_by, {"adjacency", "multiplicity"},
                   "spans: what must agree for two requests to be of one graph class");
  arguments.Option("step", &values->step,
                   {.min = std::chrono::seconds(1), .max = std::chrono::hours(24)},
                   "spans: length of a step");
  arguments.Option("steps", &values->steps, {.min = 100, .max = 1'000'000},
                   "scenario: steps to simulate, a fifth of them to test on");
  arguments.Option("window", &values->window, {.min = 1, .max = ShareNetworkShape::kMaxWindow},
                   "steps that a prediction reads");
  arguments.Option("folds", &values->folds, {.min = 2, .max = 100},
                   "runs of blocks that are held out in turn");
  arguments.Option("change", &values->change, {.min = 0, .max = 1},
                   "total variation from which a step is a change; 0: above the noise");
  arguments.OptionList("model", &values->models, "only this predictor; may be repeated", "NAME");
  arguments.Option("samples-read", &values->samples_read, {.min = 1, .max = 1'000'000'000},
                   "samples that a network reads while it is trained");
  arguments.Option("threads", &values->threads, {.min = 0, .max = 1024},
                   "threads to use, 0: one a core; changes no figure");
  arguments.Seed(&values->seed);
  arguments.Output(&values->output);
  return [values](Context& context) -> absl::StatusOr<ExitCode> {
    const auto dynamics = Evaluate(*values, context);
    if (!dynamics.ok()) return dynamics.status();
    WriteDynamics(*dynamics, *values, context);
    return ExitCode::kSuccess;
  };
}

}  // namespace trimtab
