#include "trimtab/simulation/host_shares.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "trimtab/simulation/cluster_state.h"

namespace trimtab {

void HostShares::ShareOut(Host& host, std::uint32_t changed) {
  host.saturated = host.want > host.capacity;
  claims_.clear();
  for (const std::uint32_t index : host.containers) {
    const Container& c = state_.containers[index];
    if (c.want == 0 && index != changed) continue;
    claims_.push_back({c.want, std::max<std::int64_t>(c.limits.cpu.value(), 1),
                       static_cast<double>(c.want) / 1000.0, index, false});
  }
  if (host.saturated) WaterFill(host.capacity);
  for (const Claim& claim : claims_) {
    CpuGroup& cpu = state_.containers[claim.container].cpu;
    if (claim.container != changed && cpu.allocation() == claim.allocation) continue;
    cpu.Advance(state_.now);
    cpu.SetShare(claim.allocation, state_.containers[claim.container].speed);
    SetTimer(claim.container);
  }
}

// Each round gives those that want less than their fair share all they want; what they leave raises
// the share of the others. Ends after at most as many rounds as there are claims, usually two.
void HostShares::WaterFill(std::int64_t capacity) {
  std::int64_t left = capacity;
  for (;;) {
    std::int64_t weights = 0;
    for (const Claim& claim : claims_) weights += claim.filled ? 0 : claim.weight;
    if (weights == 0) return;
    const double level = static_cast<double>(left) / static_cast<double>(weights);
    bool changed = false;
    std::int64_t granted = 0;
    for (Claim& claim : claims_) {
      if (claim.filled) continue;
      const double share = level * static_cast<double>(claim.weight);
      claim.filled = static_cast<double>(claim.want) <= share;
      claim.allocation = (claim.filled ? static_cast<double>(claim.want) : share) / 1000.0;
      granted += claim.filled ? claim.want : 0;
      changed |= claim.filled;
    }
    left -= granted;
    if (!changed) return;
  }
}

}  // namespace trimtab
