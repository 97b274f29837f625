#include "trimtab/operator/cluster_world.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "fmt/format.h"
#include "fmt/ranges.h"
#include "trimtab/cluster/change_check.h"
#include "trimtab/cluster/cluster_metrics.h"
#include "trimtab/cluster/pod_size.h"
#include "trimtab/cluster/rivals.h"
#include "trimtab/operator/metered_sources.h"

namespace trimtab {
namespace {

// Workloads that do not exist, or are scaled to nothing, as the least that is allowed: policies
// know no microservice without a container.
class PositiveActuator : public Actuator {
 public:
  PositiveActuator(Actuator& actuator, const AppScaler& scaler,
                   const std::function<absl::Status()>& resource)
      : actuator_(actuator), scaler_(scaler), resource_(resource) {}

  absl::StatusOr<std::vector<MicroserviceState>> State() override {
    if (absl::Status known = resource_(); !known.ok()) return known;
    auto states = actuator_.State();
    if (!states.ok()) return states;
    for (std::size_t i = 0; i < states->size() && i < scaler_.workloads.size(); ++i) {
      MicroserviceAllocation& desired = (*states)[i].desired;
      const ScaledWorkload& workload = scaler_.workloads[i];
      desired.replicas = std::max(desired.replicas, 1);
      const ContainerConfig& least = workload.vertical.smallest;
      if (desired.container.cpu <= Millicores(0)) desired.container.cpu = least.cpu;
      if (desired.container.memory <= Bytes(0)) desired.container.memory = least.memory;
    }
    return states;
  }
  absl::Status Apply(const AllocationChange& change) override { return actuator_.Apply(change); }

 private:
  Actuator& actuator_;
  const AppScaler& scaler_;
  const std::function<absl::Status()>& resource_;
};

// With a resource that is always known where nobody says whether it is.
ClusterWorldParts Whole(ClusterWorldParts parts) {
  if (!parts.resource) parts.resource = [] { return absl::OkStatus(); };
  return parts;
}

class ClusterWorld : public AppWorld {
 public:
  ClusterWorld(const ClusterWorldParts& parts, const AppScaler& scaler, PrometheusReader reader)
      : parts_(Whole(parts)),
        scaler_(scaler),
        cluster_actuator_(
            parts.client, parts.watch, parts.clock, parts.book, scaler,
            {.write = {.dry_run = parts.dry_run},
             .memory_in_use = [this](MicroserviceId id) { return metrics_.MemoryNeed(id); }}),
        actuator_(cluster_actuator_, scaler_, parts_.resource),
        metrics_(
            std::move(reader), [this] { return View(); }, CountedServicesOf(scaler),
            parts.metrics_timeout),
        metered_(metrics_, {"prometheus", parts.clock, parts.own_metrics}) {}

  absl::Status Ready() const override {
    if (absl::Status health = parts_.watch.Health(); !health.ok()) return health;
    if (absl::Status known = parts_.resource(); !known.ok()) return known;
    const ApplicationView view = View();
    std::vector<std::string> missing;
    for (std::size_t i = 0; i < view.workloads.size(); ++i) {
      if (view.workloads[i].workload != nullptr) continue;
      const ScaleTarget& target = scaler_.workloads[i].target;
      missing.push_back(fmt::format("spec.workloads[{}].targetRef: there is no {} '{}' in '{}'", i,
                                    target.kind, target.name, scaler_.meta.name_space));
    }
    if (missing.empty()) return absl::OkStatus();
    return absl::NotFoundError(fmt::format("{}", fmt::join(missing, "; ")));
  }

  std::vector<FixedAllocation> Fixed() override {
    const auto states = actuator_.State();
    if (!states.ok()) return fixed_;
    return fixed_ = FixedAllocations(scaler_, View(), *states);
  }

  std::optional<ClusterCapacity> Capacity() const override {
    ClusterCapacity capacity{};
    for (const auto& node : parts_.watch.Nodes()) {
      if (!node->IsReady() || node->is_unschedulable) continue;
      capacity.cpu += node->allocatable.cpu.value_or(Millicores(0));
      capacity.memory += node->allocatable.memory.value_or(Bytes(0));
    }
    if (capacity.cpu <= Millicores(0) || capacity.memory <= Bytes(0)) return std::nullopt;
    return capacity;
  }

  std::vector<RivalNotice> Rivals() const override {
    std::vector<RivalNotice> notices;
    for (const Rival& rival : FindRivals(parts_.watch, scaler_)) {
      notices.push_back(
          {rival.kind == "FieldManager" ? "FieldConflict" : "RivalAutoscaler", rival.ToString()});
    }
    return notices;
  }

  std::vector<PodSize> Settled(const std::vector<PodSize>& sizes) const override {
    const ApplicationView view = View();
    std::vector<PodSize> settled;
    for (const PodSize& size : sizes) {
      if (!IsOutdated(size, view)) settled.push_back(size);
    }
    return settled;
  }

  absl::Status Tend() override { return cluster_actuator_.Tend(); }
  Actuator& actuator() override { return actuator_; }
  MetricSource& metrics() override { return metered_; }

 private:
  ApplicationView View() const { return parts_.watch.View(scaler_); }

  // Whether the template of the workload that it is for has changed since.
  static bool IsOutdated(const PodSize& size, const ApplicationView& view) {
    for (const WorkloadSight& sight : view.workloads) {
      if (sight.workload == nullptr || sight.workload->kind != size.kind ||
          sight.workload->meta.name != size.name) {
        continue;
      }
      return ValidSizes({size}, *sight.workload, {size.container}).empty();
    }
    return false;  // of a workload that is not there now
  }

  const ClusterWorldParts parts_;
  const AppScaler scaler_;
  ClusterActuator cluster_actuator_;
  PositiveActuator actuator_;
  ClusterMetrics metrics_;
  MeteredMetricSource metered_;
  std::vector<FixedAllocation> fixed_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<AppWorld>> MakeClusterWorld(const ClusterWorldParts& parts,
                                                           const AppScaler& scaler) {
  auto reader = parts.prometheus(scaler.meta.name_space);
  if (!reader.ok()) return reader.status();
  return std::make_unique<ClusterWorld>(parts, scaler, *std::move(reader));
}

}  // namespace trimtab
