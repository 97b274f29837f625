#include "trimtab/scaling/derm/derm_plan.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include "fmt/format.h"
#include "trimtab/application/resource_price.h"
#include "trimtab/scaling/derm/counted_tails.h"
#include "trimtab/scaling/derm/graph_tails.h"

namespace trimtab {
namespace {

// A tail beyond this is that of a container that cannot keep up: there is none to predict.
constexpr double kLongestTail = 3600;  // s

double UnitsOfAll(const MicroserviceAllocation& a) {
  return UnitsOf(a.container).total() * a.replicas;
}

bool ArrivalsKnown(const MicroserviceObservation& seen) {
  return seen.arrival_rate && std::isfinite(seen.arrival_rate->value()) &&
         seen.arrival_rate->value() >= 0;
}

class Planner {
 public:
  explicit Planner(const DermPlanParts& parts)
      : parts_(parts),
        demand_(DemandOf(parts.problem)),
        laws_(LawsOf(parts.problem)),
        at_(parts.problem),
        tails_(parts.problem) {}

  Plan Make() {
    const double target_tail = 1 - parts_.problem.target;
    const Allocation& desired = parts_.input.desired;
    const bool keep = !parts_.input.scale_down_allowed && TailOf(desired) <= target_tail;
    Plan plan;
    plan.target = keep ? desired : Target();
    const bool cut = KeepWithinCapacity(plan.target);
    const double tail = TailOf(plan.target);
    plan.attainment = Attainment(tail);
    AddNeighbours(*plan.attainment);
    plan.feasible = parts_.counts.feasible && tail <= target_tail * (1 + 1e-9);
    plan.predicted_tail_latency = TailLatency(plan.target);
    if (!plan.feasible) {
      for (const int i : parts_.solution.binding) {
        plan.binding.emplace_back(static_cast<std::size_t>(i));
      }
    }
    AddSteps(plan);
    Summarize(plan, cut, tail <= target_tail);
    return plan;
  }

 private:
  const ScalingBounds& BoundsOf(MicroserviceId id) const {
    return parts_.application.microservice(id).bounds;
  }

  Allocation Target() const {
    const bool may_lower = parts_.input.scale_down_allowed && parts_.counts.feasible;
    Allocation target = parts_.input.desired;
    for (std::size_t i = 0; i < target.size(); ++i) {
      const MicroserviceId id(i);
      const MicroserviceAllocation& from = parts_.input.desired[id];
      const bool known = ArrivalsKnown(parts_.input.observation.microservices[i]) && demand_[i] > 0;
      target[id] = TargetOf(id, from, may_lower, known);
    }
    return target;
  }

  MicroserviceAllocation TargetOf(MicroserviceId id, const MicroserviceAllocation& from,
                                  bool may_lower, bool known) const {
    if (!known) return from;
    const ScalingBounds& bounds = BoundsOf(id);
    MicroserviceAllocation to{.replicas = parts_.counts.containers[id.value()],
                              .container = parts_.models.microservices[id.value()].container};
    if (!may_lower) {
      to.replicas = std::max(to.replicas, from.replicas);
      to.container.cpu = std::max(to.container.cpu, from.container.cpu);
      to.container.memory = std::max(to.container.memory, from.container.memory);
    }
    to.replicas = std::clamp(to.replicas, bounds.fewest_replicas, bounds.most_replicas);
    to.container.cpu = std::clamp(to.container.cpu, bounds.smallest.cpu, bounds.largest.cpu);
    to.container.memory =
        std::clamp(to.container.memory, std::max(bounds.smallest.memory, bounds.working_set),
                   bounds.largest.memory);
    return to;
  }

  // Takes back raises that gain least until the cluster can hold all; whether it had to.
  bool KeepWithinCapacity(Allocation& target) const {
    if (!parts_.input.capacity) return false;
    const Allocation& desired = parts_.input.desired;
    const auto fits = [&] {
      Millicores cpu{0};
      Bytes memory{0};
      for (const MicroserviceAllocation& each : target) {
        cpu += TotalCpu(each);
        memory += TotalMemory(each);
      }
      return cpu <= parts_.input.capacity->cpu && memory <= parts_.input.capacity->memory;
    };
    bool cut = false;
    while (!fits()) {
      std::optional<MicroserviceId> least;
      double gain = 0;
      for (std::size_t i = 0; i < target.size(); ++i) {
        const MicroserviceId id(i);
        const int count = target[id].replicas;
        if (count <= desired[id].replicas) continue;
        const double of = parts_.solution.gains[i] * (laws_[i].Mean(demand_[i] / (count - 1)) -
                                                      laws_[i].Mean(demand_[i] / count));
        if (!least || of < gain) {
          least = id;
          gain = of;
        }
      }
      if (!least) return cut;
      --target[*least].replicas;
      cut = true;
    }
    return cut;
  }

  double TailOf(const Allocation& allocation) {
    for (std::size_t i = 0; i < allocation.size(); ++i) {
      const int count = allocation[MicroserviceId(i)].replicas;
      if (at_.count(i) != count) at_.Set(i, count);
    }
    return at_.CheckedTail();
  }

