#include "trimtab/cluster/change_check.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "fmt/format.h"
#include "trimtab/cluster/disruption_ledger.h"
#include "trimtab/cluster/fixed_allocation.h"
#include "trimtab/cluster/pod_size.h"
#include "trimtab/quantity/text.h"

namespace trimtab {
namespace {

constexpr int kMostReplicas = 10'000;

// Sums of requests and of limits; what is none counts as nothing.
struct PodTotals {
  ContainerConfig requests, limits;
};

void AddTo(const ResourceAmounts& amounts, ContainerConfig& sum) {
  sum.cpu += amounts.cpu.value_or(Millicores(0));
  sum.memory += amounts.memory.value_or(Bytes(0));
}

// A pod of the template with these sizes; containers that do not scale count, too.
PodTotals TotalsOf(const WorkloadView& workload, const std::vector<PodSize>& sizes) {
  PodTotals totals;
  for (const PodContainer& container : workload.containers) {
    const auto size = std::ranges::find(sizes, container.name, &PodSize::container);
    const bool is_sized = size != sizes.end();
    AddTo(is_sized ? size->requests : DefaultedRequests(container), totals.requests);
    AddTo(is_sized ? size->limits : container.limits, totals.limits);
  }
  return totals;
}

ContainerConfig Times(const ContainerConfig& size, int count) {
  return {.cpu = size.cpu * count, .memory = size.memory * count};
}

class Checker {
 public:
  Checker(const ChangeProposal& proposal, const NamespaceBounds& bounds)
      : proposal_(proposal),
        bounds_(bounds),
        workload_(*proposal.sight.workload),
        from_(proposal.change.from),
        to_(proposal.change.to) {}

  absl::Status Check() const {
    for (const auto check :
         {&Checker::Permitted, &Checker::Frozen, &Checker::Disruption, &Checker::WorkingSet,
          &Checker::Nodes, &Checker::Ranges, &Checker::Quotas}) {
      if (const std::string why = (this->*check)(); !why.empty()) {
        const std::size_t colon = why.find(": ");
        return absl::InvalidArgumentError(fmt::format("{}: {} '{}/{}'{}", why.substr(0, colon),
                                                      workload_.kind, workload_.meta.name_space,
                                                      workload_.meta.name, why.substr(colon)));
      }
    }
    return absl::OkStatus();
  }

 private:
  bool MovesReplicas() const { return to_.replicas != from_.replicas; }
  bool MovesSize() const { return to_.container != from_.container; }
  bool Lowers() const {
    return to_.replicas < from_.replicas || to_.container.cpu < from_.container.cpu ||
           to_.container.memory < from_.container.memory;
  }

  std::string Permitted() const {
    if (from_.replicas == 0) return "Off: it has 0 replicas, which is left to its owner";
    if (to_.replicas < 1 || to_.replicas > kMostReplicas) {
      return fmt::format("NotAllowed: asked for {} replicas, must be 1 to {}", to_.replicas,
                         kMostReplicas);
    }
    if (MovesReplicas()) {
      const std::string why = WhyReplicasAreFixed(proposal_.scaled, proposal_.sight);
      if (!why.empty()) return "NotAllowed: its replicas stay: " + why;
    }
    if (MovesSize()) {
      const std::string why = WhySizeIsFixed(proposal_.scaled, proposal_.sight);
      if (!why.empty()) return "NotAllowed: its size stays: " + why;
    }
    return "";
  }

  std::string Frozen() const {
    if (!Lowers()) return "";
    if (workload_.IsRollingOut()) {
      return "RolloutInProgress: nothing is lowered while pods of another template are replaced";
    }
    return "";
  }

  // Every ready pod beyond the new number may be one that a budget counts.
  std::string Disruption() const {
    const int leaving = proposal_.reading.state.ready - to_.replicas;
    if (to_.replicas >= from_.replicas || leaving <= 0) return "";
    for (const auto& budget : bounds_.budgets) {
      if (!Covers(*budget, proposal_.sight)) continue;
      if (budget->observed_generation < budget->meta.generation) {
        return fmt::format("DisruptionBudget: '{}' has not been evaluated yet", budget->meta.name);
      }
      if (leaving > budget->disruptions_allowed) {
        return fmt::format("DisruptionBudget: {} ready pods would go, '{}' allows {}", leaving,
                           budget->meta.name, budget->disruptions_allowed);
      }
    }
    return "";
  }

  std::string WorkingSet() const {
    const bool is_less = to_.container.memory < from_.container.memory;
    if (!is_less || !proposal_.memory_in_use || to_.container.memory >= *proposal_.memory_in_use) {
      return "";
    }
    return fmt::format("WorkingSet: memory {} is below what is in use, {}",
                       FormatMemory(to_.container.memory), FormatMemory(*proposal_.memory_in_use));
  }

  bool Raises() const {
    return to_.replicas > from_.replicas || to_.container.cpu > from_.container.cpu ||
           to_.container.memory > from_.container.memory;
  }
  PodTotals Before() const { return TotalsOf(workload_, proposal_.reading.sizes); }
  PodTotals After() const {
    return TotalsOf(workload_, MovesSize() ? proposal_.sizes : proposal_.reading.sizes);
  }

