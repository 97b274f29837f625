#include "trimtab/simulation/simulated_metrics.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "trimtab/simulation/host_counters.h"
#include "trimtab/simulation/window_recorder.h"

namespace trimtab {

void SimulatedMetrics::Scrape() {
  const ClusterState& state = loop_.state();
  Record record{state.now, static_cast<double>(loop_.requests().arrivals()), {}, {}};
  for (const ReplicaSet& set : state.replica_sets) {
    for (const std::uint32_t index : set.containers) {
      const Container& c = state.containers[index];
      if (c.state == ReplicaState::kGone || c.host == kNone) continue;
      const double used = c.cpu.UsedAt(state.now) * 1e-9;
      record.containers.push_back(
          {c.microservice, c.ordinal, c.host, c.state == ReplicaState::kReady, c.limits, used,
           c.memory.UsedBytes(c.in_flight), static_cast<double>(c.requests),
           used * state.scenario->microservices[c.microservice].memory_traffic, c.network_bytes});
    }
  }
  for (std::uint32_t h = 0; h < state.hosts.size(); ++h)
    record.hosts.push_back(CountersOf(state, h));
  records_.push_back(std::move(record));
  while (records_.front().at < state.now - retention_) records_.pop_front();
}

void SimulatedMetrics::Describe(const Record& latest, MetricSnapshot& snapshot) const {
  const ClusterScenario& scenario = *loop_.state().scenario;
  for (const ContainerScrape& c : latest.containers) {
    ContainerMetrics& metrics = snapshot.containers.emplace_back();
    metrics.pod = PodName(scenario, c.microservice, c.ordinal);
    metrics.microservice = MicroserviceId(c.microservice);
    metrics.host = HostId(c.host);
    metrics.ready = c.ready;
    metrics.limits = c.limits;
  }
  for (std::size_t h = 0; h < scenario.hosts.size(); ++h) {
    const HostSpec& spec = scenario.hosts[h];
    HostMetrics& metrics = snapshot.hosts.emplace_back();
    metrics.host = HostId(h);
    metrics.name = spec.name;
    metrics.allocatable_cpu = spec.cpu;
    metrics.allocatable_memory = spec.memory;
    metrics.memory_bandwidth = spec.memory_bandwidth;
    metrics.network_bandwidth = spec.network_bandwidth;
  }
}

// Both lists are in the order of (microservice, ordinal).
void SimulatedMetrics::Append(const Record& record, MetricSnapshot& snapshot,
                              const std::vector<ContainerScrape>& known) {
  const Instant at{Duration(record.at)};
  snapshot.application_requests.push_back({at, record.requests});
  std::size_t k = 0;
  for (const ContainerScrape& c : record.containers) {
    const auto key = std::pair(c.microservice, c.ordinal);
    while (k < known.size() && std::pair(known[k].microservice, known[k].ordinal) < key) ++k;
    if (k == known.size()) break;
    if (std::pair(known[k].microservice, known[k].ordinal) != key) continue;
    ContainerMetrics& metrics = snapshot.containers[k];
    metrics.cpu_seconds.push_back({at, c.cpu_seconds});
    metrics.memory_working_set.push_back({at, c.memory});
    metrics.requests.push_back({at, c.requests});
    metrics.memory_traffic_bytes.push_back({at, c.traffic});
    metrics.network_bytes.push_back({at, c.network});
  }
  for (std::size_t h = 0; h < record.hosts.size(); ++h) {
    snapshot.hosts[h].cpu_seconds.push_back({at, record.hosts[h].cpu_seconds});
    snapshot.hosts[h].memory_used.push_back({at, record.hosts[h].memory});
    snapshot.hosts[h].memory_traffic_bytes.push_back({at, record.hosts[h].traffic});
    snapshot.hosts[h].network_bytes.push_back({at, record.hosts[h].network});
  }
}

absl::StatusOr<MetricSnapshot> SimulatedMetrics::Read(Instant now, Duration window) {
  if (window <= Duration(0)) {
    return absl::InvalidArgumentError(
        fmt::format("metrics window is {} ns, must be above 0", window.count()));
  }
  MetricSnapshot snapshot;
  snapshot.at = now;
  const SimNanos end = now.time_since_epoch().count();
  const Record* latest = nullptr;
  for (const Record& record : records_) {
    if (record.at + lag_ <= end) latest = &record;
  }
  if (latest == nullptr) return snapshot;
  Describe(*latest, snapshot);
  for (const Record& record : records_) {
    if (record.at + lag_ > end) break;
    if (record.at > end - window.count()) Append(record, snapshot, latest->containers);
  }
  return snapshot;
}

}  // namespace trimtab
