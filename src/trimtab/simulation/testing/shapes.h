// Clusters of named shapes, for benchmarks and long tests.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "fmt/format.h"
#include "trimtab/simulation/testing/scenarios.h"

namespace trimtab {

// Five M/M/2 stations in a row, visited one after the other; offered 70 % of their capacity at
// 280 requests/s. A customer makes 6 events: its arrival and five departures.
inline constexpr double kTandemRate = 280;
inline constexpr double kTandemEventsPerCustomer = 6;
inline ClusterScenario Tandem() {
  std::vector<std::string> names;
  std::vector<MicroserviceSpec> stations;
  for (int i = 0; i < 5; ++i) {
    names.push_back(fmt::format("station-{}", i));
    stations.push_back(PlainMicroservice(names.back(), {Cpu(Exponential{Latency(5)})}));
    stations.back().threads = 2;
    stations.back().parallelism = 2;
  }
  stations.insert(stations.begin(), PlainMicroservice("customer", {Call(names)}));
  return PlainCluster(std::move(stations));
}

// As Hotel Reservation's GET /hotels and /recommendations: 7.2 calls a request, quotas, caches that
// miss. Comfortable at 263 requests/s.
inline ClusterScenario HotelShape() {
  const auto service = [](const char* name, double demand_ms, std::vector<ProgramStep> calls,
                          int millicores) {
    std::vector<ProgramStep> program = {Cpu(Lognormal{Latency(demand_ms), 1})};
    for (auto& call : calls) program.push_back(std::move(call));
    MicroserviceSpec spec = PlainMicroservice(name, std::move(program));
    spec.parallelism = 8;
    spec.initial = {1, {Millicores(millicores), Mebibytes(200)}};
    spec.sensitivity.cpu = {0.5, 0.1};
    return spec;
  };
  std::vector<MicroserviceSpec> all = {
      service("frontend", 1.0, {Call({"search"}), Call({"reservation"}), Call({"profile"})}, 800),
      service("search", 0.8, {Call({"geo"}), Call({"rate"})}, 600),
      service("geo", 0.5, {}, 400),
      service("rate", 0.5, {Call({"memcached-rate"}), Call({"mongodb-rate"}, false, 0.1)}, 400),
      service("reservation", 0.6, {Call({"memcached-reserve"})}, 500),
      service("profile", 0.7, {}, 500),
      service("memcached-rate", 0.1, {}, 200),
      service("memcached-reserve", 0.1, {}, 200),
      service("mongodb-rate", 1.0, {}, 200)};
  ClusterScenario scenario = PlainCluster(std::move(all));
  scenario.name = "hotel shape";
  scenario.hosts = {{"host-1", Cores(8), Gibibytes(16)},
                    {"host-2", Cores(8), Gibibytes(16)},
                    {"host-3", Cores(8), Gibibytes(16)}};
  scenario.network.hop = Duration(75'000);
  return scenario;
}

// `microservices` in three tiers: 40 calls a request, four replicas each. Every request enters at
// one of the first tenth.
inline ClusterScenario LargeShape(int microservices) {
  const int entries = microservices / 10;
  const int middles = microservices * 3 / 10;
  std::vector<MicroserviceSpec> all;
  const auto name = [](int index) { return fmt::format("service-{}", index); };
  for (int i = 0; i < microservices; ++i) {
    std::vector<ProgramStep> program = {Cpu(Lognormal{Latency(1), 1})};
    if (i < entries) {
      for (int k = 0; k < 3; ++k) program.push_back(Call({name(entries + (i * 7 + k) % middles)}));
    } else if (i < entries + middles) {
      const int leaves = microservices - entries - middles;
      for (int k = 0; k < 6; ++k) {
        program.push_back(Call({name(entries + middles + (i * 13 + 2 * k) % leaves),
                                name(entries + middles + (i * 13 + 2 * k + 1) % leaves)},
                               true));
      }
    }
    all.push_back(PlainMicroservice(name(i), std::move(program)));
    all.back().parallelism = 4;
    all.back().initial = {4, {Millicores(500), Mebibytes(100)}};
  }
  ClusterScenario scenario = PlainCluster(std::move(all));
  scenario.name = fmt::format("{} microservices", microservices);
  scenario.entries.clear();
  for (int i = 0; i < entries; ++i) {
    scenario.entries.push_back({fmt::format("operation-{}", i), name(i), "serve", 1.0, {}});
  }
  scenario.hosts.clear();
  for (int h = 0; h < microservices / 20 + 1; ++h) {
    scenario.hosts.push_back({fmt::format("host-{:04}", h), Cores(64), Gibibytes(256)});
  }
  scenario.network.hop = Duration(75'000);
  return scenario;
}

}  // namespace trimtab
