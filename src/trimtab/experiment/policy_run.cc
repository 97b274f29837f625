#include "trimtab/experiment/policy_run.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "trimtab/controller/control_loop.h"
#include "trimtab/experiment/discarding_journal.h"
#include "trimtab/experiment/run_record.h"
#include "trimtab/experiment/span_recorder.h"
#include "trimtab/interference/interference_player.h"
#include "trimtab/journal/sqlite_journal.h"
#include "trimtab/simulation/simulated_cluster.h"
#include "trimtab/tracing/span_csv_writer.h"

namespace trimtab {
namespace {

constexpr Duration kWindow = std::chrono::seconds(60);

// How long a request without an answer has taken: the longest timeout there is, at least ten SLAs.
Duration LongestAnswer(const Scenario& scenario) {
  Duration longest = 10 * std::chrono::duration_cast<Duration>(scenario.sla.latency);
  for (const EntrySpec& entry : scenario.cluster.entries) {
    if (entry.timeout) longest = std::max(longest, *entry.timeout);
  }
  return longest;
}

// Turns the world's own windows into rows, and pools what counts.
class WindowCollector {
 public:
  WindowCollector(const Scenario& scenario, int skip_minutes, const WorkloadSeries& workload,
                  const std::function<void(double)>& progress)
      : sla_(std::chrono::duration_cast<Duration>(scenario.sla.latency)),
        longest_(LongestAnswer(scenario)),
        skip_minutes_(skip_minutes),
        workload_(workload),
        progress_(progress) {}

  void Add(const WindowRecord& window) {
    const Duration since = window.start.time_since_epoch();
    WindowRow row;
    row.minute = std::chrono::duration<double, std::ratio<60>>(since).count();
    row.application_load =
        static_cast<double>(window.arrivals) / InSeconds(window.end - window.start);
    row.requests = window.requests;
    row.timeouts = window.timeouts;
    // A request that failed has no answer within the SLA, however early it failed.
    row.above_sla =
        window.end_to_end.CountAbove(sla_.count()) + static_cast<double>(window.failures);
    row.p50_seconds = QuantileOf(window.end_to_end, window.failures, kP50);
    row.p95_seconds = QuantileOf(window.end_to_end, window.failures, kP95);
    row.p99_seconds = QuantileOf(window.end_to_end, window.failures, kP99);
    row.units = window.units;
    for (std::size_t kind = 0; kind < row.interference.size(); ++kind) {
      const auto& series = workload_.interference[kind];
      row.interference[kind] = series ? series->At(since) : 0;
    }
    rows_.push_back(row);
    if (row.minute >= skip_minutes_) {
      pooled_.Merge(window.end_to_end);
      pooled_failures_ += window.failures;
    }
    if (progress_) progress_(row.minute + 1);
  }

  std::vector<WindowRow> TakeRows() { return std::move(rows_); }
  // Of all requests after the skipped minutes.
  double PooledQuantile(Quantile q) const { return QuantileOf(pooled_, pooled_failures_, q); }

 private:
  // With every failed request at the end of the order: it had no answer, however early it failed.
  double QuantileOf(const LogHistogram& answered, std::uint64_t failures, Quantile q) const {
    const auto answers = static_cast<double>(answered.total());
    const double all = answers + static_cast<double>(failures);
    if (all == 0) return std::nan("");
    const double level = q.level() * all / answers;
    if (!(level <= 1)) return InSeconds(longest_);
    return answered.ValueAt(Quantile(level)) * 1e-9;
  }

