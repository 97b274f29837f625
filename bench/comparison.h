// Measures one thing against a peer, alternately in one run, and prints one line for bench/run.py.
#pragma once

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <string>
#include <vector>

namespace trimtab {

struct Comparison {
  std::string what;       // "P95 of 1M latencies"
  std::string unit;       // of the rate: "values/s"
  std::string peer_name;  // "std::nth_element"
  double work = 1;        // units done by one call of either
  int rounds = 7;         // odd: the median of each side is a measurement
};

// Processor time of this process in seconds: a busy machine does not change it much.
inline double ProcessorSeconds() {
  std::timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

// Calls `ours` and `peer` in turn, a first round of each unmeasured, and prints rates (work per
// second of processor time; higher is better) and their ratio. Returns what main() should.
template <class Ours, class Peer>
int RunComparison(const Comparison& comparison, const Ours& ours, const Peer& peer) {
  const auto rate_of = [&](const auto& call) {
    const double start = ProcessorSeconds();
    call();
    return comparison.work / (ProcessorSeconds() - start);
  };
  std::vector<double> our_rates;
  std::vector<double> peer_rates;
  for (int round = 0; round <= comparison.rounds; ++round) {
    const double our_rate = rate_of(ours);
    const double peer_rate = rate_of(peer);
    if (round == 0) continue;
    our_rates.push_back(our_rate);
    peer_rates.push_back(peer_rate);
  }
  const auto median = [](std::vector<double> rates) {
    std::ranges::nth_element(rates, rates.begin() + static_cast<std::ptrdiff_t>(rates.size() / 2));
    return rates[rates.size() / 2];
  };
  const double our_rate = median(our_rates);
  const double peer_rate = median(peer_rates);
  std::printf(
      "{\"what\": \"%s\", \"unit\": \"%s\", \"peerName\": \"%s\", \"ours\": %.6g, \"peer\": %.6g, "
      "\"ratio\": %.6g}\n",
      comparison.what.c_str(), comparison.unit.c_str(), comparison.peer_name.c_str(), our_rate,
      peer_rate, our_rate / peer_rate);
  return 0;
}

}  // namespace trimtab
