// The contract suites of the ports, kept by the simulated cluster under a real control plane:
// traces through a receiver of OTLP, metrics through a real Prometheus, changes through the API
// server.
#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "fmt/format.h"
#include "gtest/gtest.h"
#include "tests/servers/programs.h"
#include "tests/servers/prometheus_server.h"
#include "trimtab/cluster/cluster_metrics.h"
#include "trimtab/cluster/testing/cluster_world.h"
#include "trimtab/deployment/testing/actuator_contract.h"
#include "trimtab/kubelet/testing/nodes_world.h"
#include "trimtab/monitoring/testing/metric_source_contract.h"
#include "trimtab/server/otlp_receiver.h"
#include "trimtab/tracing/testing/trace_source_contract.h"

namespace trimtab {
namespace {

using std::chrono::seconds;

constexpr double kLoad = 50;

// front and back, loaded, and what a controller has of them.
class NodesApplication : public SimulatedNodesTest {
 public:
  ~NodesApplication() override { TearDown(); }
  NodesApplication() = default;

  void Begin(SimulatedNodesOptions options) {
    SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    static int worlds = 0;
    const ClusterScenario scenario = TwoTiers(fmt::format("ports{}", ++worlds));
    Run(scenario, kLoad, std::move(options));
    Apply(WorkloadManifest(scenario));
    ASSERT_TRUE(servers::Eventually([&] { return runner_->nodes().load_has_begun(); }));
    ASSERT_TRUE(HasReady("front", 2));
    auto watch = ClusterWatch::Start(client(), clock(), {.namespaces = {name_space()}});
    ASSERT_TRUE(watch.ok()) << watch.status();
    watch_ = *std::move(watch);
    ASSERT_TRUE(servers::Eventually([&] { return watch_->IsSynced(); }));
    scaler_.meta.name_space = name_space();
    scaler_.workloads = {TestTarget("front"), TestTarget("back")};
    scaler_.entry.service = "front";
  }
  SimulatedNodes& nodes() { return runner_->nodes(); }
  ClusterWatch& watch() { return *watch_; }
  const AppScaler& scaler() const { return scaler_; }
  using ApiServerTest::client;
  using ApiServerTest::clock;
  using ApiServerTest::name_space;

 private:
  void TestBody() override {}
  void TearDown() override {
    watch_.reset();
    SimulatedNodesTest::TearDown();
    runner_.reset();
  }

  AppScaler scaler_;
  std::unique_ptr<ClusterWatch> watch_;
};

class NodesTraces : public TraceSourceWorld {
 public:
  NodesTraces() {
    auto receiver = OtlpReceiver::Start(
        {{"127.0.0.1", 0}}, clock_, {.inbox = {.settle_delay = std::chrono::milliseconds(1500)}});
    EXPECT_TRUE(receiver.ok()) << receiver.status();
    receiver_ = *std::move(receiver);
    SimulatedNodesOptions options;
    options.simulation.span_share = 1;
    options.otlp_endpoint = fmt::format("http://127.0.0.1:{}", receiver_->ports().front());
    application_.Begin(std::move(options));
  }
  TraceSource& source() override { return receiver_->inbox(); }
  Instant Now() override { return clock_.Now(); }
  void LetPass(Duration time) override { WaitFor(time, {}); }
  // A second until spans are sent, one and a half until a trace is taken to be whole.
  Duration settle() override { return seconds(3); }

 private:
  SystemClock clock_;
  std::unique_ptr<OtlpReceiver> receiver_;
  NodesApplication application_;
};

class NodesActuator : public ActuatorWorld {
 public:
  NodesActuator() {
    application_.Begin({});
    ClusterActuatorOptions options;
    options.memory_in_use = [](MicroserviceId) { return Mebibytes(32); };
    actuator_ = std::make_unique<ClusterActuator>(application_.client(), application_.watch(),
                                                  application_.clock(), book_,
                                                  application_.scaler(), std::move(options));
    LetPass(settle());
  }
  Actuator& actuator() override { return *actuator_; }
  Duration settle() override { return seconds(30); }
  // No longer than it takes.
  void LetPass(Duration time) override {
    servers::Eventually(
        [&] {
          actuator_->Tend().IgnoreError();
          const auto states = actuator_->State();
          return states.ok() && std::ranges::all_of(*states, [](const MicroserviceState& state) {
                   return state.Effective() && state.draining == 0;
                 });
        },
        std::chrono::duration_cast<std::chrono::milliseconds>(time));
  }

