#include "trimtab/simulation/traffic.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "trimtab/simulation/distribution.h"
#include "trimtab/simulation/request_process.h"
#include "trimtab/simulation/request_rules.h"
#include "trimtab/workload/load_series.h"

namespace trimtab {
namespace {

constexpr int kDrawnRequests = 20'000;

// The requests of an operation of one kind.
struct RequestGroup {
  std::uint16_t entry = 0;
  RequestKind kind;
  double share = 0;
};

// The groups of a scenario at its start; one an operation when nothing depends on the request.
std::vector<RequestGroup> GroupsOf(const ClusterScenario& scenario) {
  std::vector<RequestGroup> groups;
  if (scenario.arguments.empty() && scenario.states.empty()) {
    RequestProcess process(scenario, StepSeries::Constant(0), 1);
    double sum = 0;
    for (const EntrySpec& entry : scenario.entries) sum += entry.share;
    for (const EntrySpec& entry : scenario.entries) {
      groups.push_back(
          {static_cast<std::uint16_t>(groups.size()), process.kinds().front(), entry.share / sum});
    }
    return groups;
  }
  ClusterScenario start = scenario;
  for (EntrySpec& entry : start.entries) entry.effects.clear();
  // All within some microseconds.
  RequestProcess process(start, StepSeries::Constant(1e9), 1);
  std::map<std::pair<std::uint16_t, std::uint32_t>, int> counts;
  for (int i = 0; i < kDrawnRequests; ++i) {
    const Request request = process.Next();
    ++counts[{request.entry, request.kind}];
  }
  for (const auto& [of, count] : counts) {
    groups.push_back(
        {of.first, process.kinds()[of.second], static_cast<double>(count) / kDrawnRequests});
  }
  return groups;
}

// Means of one endpoint's program.
struct Means {
  double cpu_nanos = 0;
  std::vector<std::pair<std::uint32_t, double>> calls;  // endpoint, expected number
};

class TrafficCount {
 public:
  explicit TrafficCount(const ClusterScenario& scenario)
      : scenario_(scenario), rules_(RequestRules::Of(scenario)) {
    std::uint32_t next = 0;
    for (const auto& microservice : scenario.microservices) {
      for (const auto& endpoint : microservice.endpoints) {
        index_[{microservice.name, endpoint.name}] = next++;
      }
    }
    visits_.resize(next);
    cpu_nanos_.resize(next);
    kinds_.resize(next);
  }

  std::vector<MicroserviceTraffic> Run() {
    for (const RequestGroup& group : GroupsOf(scenario_)) AddGroup(group);
    std::vector<MicroserviceTraffic> all;
    std::size_t e = 0;
    for (const MicroserviceSpec& spec : scenario_.microservices) {
      MicroserviceTraffic traffic;
      for (std::size_t k = 0; k < spec.endpoints.size(); ++k) traffic.visits += visits_[e + k];
      for (std::size_t k = 0; k < spec.endpoints.size(); ++k) {
        const double visits = visits_[e + k];
        const double share = traffic.visits > 0 ? visits / traffic.visits
                                                : 1.0 / static_cast<double>(spec.endpoints.size());
        traffic.mix.push_back(share);
        if (visits > 0) traffic.cpu_nanos += share * cpu_nanos_[e + k] / visits;
        traffic.transfer_nanos += share * static_cast<double>(spec.endpoints[k].transfer.count());
        traffic.even_transfer &= spec.endpoints[k].transfer == spec.endpoints[0].transfer;
        for (WeightedKind& kind : kinds_[e + k]) kind.share /= visits;
        traffic.kinds.push_back(std::move(kinds_[e + k]));
      }
      e += spec.endpoints.size();
      all.push_back(std::move(traffic));
    }
    return all;
  }

 private:
  void AddGroup(const RequestGroup& group) {
    std::vector<Means> means;
    for (const auto& microservice : scenario_.microservices) {
      for (const auto& endpoint : microservice.endpoints) {
        Add(endpoint.program, 1.0, group.kind, means.emplace_back());
      }
    }
    const std::vector<double> visits = Visits(means, group.entry);
    const bool has_kinds = !rules_.conditions.empty() || !rules_.counts.empty();
    for (std::size_t e = 0; e < visits.size(); ++e) {
      const double weight = group.share * visits[e];
      visits_[e] += weight;
      cpu_nanos_[e] += weight * means[e].cpu_nanos;
      if (has_kinds && weight > 0) kinds_[e].push_back({group.kind, weight});
    }
  }

  void Add(const std::vector<ProgramStep>& program, double weight, const RequestKind& kind,
           Means& means) {
    for (const ProgramStep& step : program) {
      if (const auto* cpu = std::get_if<CpuStep>(&step.step)) {
        means.cpu_nanos += weight * MeanOf(cpu->demand).count() * 1e6;
      } else if (const auto* call = std::get_if<CallStep>(&step.step)) {
        for (const CallTarget& target : call->targets) {
          means.calls.emplace_back(index_.at({target.microservice, target.endpoint}),
                                   weight * call->probability);
        }
      } else if (const auto* branch = std::get_if<BranchStep>(&step.step)) {
        double then = branch->probability;
        if (!branch->when.empty()) {
          then = static_cast<double>(kind.conditions >> rules_.IndexOf(branch->when) & 1U);
        }
        Add(branch->then, weight * then, kind, means);
        Add(branch->otherwise, weight * (1 - then), kind, means);
      } else if (const auto* repeat = std::get_if<RepeatStep>(&step.step)) {
        Add(repeat->steps, weight * kind.repeats[rules_.IndexOf(repeat->count)], kind, means);
      }
    }
  }

  // Callers before callees: each endpoint hands its visits on once all its own are counted.
  std::vector<double> Visits(const std::vector<Means>& means, std::uint16_t entry) const {
    std::vector<double> visits(means.size(), 0.0);
    const EntrySpec& of = scenario_.entries[entry];
    visits[index_.at({of.microservice, of.endpoint})] = 1;
    std::vector<int> callers(means.size(), 0);
    for (const Means& endpoint : means) {
      for (const auto& [callee, count] : endpoint.calls) ++callers[callee];
    }
    std::vector<std::uint32_t> ready;
    for (std::uint32_t e = 0; e < means.size(); ++e) {
      if (callers[e] == 0) ready.push_back(e);
    }
    while (!ready.empty()) {
      const std::uint32_t e = ready.back();
      ready.pop_back();
      for (const auto& [callee, count] : means[e].calls) {
        visits[callee] += visits[e] * count;
        if (--callers[callee] == 0) ready.push_back(callee);
      }
    }
    return visits;
  }

  const ClusterScenario& scenario_;
  const RequestRules rules_;
  std::map<std::pair<std::string, std::string>, std::uint32_t> index_;
  // By endpoint, weighted by the groups' shares.
  std::vector<double> visits_;
  std::vector<double> cpu_nanos_;
  std::vector<std::vector<WeightedKind>> kinds_;
};

}  // namespace

std::vector<MicroserviceTraffic> TrafficOf(const ClusterScenario& scenario) {
  return TrafficCount(scenario).Run();
}

}  // namespace trimtab
