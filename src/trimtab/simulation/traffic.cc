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

namespace trimtab {
namespace {

// Means of one endpoint's program.
struct Means {
  double cpu_nanos = 0;
  std::vector<std::pair<std::uint32_t, double>> calls;  // endpoint, expected number
};

class TrafficCount {
 public:
  explicit TrafficCount(const ClusterScenario& scenario) : scenario_(scenario) {
    std::uint32_t next = 0;
    for (const auto& microservice : scenario.microservices) {
      for (const auto& endpoint : microservice.endpoints) {
        index_[{microservice.name, endpoint.name}] = next++;
      }
    }
    for (const auto& microservice : scenario.microservices) {
      for (const auto& endpoint : microservice.endpoints) {
        Add(endpoint.program, 1.0, means_.emplace_back());
      }
    }
  }

  std::vector<MicroserviceTraffic> Run() {
    const std::vector<double> visits = Visits();
    std::vector<MicroserviceTraffic> all;
    std::size_t e = 0;
    for (const MicroserviceSpec& spec : scenario_.microservices) {
      MicroserviceTraffic traffic;
      for (std::size_t k = 0; k < spec.endpoints.size(); ++k) traffic.visits += visits[e + k];
      for (std::size_t k = 0; k < spec.endpoints.size(); ++k) {
        const double share = traffic.visits > 0 ? visits[e + k] / traffic.visits
                                                : 1.0 / static_cast<double>(spec.endpoints.size());
        traffic.mix.push_back(share);
        traffic.cpu_nanos += share * means_[e + k].cpu_nanos;
        traffic.transfer_nanos += share * static_cast<double>(spec.endpoints[k].transfer.count());
        traffic.even_transfer &= spec.endpoints[k].transfer == spec.endpoints[0].transfer;
      }
      e += spec.endpoints.size();
      all.push_back(std::move(traffic));
    }
    return all;
  }

 private:
  void Add(const std::vector<ProgramStep>& program, double weight, Means& means) {
    for (const ProgramStep& step : program) {
      if (const auto* cpu = std::get_if<CpuStep>(&step.step)) {
        means.cpu_nanos += weight * MeanOf(cpu->demand).count() * 1e6;
      } else if (const auto* call = std::get_if<CallStep>(&step.step)) {
        for (const CallTarget& target : call->targets) {
          means.calls.emplace_back(index_.at({target.microservice, target.endpoint}),
                                   weight * call->probability);
        }
      } else if (const auto* branch = std::get_if<BranchStep>(&step.step)) {
        Add(branch->then, weight * branch->probability, means);
        Add(branch->otherwise, weight * (1 - branch->probability), means);
      }
    }
  }

  // Callers before callees: each endpoint hands its visits on once all its own are counted.
  std::vector<double> Visits() {
    std::vector<double> visits(means_.size(), 0.0);
    double sum = 0;
    for (const EntrySpec& entry : scenario_.entries) sum += entry.share;
    for (const EntrySpec& entry : scenario_.entries) {
      visits[index_.at({entry.microservice, entry.endpoint})] += entry.share / sum;
    }
    std::vector<int> callers(means_.size(), 0);
    for (const Means& means : means_) {
      for (const auto& [callee, count] : means.calls) ++callers[callee];
    }
    std::vector<std::uint32_t> ready;
    for (std::uint32_t e = 0; e < means_.size(); ++e) {
      if (callers[e] == 0) ready.push_back(e);
    }
    while (!ready.empty()) {
      const std::uint32_t e = ready.back();
      ready.pop_back();
      for (const auto& [callee, count] : means_[e].calls) {
        visits[callee] += visits[e] * count;
        if (--callers[callee] == 0) ready.push_back(callee);
      }
    }
    return visits;
  }

  const ClusterScenario& scenario_;
  std::map<std::pair<std::string, std::string>, std::uint32_t> index_;
  std::vector<Means> means_;  // by endpoint
};

}  // namespace

std::vector<MicroserviceTraffic> TrafficOf(const ClusterScenario& scenario) {
  return TrafficCount(scenario).Run();
}

}  // namespace trimtab
