#include "trimtab/simulation/simulated_anomalies.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "trimtab/quantity/time.h"
#include "trimtab/simulation/contention.h"

namespace trimtab {
namespace {

double& Of(Contention& contention, InterferenceKind kind) {
  switch (kind) {
    case InterferenceKind::kCpu:
      return contention.cpu;
    case InterferenceKind::kMemoryCapacity:
      return contention.memory_capacity;
    case InterferenceKind::kMemoryBandwidth:
      return contention.memory_bandwidth;
    case InterferenceKind::kNetworkBandwidth:
      break;
  }
  return contention.network;
}

bool Same(const Contention& a, const Contention& b) {
  return a.cpu == b.cpu && a.memory_capacity == b.memory_capacity &&
         a.memory_bandwidth == b.memory_bandwidth && a.network == b.network;
}

}  // namespace

absl::StatusOr<AnomalyId> SimulatedAnomalies::Inject(const Anomaly& anomaly) {
  ClusterState& state = loop_.state();
  if (anomaly.host.value() >= state.hosts.size()) {
    return absl::InvalidArgumentError(
        fmt::format("host {} is unknown, there are {}", anomaly.host.value(), state.hosts.size()));
  }
  if (anomaly.end < anomaly.start) {
    return absl::InvalidArgumentError(
        fmt::format("anomaly ends {} s before it starts", InSeconds(anomaly.start - anomaly.end)));
  }
  const AnomalyId id(next_id_++);
  const Instant now{Duration(state.now)};
  if (anomaly.end <= now) return id;
  entries_.push_back({id, anomaly});
  if (anomaly.start > now) {
    state.events.Push(anomaly.start.time_since_epoch().count(), EventKind::kAnomaly, 0);
  }
  state.events.Push(anomaly.end.time_since_epoch().count(), EventKind::kAnomaly, 0);
  Update();
  return id;
}

absl::Status SimulatedAnomalies::Remove(AnomalyId id) {
  const auto found = std::find_if(entries_.begin(), entries_.end(),
                                  [id](const Entry& entry) { return entry.id == id; });
  if (found == entries_.end()) {
    return absl::NotFoundError(fmt::format("anomaly {} has ended or never was", id.value()));
  }
  entries_.erase(found);
  Update();
  return absl::OkStatus();
}

void SimulatedAnomalies::Update() {
  ClusterState& state = loop_.state();
  const Instant now{Duration(state.now)};
  std::erase_if(entries_, [now](const Entry& entry) { return entry.anomaly.end <= now; });
  std::vector<Contention> sums(state.hosts.size());
  for (const Entry& entry : entries_) {
    if (entry.anomaly.start > now) continue;
    double& sum = Of(sums[entry.anomaly.host.value()], entry.anomaly.kind);
    sum = std::min(1.0, sum + entry.anomaly.intensity.value());
  }
  for (std::uint32_t h = 0; h < sums.size(); ++h) {
    if (!Same(sums[h], state.hosts[h].anomaly)) loop_.contention().SetAnomaly(h, sums[h]);
  }
}

}  // namespace trimtab