  std::optional<Latency> TailLatency(const Allocation& allocation) {
    std::vector<LoadLaw::Moments> moments;
    for (std::size_t i = 0; i < allocation.size(); ++i) {
      moments.push_back(laws_[i].At(demand_[i] / allocation[MicroserviceId(i)].replicas));
      if (demand_[i] > 0 && !std::isfinite(moments.back().mean)) return std::nullopt;
    }
    const double seconds = tails_.QuantileOfAll(parts_.problem.target, moments);
    if (!(seconds < kLongestTail)) return std::nullopt;
    // The problem's SLA is the promise divided by the correction.
    return Latency(1e3 * seconds) * (InSeconds(parts_.input.sla.latency) / parts_.problem.sla);
  }

  // After TailOf(target).
  PlanAttainment Attainment(double tail) const {
    PlanAttainment attainment{.classes = {},
                              .expected = std::clamp(1 - tail, 0.0, 1.0),
                              .target = parts_.problem.target,
                              .continuous_bound = parts_.solution.total,
                              .with_one_more = {},
                              .with_one_less = {}};
    for (std::size_t g = 0; g < parts_.problem.graphs.size(); ++g) {
      attainment.classes.push_back({.id = parts_.problem.graphs[g].id,
                                    .share = std::clamp(parts_.problem.graphs[g].share, 0.0, 1.0),
                                    .attainment = std::clamp(1 - at_.graph_tails()[g], 0.0, 1.0)});
    }
    return attainment;
  }

  // After TailOf(target).
  void AddNeighbours(PlanAttainment& attainment) {
    const DermNeighbours neighbours = NeighboursOf(at_, attainment.expected);
    for (std::size_t i = 0; i < at_.size(); ++i) {
      const double less = neighbours.with_one_less[i];
      attainment.with_one_more.emplace_back(neighbours.with_one_more[i]);
      attainment.with_one_less.push_back(std::isfinite(less) ? std::optional(less) : std::nullopt);
    }
  }

  std::string ReasonOf(const Plan& plan, std::size_t i, int count) const {
    const std::optional<double>& less = plan.attainment->with_one_less[i];
    const std::string change =
        less ? fmt::format("with one less {:.2f} % of the requests are in time", 100 * *less)
             : std::string("one less does not carry them");
    return fmt::format("{:.4g} calls/s, {:.4g} a container; {}", demand_[i], demand_[i] / count,
                       change);
  }

  void AddSteps(Plan& plan) {
    const Allocation& desired = parts_.input.desired;
    for (std::size_t i = 0; i < plan.target.size(); ++i) {
      const MicroserviceId id(i);
      MicroserviceAllocation at = desired[id];
      const auto move = [&](ScalingAction action, const MicroserviceAllocation& to,
                            std::string reason) {
        if (to == at) return;
        plan.steps.push_back({.microservice = id,
                              .action = action,
                              .before = at,
                              .after = to,
                              .tail_before = std::nullopt,
                              .tail_after = std::nullopt,
                              .cost = UnitsOfAll(to) - UnitsOfAll(at),
                              .reason = std::move(reason),
                              .alternatives = {}});
        at = to;
      };
      const MicroserviceAllocation& to = plan.target[id];
      move(ScalingAction::kCpu,
           {at.replicas, {.cpu = to.container.cpu, .memory = at.container.memory}},
           "the size that its latency was profiled with");
      move(ScalingAction::kMemory, {at.replicas, to.container},
           "the size that its latency was profiled with");
      move(ScalingAction::kReplicas, to, ReasonOf(plan, i, to.replicas));
    }
    if (plan.steps.empty()) return;
    plan.steps.front().tail_before = TailLatency(desired);
    plan.steps.back().tail_after = plan.predicted_tail_latency;
  }

  void Summarize(Plan& plan, bool cut, bool holds) const {
    double units = 0;
    for (const PlanStep& step : plan.steps) units += step.cost;
    PlanSummary& summary = plan.summary;
    summary.iterations = parts_.solution.iterations;
    if (plan.steps.empty()) {
      summary.termination =
          plan.feasible || holds ? PlanTermination::kKept : PlanTermination::kNoGain;
    } else {
      summary.termination = units < 0 ? PlanTermination::kSaved : PlanTermination::kMetSla;
    }
    if (!plan.feasible && !plan.steps.empty()) summary.termination = PlanTermination::kNoGain;
    if (cut) summary.termination = PlanTermination::kNoCapacity;
    summary.message = fmt::format(
        "{:.2f} % of all requests expected in time at {:.4g} requests/s, {} graph "
        "classes; {}",
        100 * plan.attainment->expected, parts_.problem.application_load,
        parts_.problem.graphs.size(), parts_.words);
  }

  const DermPlanParts& parts_;
  std::vector<double> demand_;
  std::vector<LoadLaw> laws_;
  CountedTails at_;
  GraphTails tails_;
};

}  // namespace

Plan MakeDermPlan(const DermPlanParts& parts) { return Planner(parts).Make(); }

}  // namespace trimtab
