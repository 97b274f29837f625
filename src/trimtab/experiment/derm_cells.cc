#include "trimtab/experiment/derm_cells.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "trimtab/experiment/comparison.h"
#include "trimtab/experiment/policy_run.h"
#include "trimtab/experiment/remaining_time.h"
#include "trimtab/experiment/share_training.h"
#include "trimtab/neural/parallel_for.h"
#include "trimtab/probability/log_histogram.h"
#include "trimtab/profile/atomic_file.h"

namespace trimtab {
namespace {

constexpr int kCellVersion = 1;
constexpr double kRequestWork = 2;
constexpr double kDermWork = 130;
constexpr double kOtherWork = 85;
constexpr double kTracesPerSecond = 20;
constexpr Duration kHistory = std::chrono::minutes(40);
constexpr std::array kHpaTargets = {30.0, 45.0, 60.0, 75.0};
constexpr std::array kStaticUtilizations = {0.25, 0.4, 0.55, 0.7};

bool LooksAtSla(DermArm arm) {
  return arm != DermArm::kHpa && arm != DermArm::kHpaTuned && arm != DermArm::kStatic;
}

bool IsDerm(DermArm arm) { return LooksAtSla(arm); }

double LoadAtStart(const CellSetting& setting, const DermCell& cell) {
  return cell.load > 0 ? cell.load : std::max(setting.series->At(Duration(0)), 1.0);
}

double MeanLoad(const CellSetting& setting, const DermCell& cell) {
  if (cell.load > 0) return cell.load;
  double sum = 0;
  for (const double value : setting.series->values()) sum += value;
  return sum / static_cast<double>(setting.series->values().size());
}

// About the CPU time of a run in ms, as it was measured: by the requests of a minute, and what a
// minute of a policy takes whatever the load is.
double WorkOf(const CellSetting& setting, const DermCell& cell) {
  const double minutes = setting.minutes;
  return minutes *
         (kRequestWork * MeanLoad(setting, cell) + (IsDerm(cell.arm) ? kDermWork : kOtherWork));
}

double SpanShare(double load) { return std::min(1.0, kTracesPerSecond / load); }

// Whether a run begins with what training days have shown.
bool KnowsDays(const ExperimentInput& input, DermArm arm) {
  return (arm == DermArm::kNetwork || arm == DermArm::kHistory) && GraphsMove(input.scenario);
}

// Everything that a cell's outcome depends on, in words; also the name of its file.
absl::StatusOr<std::string> KeyOf(const ExperimentInput& input, const CellSetting& setting,
                                  const DermCell& cell) {
  std::string key = fmt::format("{} v{} {} seed {} load {:.3f} minutes {} skip {} profile {}",
                                DermArmName(cell.arm), kCellVersion, ScenarioHash(input.scenario),
                                cell.seed, MeanLoad(setting, cell), setting.minutes,
                                setting.skip_minutes, input.distributions->sample_seed);
  if (LooksAtSla(cell.arm)) key += fmt::format(" sla {:.4f}", cell.sla);
  if (cell.arm == DermArm::kHpaTuned) key += fmt::format(" target {:.1f}", cell.tuning.hpa_target);
  if (cell.arm == DermArm::kStatic) {
    key += fmt::format(" utilization {:.2f} of {:.1f}", cell.tuning.static_utilization,
                       setting.static_load);
  }
  if (KnowsDays(input, cell.arm)) {
    const auto days =
        ShareTrainingKey(input.scenario, TrainingDaysOf(input, SpanShare(MeanLoad(setting, cell))));
    if (!days.ok()) return days.status();
    key += " days " + *days;
  }
  return key;
}

// What is known before the runs under one load.
struct Knowledge {
  GraphMix before;  // of another seed: what every arm is sized for at its start
  // Of the training days, where an arm asks for them.
  std::optional<GraphMix> history;
  std::optional<std::shared_ptr<const ShareKnowledge>> shares;
};

absl::StatusOr<std::shared_ptr<const ShareKnowledge>> LearnedShares(const ExperimentInput& input,
                                                                    const ShareTrainingDays& days) {
  if (input.shares) return input.shares(days.span_share);
  auto shares = LearnShares(input.scenario, days);
  if (!shares.ok()) return shares.status();
  return std::make_shared<const ShareKnowledge>(*std::move(shares));
}

// By the mean load: tickets sell out sooner under a higher one.
absl::StatusOr<std::map<double, Knowledge>> KnowledgeOf(const ExperimentInput& input,
                                                        const CellSetting& setting,
                                                        const std::vector<DermCell>& cells) {
  std::map<double, Knowledge> known;
  for (const DermCell& cell : cells) {
    const double load = MeanLoad(setting, cell);
    const auto [at, is_new] = known.try_emplace(load);
    Knowledge& of = at->second;
    if (is_new) {
      const StepSeries series = cell.load > 0 ? StepSeries::Constant(load) : *setting.series;
      auto mix = CountGraphs(input.scenario, series, Duration(0), kHistory, setting.history_seed);
      if (!mix.ok()) return mix.status();
      of.before = *std::move(mix);
    }
    if (!KnowsDays(input, cell.arm)) continue;
    const ShareTrainingDays days = TrainingDaysOf(input, SpanShare(load));
    if (cell.arm == DermArm::kHistory && !of.history) {
      auto mix = CountTrainingGraphs(input.scenario, days);
      if (!mix.ok()) return mix.status();
      of.history = *std::move(mix);
    } else if (cell.arm == DermArm::kNetwork && !of.shares) {
      auto shares = LearnedShares(input, days);
      if (!shares.ok()) return shares.status();
      of.shares = *std::move(shares);
    }
  }
  return known;
}

nlohmann::ordered_json CellToJson(const std::string& key, const CellSetting& setting,
                                  const CellOutcome& cell) {
  nlohmann::ordered_json json = {{"key", key},
                                 {"slaSeconds", setting.slas},
                                 {"containers", cell.containers},
                                 {"violations", cell.violations},
                                 {"p95Seconds", cell.p95_seconds},
                                 {"p99Seconds", cell.p99_seconds},
                                 {"classes", nlohmann::ordered_json::array()},
                                 {"minutes", nlohmann::ordered_json::array()}};
  if (cell.expected) json["expectedAttainment"] = *cell.expected;
  for (const ClassOutcome& of : cell.classes) {
    json["classes"].push_back(
        {{"id", of.id}, {"traces", of.traces}, {"share", of.share}, {"attainment", of.measured}});
    if (of.expected) json["classes"].back()["expectedAttainment"] = *of.expected;
  }
  for (const CellMinute& of : cell.minutes) {
    json["minutes"].push_back({of.minute, of.application_load, of.containers, of.p95_seconds});
  }
  return json;
}

// A cell that this program wrote under the same key; nothing for any other content.
std::optional<CellOutcome> ReadCell(const std::string& path, const std::string& key,
                                    const CellSetting& setting) {
  std::ifstream file(path, std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  const auto json = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return std::nullopt;
  try {
    if (json.value("key", "") != key ||
        json.value("slaSeconds", std::vector<double>{}) != setting.slas) {
      return std::nullopt;
    }
    CellOutcome cell;
    cell.containers = json.value("containers", 0.0);
    cell.violations = json.value("violations", std::vector<double>{});
    if (cell.violations.size() != setting.slas.size()) return std::nullopt;
    cell.p95_seconds = json.value("p95Seconds", 0.0);
    cell.p99_seconds = json.value("p99Seconds", 0.0);
    if (json.contains("expectedAttainment")) cell.expected = json.value("expectedAttainment", 0.0);
    for (const auto& of : json.value("classes", nlohmann::json::array())) {
      ClassOutcome& out = cell.classes.emplace_back();
      out.id = of.value("id", "");
      out.traces = of.value("traces", std::int64_t{0});
      out.share = of.value("share", 0.0);
      out.measured = of.value("attainment", 0.0);
      if (of.contains("expectedAttainment")) out.expected = of.value("expectedAttainment", 0.0);
    }
    for (const auto& of : json.value("minutes", std::vector<std::array<double, 4>>{})) {
      cell.minutes.push_back({of[0], of[1], of[2], of[3]});
    }
    return cell;
  } catch (const nlohmann::json::exception&) {
    return std::nullopt;
  }
}

// Pools what the windows that count say about each SLA.
struct Pool {
  LogHistogram latencies;
  double failures = 0;
  double requests = 0;

  void Add(const WindowRecord& window) {
    latencies.Merge(window.end_to_end);
    failures += static_cast<double>(window.failures);
    requests += static_cast<double>(window.requests);
  }
  double Violations(double sla_seconds) const {
    if (requests == 0) return 0;
    const auto bound = static_cast<std::int64_t>(std::llround(sla_seconds * 1e9));
    return (latencies.CountAbove(bound) + failures) / requests;
  }
};

absl::StatusOr<CellOutcome> RunCell(const ExperimentInput& input, const CellSetting& setting,
                                    const Knowledge& known, const DermCell& cell) {
  Scenario scenario = input.scenario;
  scenario.sla.latency = Latency(1e3 * cell.sla);
  const double load = MeanLoad(setting, cell);
  auto run = MakeArm({.scenario = scenario,
                      .distributions = *input.distributions,
                      .history = known.before,
                      .first_load = LoadAtStart(setting, cell),
                      .static_load = setting.static_load > 0 ? setting.static_load : load,
                      .tuning = cell.tuning,
                      .shares = known.shares.value_or(nullptr)},
                     cell.arm);
  if (!run.ok()) return run.status();
  run->minutes = setting.minutes;
  run->skip_minutes = setting.skip_minutes;
  run->seed = cell.seed;
  run->span_share = SpanShare(load);
  const WorkloadSeries workload{
      .load = cell.load > 0 ? StepSeries::Constant(cell.load) : *setting.series,
      .interference = {}};
  const Instant counts{std::chrono::minutes(setting.skip_minutes)};
  Pool pool;
  AttainmentNotes notes;
  const GraphMix* history = known.history ? &*known.history : &known.before;
  const GraphMix* told = cell.arm == DermArm::kHistory ? history : nullptr;
  const auto record = RunPolicy(
      scenario, workload, *run,
      {.progress = nullptr,
       .stopped = input.stopped,
       .stopwatch = input.stopwatch,
       .on_window =
           [&](const WindowRecord& window) {
             if (window.start >= counts) pool.Add(window);
           },
       .decorate = [&](std::unique_ptr<ScalingPolicy> policy) -> std::unique_ptr<ScalingPolicy> {
         return std::make_unique<RecordedPolicy>(std::move(policy), notes, counts, told);
       }});
  if (!record.ok()) return record.status();
  CellOutcome outcome;
  outcome.expected = notes.Expected();
  outcome.classes = notes.Classes();
  for (const double sla : setting.slas) outcome.violations.push_back(pool.Violations(sla));
  outcome.p95_seconds = record->summary.p95_seconds;
  outcome.p99_seconds = pool.latencies.ValueAt(kP99) * 1e-9;
  outcome.containers = record->summary.mean_resource_units.cpu;
  for (const WindowRow& row : record->windows) {
    outcome.minutes.push_back({row.minute, row.application_load, row.units.cpu, row.p95_seconds});
  }
  return outcome;
}

}  // namespace

absl::StatusOr<std::vector<CellOutcome>> RunCells(const ExperimentInput& input,
                                                  const CellSetting& setting,
                                                  const std::vector<DermCell>& cells) {
  const std::string folder = input.directory + "/cells";
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) {
    return absl::UnavailableError(fmt::format("creating '{}': {}", folder, error.message()));
  }
  std::map<std::string, std::size_t> first;  // by key: the cell that is run for all of that key
  std::vector<std::string> keys;
  std::vector<std::size_t> to_run;
  std::vector<DermCell> missing;
  std::map<std::string, CellOutcome> done;
  for (std::size_t c = 0; c < cells.size(); ++c) {
    auto key = KeyOf(input, setting, cells[c]);
    if (!key.ok()) return key.status();
    keys.push_back(*std::move(key));
    if (!first.emplace(keys[c], c).second) continue;
    auto kept = ReadCell(fmt::format("{}/{}.json", folder, FolderOf(keys[c])), keys[c], setting);
    if (kept) {
      done.emplace(keys[c], *std::move(kept));
    } else {
      to_run.push_back(c);
      missing.push_back(cells[c]);
    }
  }
  const auto known = KnowledgeOf(input, setting, missing);
  if (!known.ok()) return known.status();
  std::vector<absl::StatusOr<CellOutcome>> results(to_run.size(), absl::UnknownError("not run"));
  double work = 0;
  for (const std::size_t c : to_run) work += WorkOf(setting, cells[c]);
  RemainingTime remaining("runs", work, input.stopwatch,
                          [&](const std::string& line) { input.progress.Note(line); });
  const auto bar = input.progress.Start("runs", std::ssize(to_run));
  std::atomic<std::int64_t> finished{0};
  ParallelFor(to_run.size(), input.threads, [&](std::size_t k) {
    const std::size_t c = to_run[k];
    results[k] = RunCell(input, setting, known->at(MeanLoad(setting, cells[c])), cells[c]);
    if (results[k].ok()) {
      const auto s = ReplaceFile(fmt::format("{}/{}.json", folder, FolderOf(keys[c])),
                                 CellToJson(keys[c], setting, *results[k]).dump() + "\n");
      if (!s.ok()) results[k] = s;
    }
    remaining.Add(WorkOf(setting, cells[c]));
    bar(++finished);
  });
  for (std::size_t k = 0; k < to_run.size(); ++k) {
    if (!results[k].ok()) {
      return absl::Status(
          results[k].status().code(),
          fmt::format("{}: {}", keys[to_run[k]], std::string(results[k].status().message())));
    }
    done.emplace(keys[to_run[k]], *std::move(results[k]));
  }
  std::vector<CellOutcome> outcomes;
  for (const std::string& key : keys) outcomes.push_back(done.at(key));
  return outcomes;
}

absl::StatusOr<std::vector<ArmTuning>> TuneArms(const ExperimentInput& input,
                                                const CellSetting& setting, double load,
                                                std::uint64_t seed) {
  std::vector<DermCell> cells;
  for (const double target : kHpaTargets) {
    cells.push_back({.arm = DermArm::kHpaTuned,
                     .tuning = {.hpa_target = target},
                     .load = load,
                     .sla = setting.slas.front(),
                     .seed = seed});
  }
  for (const double utilization : kStaticUtilizations) {
    cells.push_back({.arm = DermArm::kStatic,
                     .tuning = {.static_utilization = utilization},
                     .load = load,
                     .sla = setting.slas.front(),
                     .seed = seed});
  }
  const auto outcomes = RunCells(input, setting, cells);
  if (!outcomes.ok()) return outcomes.status();
  const double allowed = 1 - input.scenario.sla.quantile.level();
  const auto best = [&](std::size_t from, std::size_t to, std::size_t sla) {
    const auto loss = [&](std::size_t c) {
      const CellOutcome& of = (*outcomes)[c];
      const double excess = of.violations[sla] - allowed;
      return excess > 0 ? 1e9 * (1 + excess) : of.containers;
    };
    std::size_t chosen = from;
    for (std::size_t c = from + 1; c < to; ++c) {
      if (loss(c) < loss(chosen)) chosen = c;
    }
    return chosen;
  };
  std::vector<ArmTuning> tunings;
  for (std::size_t sla = 0; sla < setting.slas.size(); ++sla) {
    const std::size_t hpa = best(0, kHpaTargets.size(), sla);
    const std::size_t fixed = best(kHpaTargets.size(), cells.size(), sla);
    tunings.push_back({.hpa_target = cells[hpa].tuning.hpa_target,
                       .static_utilization = cells[fixed].tuning.static_utilization});
  }
  return tunings;
}

}  // namespace trimtab
