// What one cycle adds to the own metrics beyond the figures of its application: what was written
// and what was left out, and on what the decision rests.
#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "trimtab/cluster/application_view.h"
#include "trimtab/deployment/commit.h"
#include "trimtab/operator/scaler_conditions.h"
#include "trimtab/telemetry/own_metrics.h"

namespace trimtab {

// Of one AppScaler. Thread-safety: one caller at a time.
class CycleMetrics {
 public:
  // `metrics` must outlive it.
  CycleMetrics(OwnMetrics& metrics, std::string name_space, std::string app)
      : metrics_(metrics), name_space_(std::move(name_space)), app_(std::move(app)) {}

  void Measure(const CycleReport& report);

 private:
  struct UnderWay {
    Instant since{};
    std::set<std::string> verbs{};
  };
  void MeasurePhases(const Decision& decision);
  void MeasureSamples(const Observation& observation);
  void MeasureActions(const Decision& decision, const Application& application);
  void MeasureWaiting(const Decision& decision, const Application& application);
  void MeasureSuppressed(const CycleReport& report);
  void MeasureSensitivity(const Decision& decision, const Application& application);
  void Count(const CommitReport& part, Instant at, const Application& application);

  OwnMetrics& metrics_;
  const std::string name_space_;
  const std::string app_;
  std::set<std::string> graphs_;                // whose shares are shown
  std::map<std::string, std::string> waiting_;  // reasons that are shown, by workload
  std::map<std::string, UnderWay> under_way_;   // by workload
};

// Pods of these applications whose resize is in each state.
void MeasureResizes(const std::vector<ApplicationView>& views, OwnMetrics& metrics);

}  // namespace trimtab