  std::string Nodes() const {
    if (!Raises() || bounds_.nodes.empty()) return "";
    const ContainerConfig pod = After().requests;
    const bool fits = std::ranges::any_of(bounds_.nodes, [&](const auto& node) {
      return pod.cpu <= node->allocatable.cpu.value_or(Millicores(0)) &&
             pod.memory <= node->allocatable.memory.value_or(Bytes(0));
    });
    if (fits) return "";
    return fmt::format(
        "NodeCapacity: a pod that requests {} and {} is larger than each of {} nodes",
        FormatCpu(pod.cpu), FormatMemory(pod.memory), bounds_.nodes.size());
  }

  std::string Ranges() const {
    if (!MovesSize()) return "";
    for (const auto& range : bounds_.limit_ranges) {
      for (const PodSize& size : proposal_.sizes) {
        const std::string what = fmt::format("container '{}'", size.container);
        std::string why = Outside(range->container, size.requests, size.limits, what);
        if (!why.empty()) return fmt::format("LimitRange: '{}': {}", range->meta.name, why);
      }
      const PodTotals pod = After();
      const ResourceAmounts limits{pod.limits.cpu, pod.limits.memory};
      const ResourceAmounts requests{pod.requests.cpu, pod.requests.memory};
      std::string why = Outside(range->pod, requests, limits, "a pod");
      if (!why.empty()) return fmt::format("LimitRange: '{}': {}", range->meta.name, why);
    }
    return "";
  }

  static std::string Outside(const LimitRangeView::Bounds& bounds, const ResourceAmounts& requests,
                             const ResourceAmounts& limits, std::string_view what) {
    if (bounds.most.cpu && limits.cpu && *limits.cpu > *bounds.most.cpu) {
      return fmt::format("{} with a CPU limit of {}, at most {}", what, FormatCpu(*limits.cpu),
                         FormatCpu(*bounds.most.cpu));
    }
    if (bounds.most.memory && limits.memory && *limits.memory > *bounds.most.memory) {
      return fmt::format("{} with a memory limit of {}, at most {}", what,
                         FormatMemory(*limits.memory), FormatMemory(*bounds.most.memory));
    }
    if (bounds.least.cpu && requests.cpu && *requests.cpu < *bounds.least.cpu) {
      return fmt::format("{} that requests CPU of {}, at least {}", what, FormatCpu(*requests.cpu),
                         FormatCpu(*bounds.least.cpu));
    }
    if (bounds.least.memory && requests.memory && *requests.memory < *bounds.least.memory) {
      return fmt::format("{} that requests memory of {}, at least {}", what,
                         FormatMemory(*requests.memory), FormatMemory(*bounds.least.memory));
    }
    return "";
  }

  std::string Quotas() const {
    if (!Raises()) return "";
    const PodTotals before = Before();
    const PodTotals after = After();
    for (const auto& quota : bounds_.quotas) {
      if (quota->has_scopes) continue;
      const std::string name = quota->meta.name;
      std::string why = Beyond(quota->hard_requests, quota->used_requests, before.requests,
                               after.requests, "requests", name);
      if (why.empty()) {
        why = Beyond(quota->hard_limits, quota->used_limits, before.limits, after.limits, "limits",
                     name);
      }
      const int more_pods = to_.replicas - from_.replicas;
      if (why.empty() && quota->hard_pods && more_pods > *quota->hard_pods - quota->used_pods) {
        why = fmt::format("Quota: '{}' has {} of {} pods left, {} more are asked for", name,
                          *quota->hard_pods - quota->used_pods, *quota->hard_pods, more_pods);
      }
      if (!why.empty()) return why;
    }
    return "";
  }

  std::string Beyond(const ResourceAmounts& hard, const ResourceAmounts& used,
                     const ContainerConfig& before, const ContainerConfig& after,
                     std::string_view kind, const std::string& quota) const {
    const ContainerConfig old_sum = Times(before, from_.replicas);
    const ContainerConfig new_sum = Times(after, to_.replicas);
    const Millicores cpu = new_sum.cpu - old_sum.cpu;
    const Bytes memory = new_sum.memory - old_sum.memory;
    if (hard.cpu && cpu > Millicores(0) && cpu > *hard.cpu - used.cpu.value_or(Millicores(0))) {
      return fmt::format("Quota: '{}' has {} of {} CPU {} used, {} more are asked for", quota,
                         FormatCpu(used.cpu.value_or(Millicores(0))), FormatCpu(*hard.cpu), kind,
                         FormatCpu(cpu));
    }
    if (hard.memory && memory > Bytes(0) &&
        memory > *hard.memory - used.memory.value_or(Bytes(0))) {
      return fmt::format("Quota: '{}' has {} of {} memory {} used, {} more are asked for", quota,
                         FormatMemory(used.memory.value_or(Bytes(0))), FormatMemory(*hard.memory),
                         kind, FormatMemory(memory));
    }
    return "";
  }

  const ChangeProposal& proposal_;
  const NamespaceBounds& bounds_;
  const WorkloadView& workload_;
  const MicroserviceAllocation& from_;
  const MicroserviceAllocation& to_;
};

}  // namespace

NamespaceBounds BoundsOf(const ClusterWatch& watch, std::string_view name_space) {
  return {.quotas = watch.Quotas(name_space),
          .limit_ranges = watch.LimitRanges(name_space),
          .budgets = watch.DisruptionBudgets(name_space),
          .nodes = watch.Nodes()};
}

absl::Status CheckChange(const ChangeProposal& proposal, const NamespaceBounds& bounds) {
  return Checker(proposal, bounds).Check();
}

}  // namespace trimtab
