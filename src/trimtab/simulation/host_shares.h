// CPU of a host among its containers: independent until the host is full, then weighted max-min.
#pragma once

#include <cstdint>
#include <vector>

#include "trimtab/simulation/cluster_state.h"

namespace trimtab {

// With want_i the cores that container i could burn now, w_i its weight (its CPU limit, as a cgroup
// weighs its request) and C the host's cores less what anomalies take:
//   sum(want) <= C : a_i = want_i                        nothing is coupled, nothing recomputed
//   otherwise      : a_i = min(want_i, w_i * x), sum(a_i) = C
// Exact for the fluid limit of CFS group scheduling; approximate in that real run queues are per
// CPU and balance late. Wants and weights are whole millicores, so their sums are exact and the
// result does not depend on the order of the containers.
// Cost: O(1) a change below saturation, O(containers of the host * rounds) above.
class HostShares {
 public:
  // `state` must outlive it.
  explicit HostShares(ClusterState& state) : state_(state) {}

  // After any change of a container's running set, quota or speed at the present instant: takes up
  // throttling, shares out the host and sets the container's timer. REQUIRES: it was advanced.
  void Settle(std::uint32_t container) {
    Container& c = state_.containers[container];
    c.cpu.Throttle();
    Host& host = state_.hosts[c.host];
    const double cores = c.cpu.want();
    // Never negative; lround would be a call for each event.
    // NOLINTNEXTLINE(bugprone-incorrect-roundings)
    const auto want = static_cast<std::int64_t>(cores * 1000.0 + 0.5);
    host.want += want - c.want;
    c.want = want;
    if (host.want <= host.capacity && !host.saturated) {
      c.cpu.SetShare(cores, c.speed);
      SetTimer(container);
    } else {
      ShareOut(host, container);
    }
  }
  // After a change of the host's capacity.
  void Settle(Host& host) { ShareOut(host, kNone); }

 private:
  struct Claim {
    std::int64_t want;
    std::int64_t weight;
    double allocation;
    std::uint32_t container;
    bool filled;
  };

  void ShareOut(Host& host, std::uint32_t changed);
  void WaterFill(std::int64_t capacity);
  void SetTimer(std::uint32_t container) {
    Container& c = state_.containers[container];
    const SimNanos moment = c.cpu.NextMoment();
    // An earlier timer stays: it finds nothing due and is set again then.
    if (moment >= c.timer) return;
    c.timer = moment;
    state_.events.Push(moment, EventKind::kContainerTimer, container);
  }

  ClusterState& state_;
  std::vector<Claim> claims_;  // scratch
};

}  // namespace trimtab
