#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "trimtab/cli/arguments.h"
#include "trimtab/cli/commands.h"
#include "trimtab/cli/context.h"
#include "trimtab/cli/exit_code.h"
#include "trimtab/cli/output.h"
#include "trimtab/cli/sweep_bars.h"
#include "trimtab/clock/system_clock.h"
#include "trimtab/profile/application_profile.h"
#include "trimtab/profiling/sample_table.h"
#include "trimtab/profiling/train_profile.h"

namespace trimtab {
namespace {

struct Values {
  std::string samples = "samples.csv";
  std::string tree_samples;
  std::string out = "profile.json";
  std::string simd = "native";
  std::int64_t threads = 0;
  std::uint64_t seed = 1;
  OutputFormat output = OutputFormat::kTable;
};

Table SummaryOf(const ApplicationProfile& profile) {
  Table table(
      {{.key = "model", .header = "model"},
       {.key = "trainingSamples", .header = "trained on"},
       {.key = "testSamples", .header = "tested on"},
       {.key = "accuracy", .header = "accuracy %", .decimals = 1},
       {.key = "accuracyWithoutInterference", .header = "without interference %", .decimals = 1},
       {.key = "cpuSignShare", .header = "right signs: CPU %", .scale = 100, .decimals = 1},
       {.key = "memorySignShare", .header = "memory %", .scale = 100, .decimals = 1},
       {.key = "loadSignShare", .header = "load %", .scale = 100, .decimals = 1}});
  for (const ProfiledMicroservice& of : profile.microservices) {
    const LatencyQuality& q = of.quality;
    if (q.samples == 0) {
      table.AddRow({of.name, of.training_samples, std::int64_t{0}, {}, {}, {}, {}, {}});
      continue;
    }
    const auto all = std::ranges::find(q.masked, "all", &LatencyQuality::Masked::hidden);
    Table::Cell masked;
    if (all != q.masked.end()) masked = all->accuracy;
    table.AddRow({of.name, of.training_samples, q.samples, q.accuracy, masked, q.right_signs.cpu,
                  q.right_signs.memory, q.right_signs.load});
  }
  const EndToEndQuality& q = profile.end_to_end_quality;
  Table::Cell accuracy;
  if (q.test_runs > 0) accuracy = q.accuracy;
  table.AddRow({std::string("end-to-end"), q.training_runs, q.test_runs, accuracy, {}, {}, {}, {}});
  return table;
}

absl::StatusOr<ExitCode> RunTrain(const Values& values, Context& context) {
  const auto samples = LoadSampleTable(values.samples);
  if (!samples.ok()) return samples.status();
  absl::StatusOr<SampleTable> tree_samples = absl::NotFoundError("");
  if (!values.tree_samples.empty()) {
    tree_samples = LoadSampleTable(values.tree_samples);
    if (!tree_samples.ok()) return tree_samples.status();
  }
  SweepBars bars(context.progress);
  TrainingOptions options;
  const auto simd = ParseSimdLevel(values.simd);
  if (!simd.ok()) return simd.status();
  options.latency.simd = *simd;
  options.seed = values.seed;
  options.threads = ThreadsOf(values.threads);
  options.progress = bars.Callback("train");
  auto profile = TrainProfile(*samples, tree_samples.ok() ? *tree_samples : *samples, options);
  if (!profile.ok()) return profile.status();
  profile->trained_at = SystemClock().Now();
  if (auto status = SaveProfile(*profile, values.out); !status.ok()) return status;
  SummaryOf(*profile).Write(values.output, context.color, context.out);
  return ExitCode::kSuccess;
}

}  // namespace

CommandAction DeclareTrain(Arguments& arguments) {
  const auto values = std::make_shared<Values>();
  arguments.Option("samples", &values->samples, "table that `trimtab profile` wrote", "FILE");
  arguments.Option("tree-samples", &values->tree_samples,
                   "table with the runs of the whole application, where they are in another one",
                   "FILE");
  arguments.Option("out", &values->out, "profile to write", "FILE");
  arguments.Choice("simd", &values->simd, {"native", "portable"},
                   "portable: the same models on every machine of the architecture");
  arguments.Option("threads", &values->threads, {.min = 0, .max = 1024},
                   "threads to use, 0: one a core; changes no model");
  arguments.Seed(&values->seed);
  arguments.Output(&values->output);
  return [values](Context& context) { return RunTrain(*values, context); };
}

}  // namespace trimtab