 private:
  NodesApplication application_;
  MemoryPodSizeBook book_;
  std::unique_ptr<ClusterActuator> actuator_;
};

// One world for the whole suite, which lasts as long as its slowest test and not as their sum.
class ScrapedWorld {
 public:
  ScrapedWorld() {
    SimulatedNodesOptions options;
    options.metrics_listen = ListenAddress{"127.0.0.1", 0};
    application_.Begin(std::move(options));
    auto server = servers::PrometheusServer::Start(
        {.configuration =
             fmt::format("global: {{scrape_interval: 1s, scrape_timeout: 1s}}\nscrape_configs:\n"
                         "  - {{job_name: world, honor_labels: true, static_configs: [{{targets: "
                         "[\"127.0.0.1:{}\"]}}]}}\n",
                         application_.nodes().metrics_port())});
    EXPECT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    auto client = PrometheusClient::Create({.url = server_->url()});
    auto queries = PrometheusQueries::Create({.namespaces = {application_.name_space()}});
    EXPECT_TRUE(client.ok() && queries.ok());
    source_ = std::make_unique<ClusterMetrics>(
        PrometheusReader(*std::move(client), *std::move(queries), clock_),
        [this] { return application_.watch().View(application_.scaler()); },
        CountedServicesOf(application_.scaler()));
    // Prometheus' first scrape comes some five seconds after its start.
    begun_ = clock_.Now() + seconds(10);
  }
  MetricSource& source() { return *source_; }
  Instant Now() const { return clock_.Now(); }
  void BeAsOldAs(Duration age) { clock_.WaitUntil(begun_ + age); }

 private:
  SystemClock clock_;
  NodesApplication application_;
  std::unique_ptr<servers::PrometheusServer> server_;
  std::unique_ptr<ClusterMetrics> source_;
  Instant begun_;
};

// Ends with the suite that made it, while there is a control plane.
class SharedWorld : public testing::EmptyTestEventListener {
 public:
  void OnTestSuiteEnd(const testing::TestSuite& /*suite*/) override { world_.reset(); }
  ScrapedWorld& Get() {
    if (world_ == nullptr) world_ = std::make_unique<ScrapedWorld>();
    return *world_;
  }

 private:
  std::unique_ptr<ScrapedWorld> world_;
};

// GoogleTest owns it.
SharedWorld* const shared = [] {
  auto* const world = new SharedWorld;
  testing::UnitTest::GetInstance()->listeners().Append(world);
  return world;
}();

class NodesMetrics : public MetricSourceWorld {
 public:
  MetricSource& source() override { return world_.source(); }
  Instant Now() override { return world_.Now(); }
  // A tenth after the beginning of the world, at the earliest: that has as many scrapes as the
  // whole where they come every ten seconds.
  void LetPass(Duration time) override { world_.BeAsOldAs(time / 10); }
  int containers() override { return 3; }
  RequestsPerSecond load() override { return RequestsPerSecond(kLoad); }

 private:
  ScrapedWorld& world_ = shared->Get();
};

template <class World, class Port>
std::function<std::unique_ptr<Port>()> FactoryOf() {
  return [] { return std::make_unique<World>(); };
}

INSTANTIATE_TEST_SUITE_P(Nodes, ActuatorContract,
                         testing::Values(FactoryOf<NodesActuator, ActuatorWorld>()));
INSTANTIATE_TEST_SUITE_P(Nodes, TraceSourceContract,
                         testing::Values(FactoryOf<NodesTraces, TraceSourceWorld>()));
INSTANTIATE_TEST_SUITE_P(Nodes, MetricSourceContract,
                         testing::Values(FactoryOf<NodesMetrics, MetricSourceWorld>()));

}  // namespace
}  // namespace trimtab
