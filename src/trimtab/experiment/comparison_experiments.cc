#include "trimtab/experiment/comparison_experiments.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "trimtab/experiment/comparison.h"
#include "trimtab/experiment/figures.h"
#include "trimtab/experiment/html_report.h"
#include "trimtab/experiment/policy_choices.h"
#include "trimtab/experiment/run_record.h"
#include "trimtab/experiment/tuned_options.h"

namespace trimtab {
namespace {

constexpr int kGoalSeeds = 5;
// Derm VIII-C2: "over a 40-minute span".
constexpr int kDermMinutes = 40;
constexpr Duration kDermStep = std::chrono::seconds(30);
// Of the requests that are traced: enough for the shares of some 40 graphs in a window.
constexpr double kDermSpanShare = 0.3;

// The policies of a comparison; `profile` is Grad's.
absl::StatusOr<std::vector<PolicyRunOptions>> Contestants(const ExperimentInput& input,
                                                          const TunedOptions& tuned) {
  std::vector<PolicyRunOptions> runs;
  auto grad = GradChoice(input.scenario, *input.profile, GradFidelity::kCorrected, tuned.grad);
  if (!grad.ok()) return grad.status();
  runs.push_back(*std::move(grad));
  runs.push_back(HpaChoice(input.scenario, OutOfTheBoxHpa()));
  if (tuned.hpa) {
    runs.push_back(HpaChoice(input.scenario, *tuned.hpa));
    runs.back().label = fmt::format("hpa tuned ({:.0f} %)", tuned.hpa->target_utilization);
  }
  if (tuned.static_allocation) runs.push_back(StaticChoice(*tuned.static_allocation));
  for (PolicyRunOptions& run : runs) {
    run.minutes = input.minutes.value_or(kComparisonMinutes);
    run.seed = input.seed;
  }
  return runs;
}

absl::StatusOr<TunedOptions> TunedFor(const ExperimentInput& input) {
  return LoadTuned(input.scenario_path, input.scenario.application,
                   ClusterHash(input.scenario.cluster));
}

std::string Verdict(const RunRecord& grad, const RunRecord& rival) {
  const bool few = grad.summary.sla_violation_share <= kGoalViolationShare;
  const bool cheap =
      grad.summary.mean_resource_units.total() < rival.summary.mean_resource_units.total();
  return fmt::format(
      "{}: {} violates in {:.2f} % of the windows (goal {:.1f} %) with {:.1f} units; {} in {:.2f} "
      "% with {:.1f}",
      few && cheap ? "met" : "missed", grad.label, grad.summary.sla_violation_share * 100,
      kGoalViolationShare * 100, grad.summary.mean_resource_units.total(), rival.label,
      rival.summary.sla_violation_share * 100, rival.summary.mean_resource_units.total());
}

const RunRecord* FindRun(const std::vector<RunRecord>& runs, std::string_view start) {
  for (const RunRecord& run : runs) {
    if (run.label.starts_with(start)) return &run;
  }
  return nullptr;
}

std::string DermVerdict(const RunRecord& derm, const RunRecord& hpa, double target) {
  const double within = 1 - derm.summary.request_violation_share;
  const bool few = within >= target;
  const bool cheap =
      derm.summary.mean_resource_units.total() < hpa.summary.mean_resource_units.total();
  return fmt::format(
      "{}: {} keeps {:.1f} % of all requests within the SLA (promised {:.0f} %) with {:.1f} units; "
      "{} {:.1f} % with {:.1f}",
      few && cheap ? "met" : "missed", derm.label, within * 100, target * 100,
      derm.summary.mean_resource_units.total(), hpa.label,
      (1 - hpa.summary.request_violation_share) * 100, hpa.summary.mean_resource_units.total());
}

// Derm and the HPA on the second application, added to `result`.
absl::StatusOr<ReportSection> RunBeside(const ExperimentInput& input, ExperimentResult& result) {
  auto derm = DermChoice(input.scenario, *input.distributions, {.step = kDermStep});
  if (!derm.ok()) return derm.status();
  std::vector<PolicyRunOptions> runs = {*std::move(derm),
                                        HpaChoice(input.scenario, OutOfTheBoxHpa())};
  const int minutes = std::min(input.minutes.value_or(kDermMinutes), kDermMinutes);
  for (PolicyRunOptions& run : runs) {
    run.minutes = minutes;
    run.seed = input.seed;
    run.span_share = kDermSpanShare;
  }
  const auto workload = WorkloadOf(input, minutes);
  if (!workload.ok()) return workload.status();
  auto records = RunPolicies(input, *workload, std::move(runs), true);
  if (!records.ok()) return records.status();
  result.tables.push_back(SummaryTable(*records));
  result.tables.back().title =
      fmt::format("policies, {}, {} minutes", input.scenario.name, minutes);
  result.verdicts.push_back(
      DermVerdict((*records)[0], (*records)[1], input.scenario.sla.quantile.level()));
  ReportSection section{
      .comparison = ComparisonOf(
          input, fmt::format("{}: Derm beside the Kubernetes HPA", input.scenario.name),
          *std::move(records)),
      .figures = {}};
  for (Figure& figure : MakeFigures(section.comparison)) {
    if (figure.file != "tail-latency.svg" && figure.file != "resource-units.svg" &&
        figure.file != "violations.svg") {
      continue;
    }
    figure.file = fmt::format("{}-{}", input.scenario.name, figure.file);
    section.figures.push_back(std::move(figure));
  }
  return section;
}

}  // namespace

absl::StatusOr<ExperimentResult> RunDemo(const ExperimentInput& input) {
  const auto tuned = TunedFor(input);
  if (!tuned.ok()) return tuned.status();
  auto runs = Contestants(input, *tuned);
  if (!runs.ok()) return runs.status();
  const auto workload = WorkloadOf(input, input.minutes.value_or(kComparisonMinutes));
  if (!workload.ok()) return workload.status();
  auto records = RunPolicies(input, *workload, *std::move(runs), true);
  if (!records.ok()) return records.status();

  ExperimentResult result;
  result.tables.push_back(SummaryTable(*records));
  if (const RunRecord* hpa = FindRun(*records, "hpa tuned")) {
    result.verdicts.push_back(Verdict(records->front(), *hpa));
  }
  const std::string grad_folder = input.directory + "/" + FolderOf(records->front().label);
  std::vector<ReportSection> beside;
  if (input.beside != nullptr) {
    auto section = RunBeside(*input.beside, result);
    if (!section.ok()) return section.status();
    beside.push_back(*std::move(section));
  }
  const auto decisions = DecisionsOf(input, *records);
  if (!decisions.ok()) return decisions.status();
  const PolicyComparison comparison =
      ComparisonOf(input,
                   fmt::format("{}: Grad beside the Kubernetes HPA and a static allocation",
                               input.scenario.name),
                   *std::move(records));
  if (auto s = WriteReport(input.directory, comparison, *decisions, beside); !s.ok()) return s;
  result.figures = MakeFigures(comparison);
  result.next = {
      fmt::format("trimtab explain {}/journal.sqlite          # every decision and its reasons",
                  grad_folder),
      fmt::format(
          "trimtab plan {} --load 500                 # what Grad would do at 500 requests/s",
          input.scenario.name),
      fmt::format("trimtab simulate {} --policy grad --fidelity paper --out out/paper",
                  input.scenario.name)};
  return result;
}

absl::StatusOr<ExperimentResult> RunGradGoal(const ExperimentInput& input) {
  const auto tuned = TunedFor(input);
  if (!tuned.ok()) return tuned.status();
  std::vector<std::vector<RunRecord>> by_policy;
  for (int i = 0; i < kGoalSeeds; ++i) {
    ExperimentInput seeded = input;
    seeded.seed = input.seed + static_cast<std::uint64_t>(i);
    auto runs = Contestants(seeded, *tuned);
    if (!runs.ok()) return runs.status();
    const auto workload = WorkloadOf(seeded, seeded.minutes.value_or(kComparisonMinutes));
    if (!workload.ok()) return workload.status();
    auto records = RunPolicies(seeded, *workload, *std::move(runs), false);
    if (!records.ok()) return records.status();
    by_policy.resize(records->size());
    for (std::size_t p = 0; p < records->size(); ++p) {
      by_policy[p].push_back(std::move((*records)[p]));
    }
  }
  ExperimentResult result;
  std::vector<RunRecord> means;
  for (const std::vector<RunRecord>& seeds : by_policy) {
    RunRecord mean = MeanOf(seeds);
    ResultTable each = SummaryTable(seeds);
    each.title =
        fmt::format("{}, seeds {} to {}", mean.label, input.seed, input.seed + kGoalSeeds - 1);
    result.tables.push_back(std::move(each));
    means.push_back(std::move(mean));
  }
  ResultTable overall = SummaryTable(means);
  overall.title = fmt::format("means over {} seeds; changes and reversions in all", kGoalSeeds);
  result.tables.push_back(std::move(overall));
  if (const RunRecord* hpa = FindRun(means, "hpa tuned")) {
    result.verdicts.push_back(Verdict(means.front(), *hpa));
  }
  return result;
}

}  // namespace trimtab
