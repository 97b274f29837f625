#include "trimtab/operator/model_metrics.h"

#include <algorithm>

namespace trimtab {

ModelMetrics::~ModelMetrics() { Show({}); }

void ModelMetrics::Show(std::vector<WorkloadModel> models) {
  for (const WorkloadModel& old : models_) {
    const bool stays =
        std::ranges::find(models, old.workload, &WorkloadModel::workload) != models.end();
    if (!stays) Forget(old.workload);
  }
  models_ = std::move(models);
  for (const WorkloadModel& model : models_) {
    SetOrForget(OwnMetric::kModelError, model.workload, model.error_ratio);
    SetOrForget(OwnMetric::kModelSamples, model.workload, model.samples);
    SetOrForget(OwnMetric::kModelTrained, model.workload,
                model.trained_at ? std::optional(InSeconds(model.trained_at->time_since_epoch()))
                                 : std::nullopt);
  }
}

void ModelMetrics::Count(const Observation& observation, const Application& application) {
  for (std::size_t i = 0; i < observation.microservices.size(); ++i) {
    const std::string& name = application.microservice(MicroserviceId(i)).name;
    const auto model = std::ranges::find(models_, name, &WorkloadModel::workload);
    if (model == models_.end() || !model->outside) continue;
    std::set<std::string> outside;
    for (const ContainerObservation& container : observation.microservices[i].containers) {
      if (!container.ready || !container.container_load) continue;
      const std::vector<std::string> features =
          model->outside({.container = container.limits,
                          .container_load = container.container_load->value,
                          .interference = container.interference});
      outside.insert(features.begin(), features.end());
    }
    for (const std::string& feature : outside) {
      metrics_.Raise(OwnMetric::kModelOutOfRange, {name_space_, name, feature});
      counted_.emplace(name, feature);
    }
  }
}

void ModelMetrics::SetOrForget(OwnMetric metric, const std::string& workload,
                               std::optional<double> value) {
  if (value) {
    metrics_.Set(metric, {name_space_, workload}, *value);
  } else {
    metrics_.Forget(metric, {name_space_, workload});
  }
}

void ModelMetrics::Forget(const std::string& workload) {
  for (const OwnMetric metric :
       {OwnMetric::kModelError, OwnMetric::kModelSamples, OwnMetric::kModelTrained}) {
    metrics_.Forget(metric, {name_space_, workload});
  }
  std::erase_if(counted_, [&](const auto& counted) {
    if (counted.first != workload) return false;
    metrics_.Forget(OwnMetric::kModelOutOfRange, {name_space_, workload, counted.second});
    return true;
  });
}

}  // namespace trimtab
