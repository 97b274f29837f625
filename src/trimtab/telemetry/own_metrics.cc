#include "trimtab/telemetry/own_metrics.h"

#include "trimtab/telemetry/process_metrics.h"

namespace trimtab {
namespace {

constexpr MetricKind kCounter = MetricKind::kCounter;
constexpr MetricKind kGauge = MetricKind::kGauge;
constexpr MetricKind kHistogram = MetricKind::kHistogram;

using Labels = std::vector<std::string_view>;

}  // namespace

std::span<const MetricDescription> OwnMetricTable() {
  static const std::vector<double> seconds = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25,
                                              0.5,   1,      2.5,   5,    10,    30,   60};
  static const std::vector<double> iterations = {1, 2, 5, 10, 20, 50, 100, 200, 500};
  static const Labels app = {"namespace", "app"};
  static const Labels workload = {"namespace", "app", "workload"};
  static const Labels container = {"namespace", "app", "workload", "container"};
  static const std::vector<MetricDescription> table = {
      {"trimtab_build_info", kGauge, "1; the version that runs", {"version", "commit"}},
      {"trimtab_leader", kGauge, "Whether this replica holds the lease"},
      {"trimtab_reconcile_total", kCounter, "Decisions made, by what came of them", {"result"}},
      {"trimtab_reconcile_duration_seconds",
       kHistogram,
       "Time that the phases of a decision took",
       {"phase"},
       seconds},
      {"trimtab_source_up", kGauge, "Whether the last request to a source succeeded", {"source"}},
      {"trimtab_source_last_success_timestamp_seconds",
       kGauge,
       "When a source last answered, in seconds since 1970",
       {"source"}},
      {"trimtab_source_request_duration_seconds",
       kHistogram,
       "Time that reading a source took",
       {"source"},
       seconds},
      {"trimtab_source_errors_total",
       kCounter,
       "Requests to a source that failed",
       {"source", "code"}},
      {"trimtab_source_sample_age_seconds",
       kGauge,
       "Age of the oldest value that the last decision rests on",
       {"namespace", "app", "source"}},
      {"trimtab_app_latency_target_seconds", kGauge, "The objective's tail latency", app},
      {"trimtab_app_latency_observed_seconds", kGauge, "The measured tail latency", app},
      {"trimtab_app_latency_predicted_seconds", kGauge, "The predicted tail latency", app},
      {"trimtab_app_objective_met", kGauge, "Whether the last window met the objective", app},
      {"trimtab_app_objective_violation_seconds_total", kCounter,
       "Time during which the measured tail latency was above the objective", app},
      {"trimtab_app_requests_per_second", kGauge, "Requests that reach the application", app},
      {"trimtab_graph_share_ratio",
       kGauge,
       "Share of a call graph in the requests",
       {"namespace", "app", "graph"}},
      {"trimtab_workload_replicas_current", kGauge, "Replicas that are ready", workload},
      {"trimtab_workload_replicas_desired", kGauge, "Replicas that are asked for", workload},
      {"trimtab_workload_cpu_cores_current", kGauge, "CPU of a container, in force", container},
      {"trimtab_workload_cpu_cores_desired", kGauge, "CPU of a container, asked for", container},
      {"trimtab_workload_memory_bytes_current", kGauge, "Memory of a container, in force",
       container},
      {"trimtab_workload_memory_bytes_desired", kGauge, "Memory of a container, asked for",
       container},
      {"trimtab_workload_sensitivity",
       kGauge,
       "Seconds of predicted tail latency that one unit more of a resource takes away",
       {"namespace", "app", "workload", "resource"}},
      {"trimtab_workload_paused", kGauge, "Whether a workload is left alone", workload},
      {"trimtab_workload_conflict", kGauge, "Whether somebody else scales a workload", workload},
      {"trimtab_workload_waiting",
       kGauge,
       "1 while a workload is not where it was asked to be, by why",
       {"namespace", "app", "workload", "reason"}},
      {"trimtab_decisions_total",
       kCounter,
       "Decisions by direction",
       {"direction", "reason", "mode"}},
      {"trimtab_actions_total", kCounter, "Writes to the cluster", {"verb", "result"}},
      {"trimtab_action_duration_seconds",
       kHistogram,
       "Time from a write until it was effective",
       {"verb", "result"},
       seconds},
      {"trimtab_actions_suppressed_total", kCounter, "Changes that were left out", {"reason"}},
      {"trimtab_pod_resize_state", kGauge, "Pods whose resize is in a state", {"state"}},
      {"trimtab_prepare_iterations", kHistogram, "Steps of a plan", {}, iterations},
      {"trimtab_model_error_ratio",
       kGauge,
       "Relative error of a latency model",
       {"namespace", "workload"}},
      {"trimtab_model_samples",
       kGauge,
       "Samples that a latency model was trained on",
       {"namespace", "workload"}},
      {"trimtab_model_trained_timestamp_seconds",
       kGauge,
       "When a latency model was trained, in seconds since 1970",
       {"namespace", "workload"}},
      {"trimtab_model_out_of_range_total",
       kCounter,
       "Decisions that saw a container outside of what its latency model was trained on",
       {"namespace", "workload", "feature"}},
      {"trimtab_otlp_spans_received_total", kCounter, "Spans received by OTLP"},
      {"trimtab_otlp_spans_rejected_total",
       kCounter,
       "Spans received by OTLP that are lost",
       {"reason"}},
      {"trimtab_otlp_requests_refused_total",
       kCounter,
       "Requests of OTLP that were turned away whole",
       {"reason"}},
      {"trimtab_traces_incomplete_total",
       kCounter,
       "Traces that were given up without their root",
       {"source"}},
  };
  return table;
}

std::string OwnMetrics::Text() const {
  MetricTextWriter writer;
  WriteProcessMetrics(writer);
  return registry_.Text() + writer.Take();
}

}  // namespace trimtab
