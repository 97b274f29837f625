// The event loop on clusters of named shapes. Bounds, events/s on one core: tandem 8 M, Hotel 5 M,
// 2,500 microservices 1.5 M; 400 minutes of Hotel in 30 s.
#include <benchmark/benchmark.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <utility>

#include "trimtab/simulation/simulated_cluster.h"
#include "trimtab/simulation/testing/shapes.h"

namespace trimtab {
namespace {

std::unique_ptr<SimulatedCluster> MakeCluster(ClusterScenario scenario, double rate,
                                              double span_share) {
  SimulatedClusterOptions options;
  options.load = StepSeries::Constant(rate);
  options.span_share = span_share;
  auto cluster = SimulatedCluster::Create(std::move(scenario), std::move(options));
  if (!cluster.ok()) std::abort();
  return *std::move(cluster);
}

// One iteration is `seconds` of simulated time on a cluster that goes on running.
void Run(benchmark::State& state, SimulatedCluster& cluster, int seconds, double per_request) {
  cluster.clock().WaitUntil(Instant(std::chrono::seconds(5)));
  const std::uint64_t events = cluster.events();
  const std::uint64_t ended = cluster.ended();
  for (auto _ : state) {
    cluster.clock().WaitUntil(cluster.clock().Now() + std::chrono::seconds(seconds));
    cluster.traces()
        .Read(cluster.clock().Now(),
              [](const Span& span) { benchmark::DoNotOptimize(span.duration); })
        .IgnoreError();
  }
  const auto requests = static_cast<double>(cluster.ended() - ended);
  const double counted =
      per_request > 0 ? requests * per_request : static_cast<double>(cluster.events() - events);
  state.SetItemsProcessed(static_cast<std::int64_t>(counted));
  state.counters["requests"] = benchmark::Counter(requests, benchmark::Counter::kIsRate);
}

// Items are arrivals and departures at the stations, six a customer.
void BM_TandemEvents(benchmark::State& state) {
  const auto cluster = MakeCluster(Tandem(), kTandemRate, 0);
  Run(state, *cluster, 600, kTandemEventsPerCustomer);
  // Of a customer in the network: what a comparison checks against theory.
  const FlowStatistics& flow = cluster->loop().state().replica_sets[0].flow;
  state.counters["mean_seconds"] = flow.sojourn_nanos * 1e-9 / static_cast<double>(flow.departures);
}
BENCHMARK(BM_TandemEvents)->Unit(benchmark::kMillisecond);

// Items are events of the queue.
void BM_HotelShapeEvents(benchmark::State& state) {
  const auto cluster = MakeCluster(HotelShape(), 263, 0.01);
  Run(state, *cluster, 60, 0);
}
BENCHMARK(BM_HotelShapeEvents)->Unit(benchmark::kMillisecond);

void BM_2500MicroservicesEvents(benchmark::State& state) {
  const auto cluster = MakeCluster(LargeShape(2500), 5000, 0);
  Run(state, *cluster, 1, 0);
}
BENCHMARK(BM_2500MicroservicesEvents)->Unit(benchmark::kMillisecond)->MinTime(3);

// One iteration is the whole job: 400 simulated minutes with metrics and 1 % of the spans.
void BM_HotelShape400Minutes(benchmark::State& state) {
  for (auto _ : state) {
    const auto cluster = MakeCluster(HotelShape(), 263, 0.01);
    std::uint64_t spans = 0;
    for (int minute = 1; minute <= 400; ++minute) {
      cluster->clock().WaitUntil(Instant(std::chrono::minutes(minute)));
      cluster->traces()
          .Read(cluster->clock().Now(), [&spans](const Span&) { ++spans; })
          .IgnoreError();
    }
    benchmark::DoNotOptimize(spans);
    state.counters["events"] = static_cast<double>(cluster->events());
  }
}
BENCHMARK(BM_HotelShape400Minutes)->Unit(benchmark::kSecond)->Iterations(1);

}  // namespace
}  // namespace trimtab
