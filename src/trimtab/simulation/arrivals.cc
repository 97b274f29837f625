#include "trimtab/simulation/arrivals.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "trimtab/simulation/cpu_group.h"

namespace trimtab {

Arrivals::Arrivals(const std::vector<EntrySpec>& entries, StepSeries load, std::uint64_t seed)
    : load_(std::move(load)), gaps_(seed, "arrivals/gaps"), mix_(seed, "arrivals/mix") {
  double sum = 0;
  for (const EntrySpec& entry : entries) cumulative_.push_back(sum += entry.share);
  for (double& value : cumulative_) value /= sum;
}

SimNanos Arrivals::Next(SimNanos now) {
  double budget = gaps_.Exponential() * 1e9;  // requests/s * nanoseconds
  const SimNanos step = load_.step().count();
  auto index = static_cast<std::size_t>(now / step);
  for (auto from = static_cast<double>(now);; ++index) {
    if (index + 1 >= load_.values().size()) {
      const double rate = load_.values().back();
      return rate > 0 ? static_cast<SimNanos>(std::ceil(from + budget / rate)) : kNever;
    }
    const double rate = load_.values()[index];
    const auto end = static_cast<double>(static_cast<SimNanos>(index + 1) * step);
    if (rate * (end - from) >= budget)
      return static_cast<SimNanos>(std::ceil(from + budget / rate));
    budget -= rate * (end - from);
    from = end;
  }
}

std::uint16_t Arrivals::PickEntry() {
  if (cumulative_.size() == 1) return 0;
  const double draw = mix_.Uniform();
  const auto chosen = std::upper_bound(cumulative_.begin(), cumulative_.end() - 1, draw);
  return static_cast<std::uint16_t>(chosen - cumulative_.begin());
}

}  // namespace trimtab
