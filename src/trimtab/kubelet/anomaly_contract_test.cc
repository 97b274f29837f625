// The contract of the port `AnomalyInjector` on hosts whose replicas somebody else places, as a
// monitor reads them from the series of their exporters.
#include <charconv>
#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "fmt/format.h"
#include "gtest/gtest.h"
#include "trimtab/interference/testing/anomaly_injector_contract.h"
#include "trimtab/kubelet/world_series.h"
#include "trimtab/simulation/simulated_cluster.h"
#include "trimtab/simulation/testing/three_tiers.h"

namespace trimtab {
namespace {

using std::chrono::seconds;

class HostedAnomalyWorld : public AnomalyWorld {
 public:
  HostedAnomalyWorld() {
    SimulatedClusterOptions options;
    options.load = StepSeries::Constant(150);
    options.is_hosted = true;
    auto made = SimulatedCluster::Create(ThreeTiers(), std::move(options));
    EXPECT_TRUE(made.ok()) << made.status();
    cluster_ = *std::move(made);
    const ClusterScenario& scenario = cluster_->scenario();
    for (std::uint32_t m = 0; m < scenario.microservices.size(); ++m) {
      const MicroserviceAllocation& initial = scenario.microservices[m].initial;
      for (int i = 0; i < initial.replicas; ++i) {
        EXPECT_TRUE(cluster_->hosted()
                        .Add(m, static_cast<std::uint32_t>(i % 2), initial.container, true)
                        .ok());
      }
    }
    cluster_->BeginRequests();
  }
  AnomalyInjector& injector() override { return cluster_->anomalies(); }
  Instant Now() override { return cluster_->clock().Now(); }
  std::size_t hosts() override { return cluster_->scenario().hosts.size(); }
  void LetPass(Duration time) override {
    const Instant end = Now() + time;
    while (Now() < end) {
      cluster_->clock().WaitUntil(std::min(end, Now() + Duration(seconds(5))));
      scrapes_.emplace_back(Now(), Scrape());
      while (scrapes_.front().first < Now() - Duration(seconds(60))) scrapes_.pop_front();
    }
  }
  double ReadUse(HostId host, InterferenceKind kind) override {
    const HostSpec& spec = cluster_->scenario().hosts[host.value()];
    const std::string labels =
        fmt::format(R"({{job="node-exporter",node="{}",instance="{}:9100")", spec.name, spec.name);
    switch (kind) {
      case InterferenceKind::kCpu:
        return Rate("node_cpu_seconds_total" + labels + R"(,cpu="0",mode="user"})") /
               InCores(spec.cpu);
      case InterferenceKind::kMemoryCapacity:
        return 1 -
               Newest("node_memory_MemAvailable_bytes" + labels + "}") / spec.memory.as_double();
      case InterferenceKind::kMemoryBandwidth:
        return Rate("node_resctrl_memory_bandwidth_bytes_total" + labels +
                    R"(,domain="0",scope="total"})") /
               spec.memory_bandwidth;
      case InterferenceKind::kNetworkBandwidth:
        break;
    }
    return (Rate("node_network_receive_bytes_total" + labels + R"(,device="eth0"})") +
            Rate("node_network_transmit_bytes_total" + labels + R"(,device="eth0"})")) /
           spec.network_bandwidth;
  }

 private:
  // Values by series.
  std::map<std::string, double> Scrape() const {
    const std::string text = WorldSeries({.state = cluster_->loop().state(),
                                          .pods = {},
                                          .replica_set_owners = nobody_,
                                          .past = nothing_,
                                          .lost_hosts = lost_});
    std::map<std::string, double> values;
    std::size_t begin = 0;
    while (begin < text.size()) {
      const std::size_t end = text.find('\n', begin);
      const std::string line = text.substr(begin, end - begin);
      begin = end + 1;
      if (line.starts_with('#')) continue;
      const std::size_t space = line.rfind(' ');
      double value = 0;
      std::from_chars(line.data() + space + 1, line.data() + line.size(), value);
      values[line.substr(0, space)] = value;
    }
    return values;
  }
  double Newest(const std::string& series) const { return scrapes_.back().second.at(series); }
  double Rate(const std::string& series) const {
    return (Newest(series) - scrapes_.front().second.at(series)) /
           InSeconds(scrapes_.back().first - scrapes_.front().first);
  }

  std::unique_ptr<SimulatedCluster> cluster_;
  const std::map<std::pair<std::string, std::string>, OwnerReference> nobody_;
  const std::vector<PastRequests> nothing_;
  std::set<std::uint32_t> lost_;
  std::deque<std::pair<Instant, std::map<std::string, double>>> scrapes_;
};

INSTANTIATE_TEST_SUITE_P(Hosted, AnomalyInjectorContract,
                         testing::Values([]() -> std::unique_ptr<AnomalyWorld> {
                           return std::make_unique<HostedAnomalyWorld>();
                         }));

}  // namespace
}  // namespace trimtab
