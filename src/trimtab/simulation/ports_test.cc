// The contract suites of the five ports, run on the simulated cluster.
#include <chrono>
#include <functional>
#include <memory>
#include <utility>

#include "gtest/gtest.h"
#include "trimtab/clock/testing/clock_contract.h"
#include "trimtab/deployment/testing/actuator_contract.h"
#include "trimtab/interference/testing/anomaly_injector_contract.h"
#include "trimtab/monitoring/testing/metric_source_contract.h"
#include "trimtab/simulation/simulated_cluster.h"
#include "trimtab/simulation/testing/three_tiers.h"
#include "trimtab/tracing/testing/trace_source_contract.h"

namespace trimtab {
namespace {

constexpr double kLoad = 150;

std::unique_ptr<SimulatedCluster> MakeCluster() {
  SimulatedClusterOptions options;
  options.load = StepSeries::Constant(kLoad);
  options.span_share = 0.2;
  options.end = Instant(std::chrono::hours(2));
  auto cluster = SimulatedCluster::Create(ThreeTiers(), std::move(options));
  EXPECT_TRUE(cluster.ok()) << cluster.status();
  return *std::move(cluster);
}

// What all worlds below share.
template <class World>
class Simulated : public World {
 public:
  Instant Now() { return cluster_->clock().Now(); }
  void LetPass(Duration time) { EXPECT_TRUE(cluster_->clock().WaitUntil(Now() + time)); }

 protected:
  std::unique_ptr<SimulatedCluster> cluster_ = MakeCluster();
};

class SimulatedClockWorld : public Simulated<ClockWorld> {
 public:
  Clock& clock() override { return cluster_->clock(); }
  void End() override {}  // it has an end from the beginning
};

class SimulatedTraceWorld : public Simulated<TraceSourceWorld> {
 public:
  TraceSource& source() override { return cluster_->traces(); }
  Duration settle() override { return std::chrono::seconds(10); }
};

class SimulatedMetricWorld : public Simulated<MetricSourceWorld> {
 public:
  MetricSource& source() override { return cluster_->metrics(); }
  int containers() override { return 7; }
  RequestsPerSecond load() override { return RequestsPerSecond(kLoad); }
};

class SimulatedActuatorWorld : public Simulated<ActuatorWorld> {
 public:
  Actuator& actuator() override { return cluster_->actuator(); }
  Duration settle() override { return std::chrono::seconds(60); }
};

class SimulatedAnomalyWorld : public Simulated<AnomalyWorld> {
 public:
  AnomalyInjector& injector() override { return cluster_->anomalies(); }
  std::size_t hosts() override { return cluster_->scenario().hosts.size(); }
  double ReadUse(HostId host, InterferenceKind kind) override {
    const auto snapshot = cluster_->metrics().Read(Now(), std::chrono::seconds(60));
    EXPECT_TRUE(snapshot.ok());
    const HostMetrics& metrics = snapshot->hosts[host.value()];
    const auto rate = [](const MetricSeries& counter) {
      return (counter.back().value - counter.front().value) /
             InSeconds(counter.back().at - counter.front().at);
    };
    switch (kind) {
      case InterferenceKind::kCpu:
        return rate(metrics.cpu_seconds) / InCores(metrics.allocatable_cpu);
      case InterferenceKind::kMemoryCapacity:
        return metrics.memory_used.back().value / metrics.allocatable_memory.as_double();
      case InterferenceKind::kMemoryBandwidth:
        return rate(metrics.memory_traffic_bytes) / *metrics.memory_bandwidth;
      case InterferenceKind::kNetworkBandwidth:
        break;
    }
    return rate(metrics.network_bytes) / *metrics.network_bandwidth;
  }
};

template <class World, class Port>
std::function<std::unique_ptr<Port>()> FactoryOf() {
  return [] { return std::make_unique<World>(); };
}

INSTANTIATE_TEST_SUITE_P(Simulated, ClockContract,
                         testing::Values(FactoryOf<SimulatedClockWorld, ClockWorld>()));
INSTANTIATE_TEST_SUITE_P(Simulated, TraceSourceContract,
                         testing::Values(FactoryOf<SimulatedTraceWorld, TraceSourceWorld>()));
INSTANTIATE_TEST_SUITE_P(Simulated, MetricSourceContract,
                         testing::Values(FactoryOf<SimulatedMetricWorld, MetricSourceWorld>()));
INSTANTIATE_TEST_SUITE_P(Simulated, ActuatorContract,
                         testing::Values(FactoryOf<SimulatedActuatorWorld, ActuatorWorld>()));
INSTANTIATE_TEST_SUITE_P(Simulated, AnomalyInjectorContract,
                         testing::Values(FactoryOf<SimulatedAnomalyWorld, AnomalyWorld>()));

}  // namespace
}  // namespace trimtab
