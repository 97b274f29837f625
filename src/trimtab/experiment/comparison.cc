#include "trimtab/experiment/comparison.h"

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "trimtab/experiment/decision_log.h"
#include "trimtab/experiment/html_report.h"
#include "trimtab/experiment/run_record.h"
#include "trimtab/neural/parallel_for.h"

namespace trimtab {
RunRecord MeanOf(const std::vector<RunRecord>& seeds) {
  RunRecord mean = seeds.front();
  mean.windows.clear();
  RunSummary& m = mean.summary;
  const auto n = static_cast<double>(seeds.size());
  m.sla_violation_share = m.request_violation_share = m.p95_seconds = 0;
  m.mean_resource_units = {};
  m.decisions = m.reversions = 0;
  m.recovery_seconds = std::nullopt;
  for (const RunRecord& run : seeds) {
    m.sla_violation_share += run.summary.sla_violation_share / n;
    m.request_violation_share += run.summary.request_violation_share / n;
    m.p95_seconds += run.summary.p95_seconds / n;
    m.mean_resource_units.cpu += run.summary.mean_resource_units.cpu / n;
    m.mean_resource_units.memory += run.summary.mean_resource_units.memory / n;
    m.decisions += run.summary.decisions;
    m.reversions += run.summary.reversions;
  }
  return mean;
}

std::string FolderOf(const std::string& label) {
  std::string folder;
  for (const char c : label) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (plain) {
      folder += c;
    } else if (!folder.empty() && folder.back() != '-') {
      folder += '-';
    }
  }
  while (!folder.empty() && folder.back() == '-') folder.pop_back();
  return folder;
}

absl::StatusOr<WorkloadSeries> WorkloadOf(const ExperimentInput& input, int minutes) {
  RecordedWorkload recorded = input.recorded;
  const Duration length = std::chrono::minutes(minutes);
  if (recorded.load) {
    auto played = PlayedOver(*recorded.load, length);
    if (!played.ok()) return played.status();
    recorded.load = *std::move(played);
  }
  for (auto& series : recorded.interference) {
    if (!series) continue;
    auto played = PlayedOver(*series, length);
    if (!played.ok()) return played.status();
    series = *std::move(played);
  }
  return RealizeWorkload(input.scenario.workload, input.seed, recorded);
}

absl::StatusOr<std::vector<RunRecord>> RunPolicies(const ExperimentInput& input,
                                                   const WorkloadSeries& workload,
                                                   std::vector<PolicyRunOptions> runs, bool keep) {
  std::vector<absl::StatusOr<RunRecord>> results(runs.size(), absl::UnknownError("not run"));
  std::vector<std::function<void(std::int64_t)>> bars;
  for (PolicyRunOptions& run : runs) {
    if (keep) {
      run.directory = input.directory + "/" + FolderOf(run.label);
      if (auto s = PrepareRunFolder(run.directory); !s.ok()) return s;
    }
    bars.push_back(input.progress.Start(run.label, run.minutes));
  }
  ParallelFor(runs.size(), input.threads, [&](std::size_t i) {
    results[i] =
        RunPolicy(input.scenario, workload, runs[i],
                  {.progress = [&](double minute) { bars[i](static_cast<std::int64_t>(minute)); },
                   .stopped = input.stopped,
                   .stopwatch = input.stopwatch});
    if (results[i].ok() && keep) {
      if (auto s = WriteRun(runs[i].directory, *results[i]); !s.ok()) results[i] = s;
    }
  });
  std::vector<RunRecord> records;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    if (!results[i].ok()) {
      return absl::Status(
          results[i].status().code(),
          fmt::format("{}: {}", runs[i].label, std::string(results[i].status().message())));
    }
    records.push_back(*std::move(results[i]));
  }
  return records;
}

PolicyComparison ComparisonOf(const ExperimentInput& input, std::string title,
                              std::vector<RunRecord> runs) {
  PolicyComparison comparison{.title = std::move(title),
                              .scenario = input.scenario.name,
                              .sla_seconds = InSeconds(input.scenario.sla.latency),
                              .surge = std::nullopt,
                              .runs = std::move(runs)};
  if (const auto& surge = input.scenario.workload.surge) {
    comparison.surge = {InSeconds(surge->start) / 60, InSeconds(surge->end) / 60};
  }
  return comparison;
}

absl::StatusOr<std::vector<DecisionLogRow>> DecisionsOf(const ExperimentInput& input,
                                                        const std::vector<RunRecord>& runs) {
  std::vector<DecisionLogRow> log;
  for (const RunRecord& run : runs) {
    const std::string path = input.directory + "/" + FolderOf(run.label) + "/journal.sqlite";
    auto rows = ReadDecisionLog(path, run.label);
    if (!rows.ok()) return rows.status();
    log.insert(log.end(), rows->begin(), rows->end());
  }
  return log;
}

ResultTable SummaryTable(const std::vector<RunRecord>& runs) {
  ResultTable table{
      .title = "policies",
      .columns =
          {{.key = "policy", .header = "policy"},
           {.key = "slaViolationShare",
            .header = "windows above SLA %",
            .scale = 100,
            .decimals = 2},
           {.key = "requestViolationShare",
            .header = "requests above %",
            .scale = 100,
            .decimals = 2},
           {.key = "p95Seconds", .header = "P95 ms", .scale = 1000, .decimals = 1},
           {.key = "meanResourceUnits", .header = "units", .decimals = 1},
           {.key = "meanCpuUnits", .header = "CPU", .decimals = 1},
           {.key = "meanMemoryUnits", .header = "memory", .decimals = 1},
           {.key = "decisions", .header = "changes"},
           {.key = "reversions", .header = "reversions"},
           {.key = "recoverySeconds", .header = "recovery s"},
           {.key = "decisionSecondsMedian", .header = "decision ms", .scale = 1000, .decimals = 3}},
      .rows = {}};
  for (const RunRecord& run : runs) {
    const RunSummary& s = run.summary;
    ResultTable::Cell recovery;
    if (s.recovery_seconds) recovery = *s.recovery_seconds;
    table.rows.push_back({run.label, s.sla_violation_share, s.request_violation_share,
                          s.p95_seconds, s.mean_resource_units.total(), s.mean_resource_units.cpu,
                          s.mean_resource_units.memory, static_cast<std::int64_t>(s.decisions),
                          static_cast<std::int64_t>(s.reversions), recovery,
                          s.decision_seconds_median});
  }
  return table;
}

}  // namespace trimtab
