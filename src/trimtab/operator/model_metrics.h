// What the own metrics say of the latency models that an AppScaler is scaled by.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "trimtab/application/application.h"
#include "trimtab/latency/latency_sample.h"
#include "trimtab/monitoring/observation.h"
#include "trimtab/quantity/time.h"
#include "trimtab/telemetry/own_metrics.h"

namespace trimtab {

// The model of one workload. What its profile does not know is absent.
struct WorkloadModel {
  std::string workload{};
  // Mean of |predicted / measured - 1| over what the training never saw.
  std::optional<double> error_ratio{};
  std::optional<std::int64_t> samples{};
  std::optional<Instant> trained_at{};
  // The features outside of what it was trained on, as words for a label.
  std::function<std::vector<std::string>(const LatencyFeatures&)> outside{};
};

// Of one AppScaler; its series end with it. Thread-safety: one caller at a time.
class ModelMetrics {
 public:
  // `metrics` must outlive it.
  ModelMetrics(OwnMetrics& metrics, std::string name_space)
      : metrics_(metrics), name_space_(std::move(name_space)) {}
  ~ModelMetrics();
  ModelMetrics(const ModelMetrics&) = delete;
  ModelMetrics& operator=(const ModelMetrics&) = delete;

  // In place of the models before.
  void Show(std::vector<WorkloadModel> models);
  // Counts, once for each workload and feature, the containers of a decision that lie outside:
  // those that are ready and whose load is known.
  void Count(const Observation& observation, const Application& application);

 private:
  void SetOrForget(OwnMetric metric, const std::string& workload, std::optional<double> value);
  void Forget(const std::string& workload);

  OwnMetrics& metrics_;
  const std::string name_space_;
  std::vector<WorkloadModel> models_;
  std::set<std::pair<std::string, std::string>> counted_;  // workload and feature
};

}  // namespace trimtab
