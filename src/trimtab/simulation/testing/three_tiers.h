// A three-tier application with threads, waits, quotas that throttle and branches.
#pragma once

#include "trimtab/simulation/testing/scenarios.h"

namespace trimtab {

// At 150 requests/s: front 0.45 of 0.8 cores busy, middle 0.6 of 0.9, store 0.345 of 1.0. Two
// hosts.
inline ClusterScenario ThreeTiers() {
  MicroserviceSpec front =
      PlainMicroservice("front", {Cpu(Lognormal{Latency(2), 1}), Call({"middle", "store"}, true),
                                  Cpu(Exponential{Latency(1)}), Call({"store"}, false, 0.3)});
  front.initial = {2, {Millicores(400), Mebibytes(100)}};
  front.parallelism = 4;
  MicroserviceSpec middle =
      PlainMicroservice("middle", {Cpu(Lognormal{Latency(4), 1.5}), Call({"store"})});
  middle.threads = 8;
  middle.parallelism = 4;
  middle.initial = {3, {Millicores(300), Mebibytes(100)}};
  MicroserviceSpec store =
      PlainMicroservice("store", {Cpu(Exponential{Latency(1)}), Wait(Exponential{Latency(3)})});
  store.threads = 16;
  store.parallelism = 2;
  store.initial = {2, {Millicores(500), Mebibytes(100)}};
  ClusterScenario scenario = PlainCluster({front, middle, store});
  scenario.name = "three tiers";
  scenario.hosts = {{"host-1", Cores(16), Gibibytes(16)}, {"host-2", Cores(16), Gibibytes(16)}};
  for (MicroserviceSpec& spec : scenario.microservices) {
    spec.endpoints[0].network_bytes = Bytes(20'000);
  }
  scenario.network.hop = Duration(75'000);
  return scenario;
}

}  // namespace trimtab
