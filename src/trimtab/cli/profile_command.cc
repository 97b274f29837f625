#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "trimtab/cli/arguments.h"
#include "trimtab/cli/commands.h"
#include "trimtab/cli/context.h"
#include "trimtab/cli/exit_code.h"
#include "trimtab/cli/output.h"
#include "trimtab/cli/sample_world.h"
#include "trimtab/cli/sweep_bars.h"
#include "trimtab/profile/distribution_profile.h"
#include "trimtab/profiling/distribution_sweep.h"
#include "trimtab/profiling/sample_journal.h"
#include "trimtab/profiling/sweep.h"

namespace trimtab {
namespace {

struct Values {
  std::string scenario;
  std::string out = "samples.csv";
  bool demo = false;
  bool distributions = false;
  std::int64_t samples = 0;
  std::int64_t tree_runs = -1;
  std::int64_t threads = 0;
  double lowest_load = SweepOptions().lowest_application_load.value();
  double highest_load = SweepOptions().highest_application_load.value();
  std::uint64_t seed = 1;
  OutputFormat output = OutputFormat::kTable;
};

SweepOptions OptionsOf(const Values& values) {
  SweepOptions options = values.demo ? SweepOptions::Demo() : SweepOptions();
  if (values.samples > 0) options.station_settings = values.samples;
  if (values.tree_runs >= 0) options.tree_runs = values.tree_runs;
  options.lowest_application_load = RequestsPerSecond(values.lowest_load);
  options.highest_application_load = RequestsPerSecond(values.highest_load);
  options.seed = values.seed;
  return options;
}

Table SummaryOf(const SampleTable& samples) {
  Table table({{.key = "microservice", .header = "microservice"},
               {.key = "trainingSamples", .header = "training"},
               {.key = "testSamples", .header = "test"},
               {.key = "wholeTreeSamples", .header = "in the tree"},
               {.key = "refusedSettings", .header = "refused"},
               {.key = "setAsideSettings", .header = "set aside"},
               {.key = "aloneBias", .header = "alone bias %", .scale = 100, .decimals = 1}});
  struct Counts {
    std::int64_t training = 0;
    std::int64_t test = 0;
    std::int64_t whole_tree = 0;
  };
  const auto& microservices = samples.manifest.microservices;
  std::vector<Counts> counts(microservices.size());
  for (const SampleRow& row : samples.rows) {
    Counts& of = counts[row.microservice.value()];
    of.training += row.role == SampleRole::kTrain ? 1 : 0;
    of.test += row.role == SampleRole::kTest ? 1 : 0;
    of.whole_tree += row.end_to_end ? 1 : 0;
  }
  for (std::size_t m = 0; m < microservices.size(); ++m) {
    const SampledMicroservice& of = microservices[m];
    Table::Cell bias;
    if (of.alone_bias.pairs > 0) bias = of.alone_bias.mean;
    table.AddRow({of.name, counts[m].training, counts[m].test, counts[m].whole_tree,
                  of.refused_settings, of.set_aside_settings, bias});
  }
  return table;
}

absl::StatusOr<ExitCode> RunProfile(const Values& values, Context& context) {
  const auto world = MakeSampleWorld(values.scenario);
  if (!world.ok()) return world.status();
  const auto prepared =
      PrepareSweep(world->application, *world->source, world->hash, OptionsOf(values));
  if (!prepared.ok()) return prepared.status();
  const auto journal = SampleJournal::Open(values.out, prepared->manifest);
  if (!journal.ok()) return journal.status();
  if (const auto& rows = (*journal)->recovered(); !rows.empty()) {
    context.progress.Note(fmt::format("going on after setting {} of {}", rows.back().setting + 1,
                                      prepared->manifest.settings));
  }
  SweepBars bars(context.progress);
  const SweepRunner runner{
      .threads = ThreadsOf(values.threads), .progress = bars.Callback(), .stop = &context.stop};
  const auto samples =
      RunSweep(world->application, *world->source, *prepared, runner, journal->get());
  if (absl::IsCancelled(samples.status())) {
    return absl::CancelledError(fmt::format(
        "what was measured is in '{}.part': the same command goes on from there", values.out));
  }
  if (!samples.ok()) return samples.status();
  SummaryOf(*samples).Write(values.output, context.color, context.out);
  if (values.output == OutputFormat::kTable) {
    context.out << fmt::format("{} samples of {} settings in {}\n", samples->manifest.rows,
                               samples->manifest.settings, values.out);
  }
  return ExitCode::kSuccess;
}

// A row a microservice and level of interference.
Table DistributionTable(const DistributionProfile& profile) {
  const auto percent = [](std::string key, std::string header) {
    return Table::Column{
        .key = std::move(key), .header = std::move(header), .scale = 100, .decimals = 1};
  };
  Table table({{.key = "microservice", .header = "microservice"},
               {.key = "cpuInterference", .header = "interference", .decimals = 2},
               {.key = "lowestLoadPerSecond", .header = "calls/s from", .decimals = 2},
               {.key = "highestLoadPerSecond", .header = "to", .decimals = 1},
               {.key = "slope", .header = "slope", .decimals = 3},
               {.key = "interceptPerSecond", .header = "intercept 1/s", .decimals = 1},
               percent("ks", "KS %"),
               percent("p95ErrorPaper", "P95 error, paper %"),
               percent("p95ErrorTail", "tail %"),
               percent("p95ErrorCumulants", "cumulants %")});
  for (const ProfiledDistribution& of : profile.microservices) {
    for (std::size_t i = 0; i < of.levels.size(); ++i) {
      const LatencyLaws& at = of.levels[i];
      table.AddRow({of.name, profile.levels[i].ValueOr(InterferenceKind::kCpu, 0),
                    at.paper.lowest_load, at.paper.highest_load, at.paper.slope, at.paper.intercept,
                    at.quality.paper_ks, at.quality.paper_p95_error, at.quality.tail_p95_error,
                    at.quality.cumulants_p95_error});
    }
  }
  return table;
}

absl::StatusOr<ExitCode> RunDistributions(const Values& values, Context& context) {
  const auto world = MakeSampleWorld(values.scenario);
  if (!world.ok()) return world.status();
  DistributionSweepOptions options;
  options.seed = values.seed;
  if (values.samples > 0) {
    options.samples = values.samples;
    options.paper_samples = std::min(options.paper_samples, values.samples);
  }
  SweepBars bars(context.progress);
  const auto profile = MeasureDistributions(world->application, world->hash,
                                            world->initial_containers, *world->source, options,
                                            {.threads = ThreadsOf(values.threads),
                                             .progress = bars.Callback("measure distributions"),
                                             .stop = &context.stop});
  if (!profile.ok()) return profile.status();
  if (auto s = SaveDistributionProfile(*profile, values.out); !s.ok()) return s;
  DistributionTable(*profile).Write(values.output, context.color, context.out);
  return ExitCode::kSuccess;
}

}  // namespace

CommandAction DeclareProfile(Arguments& arguments) {
  const auto values = std::make_shared<Values>();
  arguments.Positional("scenario", &values->scenario, "name or file of a scenario");
  arguments.Option("out", &values->out, "table of samples to write; .gz compresses it", "FILE");
  arguments.Flag("demo", &values->demo, "about 4,000 settings in all instead of the full sweep");
  arguments.Option("samples", &values->samples, {.min = 0, .max = 100'000'000},
                   "settings to measure alone, over all microservices; 0: as the sweep says. With "
                   "--distributions requests at each load");
  arguments.Option("tree-runs", &values->tree_runs, {.min = -1, .max = 1'000'000},
                   "runs of the whole application; -1: as the sweep says");
  arguments.Option("lowest-load", &values->lowest_load, {.min = 0.001, .max = 1e7},
                   "lowest application load of those runs, in requests/s");
  arguments.Option("highest-load", &values->highest_load, {.min = 0.001, .max = 1e7},
                   "highest application load of those runs, in requests/s");
  arguments.Option("threads", &values->threads, {.min = 0, .max = 1024},
                   "threads to use, 0: one a core; changes no sample");
  arguments.Seed(&values->seed);
  arguments.Output(&values->output);
  arguments.Flag("distributions", &values->distributions,
                 "whole distributions in containers of the initial size, for Derm, as JSON");
  return [values](Context& context) {
    return values->distributions ? RunDistributions(*values, context)
                                 : RunProfile(*values, context);
  };
}

}  // namespace trimtab