  Duration sla_;
  Duration longest_;
  int skip_minutes_;
  const WorkloadSeries& workload_;
  const std::function<void(double)>& progress_;
  std::vector<WindowRow> rows_;
  LogHistogram pooled_;
  std::uint64_t pooled_failures_ = 0;
};

absl::StatusOr<std::unique_ptr<Journal>> OpenJournal(const Scenario& scenario,
                                                     const PolicyRunOptions& options) {
  if (options.directory.empty()) return std::make_unique<DiscardingJournal>();
  auto journal = SqliteJournal::Open(
      options.directory + "/journal.sqlite",
      {.started = Instant{},
       .application = scenario.application.name(),
       .policy = options.policy,
       .sla = std::chrono::duration_cast<Duration>(scenario.sla.latency),
       .details = fmt::format(R"({{"seed":{},"fidelity":"{}","simulatedMinutes":{}}})",
                              options.seed, options.fidelity, options.minutes)},
      /*most_unflushed=*/100);
  if (!journal.ok()) return journal.status();
  return std::unique_ptr<Journal>(*std::move(journal));
}

void SummarizeControl(const ControlRecord& record, RunSummary& summary) {
  summary.decisions = static_cast<std::uint64_t>(record.commits);
  summary.reversions = static_cast<std::uint64_t>(record.reversions);
  summary.prepare_rounds.assign(record.prepare_rounds.begin(), record.prepare_rounds.end());
  summary.decision_seconds_median = InSeconds(record.PlanningTime(kP50));
  summary.decision_seconds_p99 = InSeconds(record.PlanningTime(kP99));
}

std::optional<double> SurgeMinute(const Scenario& scenario) {
  if (!scenario.workload.surge) return std::nullopt;
  return InSeconds(scenario.workload.surge->start) / 60;
}

}  // namespace

ClusterCapacity CapacityOf(const Scenario& scenario) {
  ClusterCapacity capacity{};
  for (const HostSpec& host : scenario.cluster.hosts) {
    capacity.cpu += host.cpu;
    capacity.memory += host.memory;
  }
  return capacity;
}

absl::StatusOr<RunRecord> RunPolicy(const Scenario& scenario, const WorkloadSeries& workload,
                                    const PolicyRunOptions& options, const PolicyRunHooks& hooks) {
  ClusterScenario spec = scenario.cluster;
  if (options.initial) {
    for (std::size_t i = 0; i < spec.microservices.size(); ++i) {
      spec.microservices[i].initial = (*options.initial)[MicroserviceId(i)];
    }
  }
  const Instant end{kWindow * options.minutes};
  WindowCollector collector(scenario, options.skip_minutes, workload, hooks.progress);
  auto cluster =
      SimulatedCluster::Create(std::move(spec), {.seed = options.seed,
                                                 .load = workload.load,
                                                 .end = end,
                                                 .span_share = options.span_share,
                                                 .window = kWindow,
                                                 .on_window = [&](const WindowRecord& window) {
                                                   collector.Add(window);
                                                   if (hooks.on_window) hooks.on_window(window);
                                                 }});
  if (!cluster.ok()) return cluster.status();
  SimulatedCluster& world = **cluster;

  auto policy = MakePolicy(options.policy, options.parts);
  if (!policy.ok()) return policy.status();
  if (hooks.decorate) policy = hooks.decorate(*std::move(policy));
  auto journal = OpenJournal(scenario, options);
  if (!journal.ok()) return journal.status();
  InterferencePlayer clock(world.clock(), world.anomalies(), workload.interference,
                           {.hosts = scenario.cluster.hosts.size(), .stopped = hooks.stopped});
  std::unique_ptr<SpanCsvWriter> spans;
  std::optional<SpanRecorder> recorder;
  if (options.keep_spans && !options.directory.empty()) {
    auto writer = SpanCsvWriter::Create(options.directory + "/spans.csv.gz");
    if (!writer.ok()) return writer.status();
    spans = *std::move(writer);
    recorder.emplace(world.traces(), *spans);
  }
  TraceSource& traces = recorder ? static_cast<TraceSource&>(*recorder) : world.traces();

  ControlOptions control = options.control;
  control.sla = scenario.sla;
  control.capacity = CapacityOf(scenario);
  auto loop = ControlLoop::Create({.application = world.application(),
                                   .clock = clock,
                                   .traces = traces,
                                   .metrics = world.metrics(),
                                   .actuator = world.actuator(),
                                   .policy = **policy,
                                   .journal = **journal},
                                  control, hooks.stopwatch);
  if (!loop.ok()) return loop.status();
  (*loop)->Run(end);
  if (!clock.status().ok()) return clock.status();
  if (hooks.stopped && hooks.stopped()) return absl::CancelledError("the run was interrupted");
  if (spans) {
    if (const absl::Status written = spans->Finish(); !written.ok()) return written;
  }

  RunRecord run;
  run.label = options.label;
  run.summary.policy = options.policy;
  run.summary.fidelity = options.fidelity;
  run.summary.seed = options.seed;
  run.summary.simulated_minutes = options.minutes;
  run.summary.requests = world.ended();
  run.summary.events = world.events();
  run.summary.sla_seconds = InSeconds(scenario.sla.latency);
  run.summary.p95_seconds = collector.PooledQuantile(scenario.sla.quantile);
  SummarizeControl((*loop)->record(), run.summary);
  run.windows = collector.TakeRows();
  SummarizeWindows(run.windows, options.skip_minutes, SurgeMinute(scenario), run.summary);
  return run;
}

}  // namespace trimtab
