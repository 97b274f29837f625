#include "trimtab/cluster/rivals.h"

#include <utility>

#include "fmt/format.h"

namespace trimtab {
namespace {

// "apps/v1" and "apps/v1beta2" name the same objects.
std::string_view GroupOf(std::string_view api_version) {
  const std::size_t slash = api_version.find('/');
  return slash == std::string_view::npos ? "" : api_version.substr(0, slash);
}

bool IsSame(const ScaleTarget& theirs, const ScaleTarget& ours) {
  return theirs.name == ours.name && theirs.kind == ours.kind &&
         (theirs.api_version.empty() || GroupOf(theirs.api_version) == GroupOf(ours.api_version));
}

std::string IgnoreRule(std::string_view manager) {
  if (manager.find("argocd") != std::string_view::npos) {
    return "leave spec.replicas out of the manifest, or add to the Application ignoreDifferences "
           "with jsonPointers [/spec/replicas] and the sync option RespectIgnoreDifferences=true";
  }
  if (manager.find("kustomize") != std::string_view::npos ||
      manager.find("helm") != std::string_view::npos) {
    return "leave spec.replicas out of what it applies";
  }
  return "leave spec.replicas out of what it applies, once kubectl shows that Trimtab holds the "
         "field";
}

}  // namespace

std::string Rival::ToString() const {
  return fmt::format("{} '{}' scales workload '{}': {}", kind, name, workload, ignore_rule);
}

std::vector<Rival> FindRivals(const ClusterWatch& watch, const AppScaler& scaler) {
  const std::string& name_space = scaler.meta.name_space;
  const auto hpas = watch.Hpas(name_space);
  const auto vpas = watch.Vpas(name_space);
  const auto scaled_objects = watch.ScaledObjects(name_space);
  const ApplicationView view = watch.View(scaler);
  std::vector<Rival> rivals;
  for (std::size_t i = 0; i < scaler.workloads.size(); ++i) {
    const ScaledWorkload& ours = scaler.workloads[i];
    const auto add = [&](std::string kind, const std::string& name, std::string rule) {
      rivals.push_back({std::move(kind), name, ours.name, std::move(rule)});
    };
    for (const auto& hpa : hpas) {
      if (!IsSame(hpa->target, ours.target)) continue;
      add("HorizontalPodAutoscaler", hpa->meta.name,
          fmt::format("kubectl delete hpa {} -n {}, or take the workload out of the AppScaler",
                      hpa->meta.name, name_space));
    }
    for (const auto& vpa : vpas) {
      if (vpa->update_mode == "Off" || !IsSame(vpa->target, ours.target)) continue;
      add("VerticalPodAutoscaler", vpa->meta.name,
          "set its spec.updatePolicy.updateMode to \"Off\", or take the workload out of the "
          "AppScaler");
    }
    for (const auto& scaled : scaled_objects) {
      ScaleTarget target = scaled->target;
      if (target.kind.empty()) target.kind = "Deployment";
      if (!IsSame(target, ours.target)) continue;
      add("ScaledObject", scaled->meta.name,
          "annotate it with autoscaling.keda.sh/paused: \"true\", or take the workload out of the "
          "AppScaler");
    }
    if (view.workloads[i].workload == nullptr) continue;
    const std::string manager = watch.Reapplier(view.workloads[i].workload->meta.uid);
    if (!manager.empty()) add("FieldManager", manager, IgnoreRule(manager));
  }
  return rivals;
}

}  // namespace trimtab
