// The metrics that Trimtab has of itself and of what it scales.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "trimtab/telemetry/metric_registry.h"

namespace trimtab {

// In base units: seconds, bytes, cores, ratios. No label ever holds a pod, a trace or a value of an
// argument: their number has no bound.
enum class OwnMetric : std::uint8_t {
  kBuildInfo,           // version, commit
  kLeader,              // 1: this process may write
  kReconciles,          // result
  kReconcileDuration,   // phase: collect, prepare, record, commit
  kSourceUp,            // source
  kSourceLastSuccess,   // source
  kSourceRequest,       // source
  kSourceErrors,        // source, code
  kSourceSampleAge,     // namespace, app, source
  kLatencyTarget,       // namespace, app: and so all of an application
  kLatencyObserved,     //
  kLatencyPredicted,    //
  kObjectiveMet,        //
  kObjectiveViolation,  //
  kRequestRate,         //
  kGraphShare,          // and graph
  kReplicasCurrent,     // namespace, app, workload: and so all of a workload
  kReplicasDesired,     //
  kCpuCurrent,          // and container
  kCpuDesired,          // and container
  kMemoryCurrent,       // and container
  kMemoryDesired,       // and container
  kSensitivity,         // and resource: cpu, memory, replicas
  kWorkloadPaused,      //
  kWorkloadConflict,    //
  kWorkloadWaiting,     // and reason
  kDecisions,           // direction, reason, mode
  kActions,             // verb, result
  kActionDuration,      // verb, result
  kActionsSuppressed,   // reason
  kPodResizes,          // state: pending, deferred, infeasible, inprogress
  kPrepareIterations,   //
  kModelError,          // namespace, workload
  kModelSamples,        // namespace, workload
  kModelTrained,        // namespace, workload
  kModelOutOfRange,     // namespace, workload, feature
  kSpansReceived,       //
  kSpansRejected,       // reason
  kRequestsRefused,     // reason
  kTracesIncomplete,    // source
};
inline constexpr std::size_t kOwnMetricCount = 40;

// By OwnMetric.
std::span<const MetricDescription> OwnMetricTable();

// A registry of them. Methods as MetricRegistry has them.
class OwnMetrics {
 public:
  using LabelValues = MetricRegistry::LabelValues;

  OwnMetrics() : registry_(OwnMetricTable()) {}

  void Raise(OwnMetric metric, const LabelValues& labels = {}, double by = 1) {
    registry_.Raise(Place(metric), labels, by);
  }
  void SetTotal(OwnMetric metric, const LabelValues& labels, double total) {
    registry_.SetTotal(Place(metric), labels, total);
  }
  void Set(OwnMetric metric, const LabelValues& labels, double value) {
    registry_.Set(Place(metric), labels, value);
  }
  void Record(OwnMetric metric, const LabelValues& labels, double value) {
    registry_.Record(Place(metric), labels, value);
  }
  void Forget(OwnMetric metric, const LabelValues& labels) {
    registry_.Forget(Place(metric), labels);
  }
  void ForgetWhere(const MetricLabels& labels) { registry_.ForgetWhere(labels); }

  // The page, with the metrics of the process behind.
  std::string Text() const;

 private:
  static std::size_t Place(OwnMetric metric) { return static_cast<std::size_t>(metric); }
  MetricRegistry registry_;
};

}  // namespace trimtab
