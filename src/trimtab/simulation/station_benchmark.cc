// A station alone: the cost of one request, label included. Bound: 120 ns.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <utility>

#include "trimtab/simulation/simulated_samples.h"
#include "trimtab/simulation/testing/scenarios.h"

namespace trimtab {
namespace {

// Items are requests; arguments are the quota in millicores and the utilisation in percent of it.
// Lognormal demand of mean 3 ms, CV 1.5.
void BM_StationRequests(benchmark::State& state) {
  MicroserviceSpec spec = PlainMicroservice("a", {Cpu(Lognormal{Latency(3), 1.5})});
  spec.parallelism = 8;
  auto samples = SimulatedSamples::Create(PlainCluster({std::move(spec)}));
  if (!samples.ok()) std::abort();
  const Millicores quota(state.range(0));
  const double rate = InCores(quota) * static_cast<double>(state.range(1)) / 100 / 0.003;
  const StationSetting setting{
      MicroserviceId(0), {quota, Mebibytes(100)}, RequestsPerSecond(rate), Interference::None()};
  std::uint64_t seed = 0;
  std::int64_t requests = 0;
  for (auto _ : state) {
    const auto label = (*samples)->Measure(setting, {1e-9, 18'000}, ++seed);
    if (!label.ok()) std::abort();
    benchmark::DoNotOptimize(label->tail);
    requests += label->requests;
  }
  state.SetItemsProcessed(requests);
}
BENCHMARK(BM_StationRequests)
    ->Args({200, 30})
    ->Args({500, 60})
    ->Args({1000, 80})
    ->Args({8000, 80})
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace trimtab
