// The event kernel alone: the queue, a switch, draws from a table. Bound: 8 M events/s.
#include <benchmark/benchmark.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "trimtab/probability/random_stream.h"
#include "trimtab/simulation/event_queue.h"
#include "trimtab/simulation/sampler.h"

namespace trimtab {
namespace {

// Five M/M/2 stations in a row, first come first served, at 70 % of their capacity. An event is one
// arrival from outside or one departure from a station, six a customer.
class KernelTandem {
 public:
  KernelTandem() {
    SamplerFactory factory;
    gap_ = factory.Make(Exponential{Latency(1000.0 / 280)});
    service_ = factory.Make(Exponential{Latency(5)});
    queue_.Push(1, EventKind::kArrive, 0);
  }

  void RunUntil(SimNanos until) {
    Event event;
    while (queue_.PopUntil(until, &event)) {
      now_ = event.time;
      ++events_;
      if (event.kind() == EventKind::kArrive) {
        queue_.Push(now_ + static_cast<SimNanos>(gap_.Draw(gaps_)), EventKind::kArrive, 0);
        Enter(0, now_);
      } else {
        Depart(event.index());
      }
    }
  }

  std::uint64_t events() const { return events_; }
  double mean_seconds() const { return total_ * 1e-9 / static_cast<double>(customers_); }

 private:
  static constexpr std::size_t kStations = 5;
  static constexpr std::uint32_t kServers = 2;
  static constexpr std::size_t kRing = 4096;  // customers that can wait at one station

  struct Station {
    std::array<SimNanos, kServers> serving{};  // when its customer entered the network
    std::uint32_t busy = 0;                    // bit i: server i
    std::size_t first = 0;
    std::size_t waiting = 0;
    std::vector<SimNanos> ring = std::vector<SimNanos>(kRing);
  };

  void Enter(std::uint32_t index, SimNanos entered) {
    Station& station = stations_[index];
    if (station.busy != 3) {
      Serve(index, station, (station.busy & 1U) == 0 ? 0 : 1, entered);
    } else {
      station.ring[(station.first + station.waiting++) % kRing] = entered;
    }
  }
  void Serve(std::uint32_t index, Station& station, std::uint32_t server, SimNanos entered) {
    station.busy |= 1U << server;
    station.serving[server] = entered;
    queue_.Push(now_ + static_cast<SimNanos>(service_.Draw(services_)), EventKind::kContainerTimer,
                index * kServers + server);
  }
  void Depart(std::uint32_t payload) {
    const std::uint32_t index = payload / kServers;
    const std::uint32_t server = payload % kServers;
    Station& station = stations_[index];
    const SimNanos entered = station.serving[server];
    station.busy &= ~(1U << server);
    if (station.waiting > 0) {
      const SimNanos next = station.ring[station.first];
      station.first = (station.first + 1) % kRing;
      --station.waiting;
      Serve(index, station, server, next);
    }
    if (index + 1 < kStations) {
      Enter(index + 1, entered);
    } else {
      total_ += static_cast<double>(now_ - entered);
      ++customers_;
    }
  }

  EventQueue queue_;
  RandomStream gaps_{1, "gaps"};
  RandomStream services_{1, "services"};
  Sampler gap_;
  Sampler service_;
  std::array<Station, kStations> stations_;
  SimNanos now_ = 0;
  std::uint64_t events_ = 0;
  std::uint64_t customers_ = 0;
  double total_ = 0;
};

void BM_KernelTandemEvents(benchmark::State& state) {
  KernelTandem tandem;
  SimNanos until = 0;
  for (auto _ : state) tandem.RunUntil(until += SimNanos{600} * 1'000'000'000);
  state.SetItemsProcessed(static_cast<std::int64_t>(tandem.events()));
  state.counters["mean_seconds"] = tandem.mean_seconds();
}
BENCHMARK(BM_KernelTandemEvents)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace trimtab
