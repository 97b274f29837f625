// The P95 of a million latencies: counted into a log-histogram, or kept and selected.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "bench/comparison.h"
#include "trimtab/probability/log_histogram.h"
#include "trimtab/probability/random_stream.h"
#include "trimtab/quantity/quantity.h"

int main() {
  constexpr std::size_t kLatencies = 1'000'000;
  trimtab::RandomStream stream(1, "latencies");
  std::vector<std::int64_t> latencies(kLatencies);
  for (std::int64_t& latency : latencies) {
    latency = static_cast<std::int64_t>(stream.Exponential() * 50e6);
  }
  double counted = 0;
  double selected = 0;
  const int code = trimtab::RunComparison(
      {.what = "P95 of 1M latencies, streamed",
       .unit = "values/s",
       .peer_name = "kept, std::nth_element",
       .work = static_cast<double>(kLatencies)},
      [&] {
        trimtab::LogHistogram histogram;
        for (const std::int64_t latency : latencies) histogram.Add(latency);
        counted = histogram.ValueAt(trimtab::Quantile(0.95));
      },
      [&] {
        std::vector<std::int64_t> kept;
        for (const std::int64_t latency : latencies) kept.push_back(latency);
        const auto place = kept.begin() + static_cast<std::ptrdiff_t>(kLatencies * 95 / 100);
        std::ranges::nth_element(kept, place);
        selected = static_cast<double>(*place);
      });
  // Both must have done the same thing: the histogram promises 0.4 %.
  return std::abs(counted / selected - 1) < 0.004 ? code : EXIT_FAILURE;
}
