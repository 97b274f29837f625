#include "trimtab/cli/experiment_support.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "trimtab/cli/context.h"
#include "trimtab/cli/scenarios.h"
#include "trimtab/cli/sweep_bars.h"
#include "trimtab/experiment/comparison.h"
#include "trimtab/experiment/experiment.h"
#include "trimtab/experiment/policy_choices.h"
#include "trimtab/profiling/distribution_sweep.h"
#include "trimtab/profiling/train_profile.h"
#include "trimtab/simulation/simulated_samples.h"
#include "trimtab/workload/recording.h"

namespace trimtab {
namespace {

absl::Status ReadRecordings(const ExperimentArguments& arguments, RecordedWorkload& recorded) {
  if (!arguments.load_file.empty()) {
    const auto text = ReadRecordingFile(arguments.load_file);
    if (!text.ok()) return text.status();
    const auto recording = ParseLoadRecording(*text, arguments.load_file);
    if (!recording.ok()) return recording.status();
    auto steps = ToSteps(*recording);
    if (!steps.ok()) return steps.status();
    recorded.load = *std::move(steps);
  }
  if (!arguments.interference_file.empty()) {
    const auto text = ReadRecordingFile(arguments.interference_file);
    if (!text.ok()) return text.status();
    const auto recording = ParseInterferenceRecording(*text, arguments.interference_file);
    if (!recording.ok()) return recording.status();
    for (std::size_t kind = 0; kind < recording->kinds.size(); ++kind) {
      if (!recording->kinds[kind]) continue;
      auto steps = ToSteps(*recording->kinds[kind]);
      if (!steps.ok()) return steps.status();
      recorded.interference[kind] = *std::move(steps);
    }
  }
  return absl::OkStatus();
}

Duration ProcessorTime() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

absl::StatusOr<DistributionProfile> MeasureInitialSizes(const Scenario& scenario,
                                                        const SampleSource& source,
                                                        const std::string& hash, std::uint64_t seed,
                                                        const DistributionSweepRunner& runner) {
  std::vector<ContainerConfig> containers;
  for (const MicroserviceAllocation& of : InitialAllocation(scenario)) {
    containers.push_back(of.container);
  }
  DistributionSweepOptions options;
  options.seed = seed;
  return MeasureDistributions(scenario.application, hash, containers, source, options, runner);
}

}  // namespace

std::string CacheFolder() {
  if (const char* cache = std::getenv("XDG_CACHE_HOME"); cache != nullptr && *cache != '\0') {
    return std::string(cache) + "/trimtab";
  }
  if (const char* home = std::getenv("HOME"); home != nullptr && *home != '\0') {
    return std::string(home) + "/.cache/trimtab";
  }
  return "";
}

std::function<void(std::int64_t)> BarProgress::Start(std::string name, std::int64_t total) {
  struct Line {
    std::optional<Progress::Bar> bar;
    std::int64_t total;
  };
  auto line = std::make_shared<Line>();
  line->total = std::max<std::int64_t>(total, 1);
  // The bar appears with the first part done, so that waiting work draws nothing.
  return [this, line, name = std::move(name)](std::int64_t done) {
    if (done >= line->total) {
      line->bar.reset();
      return;
    }
    if (!line->bar) line->bar.emplace(progress_.Start(name, line->total));
    line->bar->Set(done);
  };
}

absl::StatusOr<ExperimentInput> MakeExperimentInput(const ExperimentArguments& arguments,
                                                    ExperimentProgress& progress,
                                                    Context& context) {
  auto path = FindScenario(arguments.scenario);
  if (!path.ok()) return path.status();
  auto scenario = LoadScenario(*path);
  if (!scenario.ok()) return scenario.status();
  std::error_code error;
  std::filesystem::create_directories(arguments.directory, error);
  if (error) {
    return absl::InvalidArgumentError(
        fmt::format("--out '{}': {}", arguments.directory, error.message()));
  }
  ExperimentInput input{.scenario_path = *std::move(path),
                        .scenario = *std::move(scenario),
                        .seed = arguments.seed,
                        .threads = MachineThreads(),
                        .minutes = arguments.minutes,
                        .directory = arguments.directory,
                        .recorded = {},
                        .progress = progress,
                        .stopped = [&context] { return context.stop.load(); },
                        .stopwatch =
                            [] {
                              return std::chrono::duration_cast<Duration>(
                                  std::chrono::steady_clock::now().time_since_epoch());
                            },
                        .processor_time = &ProcessorTime};
  if (auto s = ReadRecordings(arguments, input.recorded); !s.ok()) return s;
  return input;
}

void DeclareSimd(Arguments& arguments, std::string* simd) {
  arguments.Choice("simd", simd, {"native", "portable"},
                   "how the models compute; portable: the same bytes on every x86-64 machine");
}

absl::StatusOr<ApplicationProfile> ProfileFor(const ExperimentInput& input, const std::string& path,
                                              const std::string& simd, Context& context) {
  const auto level = ParseSimdLevel(simd);
  if (!level.ok()) return level.status();
  const Scenario& scenario = input.scenario;
  const std::string hash = ClusterHash(scenario.cluster);
  std::string cached = path;
  if (path.empty()) {
    const std::string folder = CacheFolder();
    if (!folder.empty())
      cached = fmt::format("{}/{}-{}-{}.profile.json", folder, hash, input.seed, simd);
    if (cached.empty() || !std::filesystem::exists(cached)) {
      context.progress.Note(fmt::format("no profile of '{}' yet: profiling and training now",
                                        scenario.application.name()));
      const auto source = SimulatedSamples::Create(scenario.cluster);
      if (!source.ok()) return source.status();
      SweepBars bars(context.progress);
      SweepOptions sweep = SweepOptions::Demo();
      sweep.seed = input.seed;
      TrainingOptions training;
      training.seed = input.seed;
      training.latency.simd = *level;
      training.threads = input.threads;
      training.progress = bars.Callback("train");
      auto made = ProfileAndTrain(
          scenario.application, **source, hash, sweep,
          {.threads = input.threads, .progress = bars.Callback(), .stop = &context.stop}, training);
      if (!made.ok()) return made.status();
      auto distributions = MeasureInitialSizes(scenario, **source, hash, input.seed,
                                               {.threads = input.threads, .stop = &context.stop});
      if (!distributions.ok()) return distributions.status();
      made->profile.distributions = *std::move(distributions);
      if (!cached.empty()) {
        std::error_code error;
        std::filesystem::create_directories(std::filesystem::path(cached).parent_path(), error);
        if (auto s = SaveProfile(made->profile, cached); !s.ok()) {
          context.progress.Note("the profile is not kept: " + std::string(s.message()));
        }
      }
      return std::move(made->profile);
    }
  }
  auto profile = LoadProfile(cached, *level);
  if (!profile.ok()) return profile.status();
  if (auto s = CheckProfileFits(*profile, scenario.application, hash); !s.ok()) return s;
  return profile;
}

absl::StatusOr<DistributionProfile> DistributionsFor(const ExperimentInput& input,
                                                     const std::string& path, Context& context) {
  const Scenario& scenario = input.scenario;
  const std::string hash = ClusterHash(scenario.cluster);
  if (!path.empty()) {
    auto profile = LoadProfile(path, SimdLevel::kPortable);
    if (!profile.ok()) return profile.status();
    if (auto s = CheckProfileFits(*profile, scenario.application, hash); !s.ok()) return s;
    if (profile->distributions) return *std::move(profile->distributions);
  }
  const std::string folder = CacheFolder();
  const std::string cached = folder.empty()
                                 ? ""
                                 : fmt::format("{}/{}-{}-{}.distributions.json", folder,
                                               scenario.application.name(), hash, input.seed);
  if (!cached.empty() && std::filesystem::exists(cached)) {
    auto distributions = LoadDistributionProfile(cached);
    // A file of an earlier version of the program is measured again.
    if (distributions.ok() || !absl::IsFailedPrecondition(distributions.status())) {
      if (!distributions.ok()) return distributions.status();
      if (auto s = CheckDistributionsFit(*distributions, scenario.application, hash); !s.ok()) {
        return s;
      }
      return distributions;
    }
  }
  const auto source = SimulatedSamples::Create(scenario.cluster);
  if (!source.ok()) return source.status();
  SweepBars bars(context.progress);
  auto made = MeasureInitialSizes(scenario, **source, hash, input.seed,
                                  {.threads = input.threads,
                                   .progress = bars.Callback("measure distributions"),
                                   .stop = &context.stop});
  if (!made.ok()) return made.status();
  if (!cached.empty()) {
    std::error_code error;
    std::filesystem::create_directories(std::filesystem::path(cached).parent_path(), error);
    if (auto s = SaveDistributionProfile(*made, cached); !s.ok()) {
      context.progress.Note("the distributions are not kept: " + std::string(s.message()));
    }
  }
  return made;
}

absl::StatusOr<StaticSearchResult> SearchStaticFor(const ExperimentInput& input, int minutes) {
  const auto workload = WorkloadOf(input, minutes);
  if (!workload.ok()) return workload.status();
  // About as many trials as a bisection of every quantity in two passes takes.
  const auto bar = input.progress.Start(
      "search static", static_cast<std::int64_t>(input.scenario.application.size()) * 18);
  return SearchStatic(input.scenario, WorstOf(*workload, std::chrono::minutes(minutes)),
                      {.seed = input.seed, .progress = bar, .stopped = input.stopped});
}

Table TableOf(const ResultTable& result) {
  std::vector<Table::Column> columns;
  for (const ResultTable::Column& column : result.columns) {
    columns.push_back({.key = column.key,
                       .header = column.header,
                       .scale = column.scale,
                       .decimals = column.decimals});
  }
  Table table(std::move(columns));
  for (const auto& row : result.rows) {
    std::vector<Table::Cell> cells;
    for (const ResultTable::Cell& cell : row) {
      cells.push_back(std::visit([](const auto& value) { return Table::Cell(value); }, cell));
    }
    table.AddRow(std::move(cells));
  }
  return table;
}

}  // namespace trimtab
