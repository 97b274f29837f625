#include "trimtab/monitoring/host_use.h"

namespace trimtab {

const MetricSeries& SeriesOf(const ContainerMetrics& container, InterferenceKind kind) {
  switch (kind) {
    case InterferenceKind::kMemoryCapacity:
      return container.memory_working_set;
    case InterferenceKind::kMemoryBandwidth:
      return container.memory_traffic_bytes;
    case InterferenceKind::kNetworkBandwidth:
      return container.network_bytes;
    case InterferenceKind::kCpu:
      break;
  }
  return container.cpu_seconds;
}

const MetricSeries& SeriesOf(const HostMetrics& host, InterferenceKind kind) {
  switch (kind) {
    case InterferenceKind::kMemoryCapacity:
      return host.memory_used;
    case InterferenceKind::kMemoryBandwidth:
      return host.memory_traffic_bytes;
    case InterferenceKind::kNetworkBandwidth:
      return host.network_bytes;
    case InterferenceKind::kCpu:
      break;
  }
  return host.cpu_seconds;
}

std::optional<double> CapacityOf(const HostMetrics& host, InterferenceKind kind) {
  std::optional<double> capacity;
  switch (kind) {
    case InterferenceKind::kCpu:
      capacity = InCores(host.allocatable_cpu);
      break;
    case InterferenceKind::kMemoryCapacity:
      capacity = host.allocatable_memory.as_double();
      break;
    case InterferenceKind::kMemoryBandwidth:
      capacity = host.memory_bandwidth;
      break;
    case InterferenceKind::kNetworkBandwidth:
      capacity = host.network_bandwidth;
      break;
  }
  if (capacity && !(*capacity > 0)) return std::nullopt;
  return capacity;
}

std::optional<KindReading> ReadKind(const MetricSeries& series, InterferenceKind kind,
                                    const ReadingRules& rules, SeriesDefects& defects,
                                    std::int64_t& stale) {
  KindReading reading;
  Instant newest;
  if (kind == InterferenceKind::kMemoryCapacity) {
    const auto point = LatestOf(series, rules.window, defects);
    if (!point) return std::nullopt;
    reading.level = point->value;
    newest = point->at;
  } else {
    reading.increase = IncreaseOf(series, rules.window, defects);
    if (!reading.increase) return std::nullopt;
    reading.level = reading.increase->PerSecond();
    newest = reading.increase->span.end;
  }
  reading.age = rules.window.end - newest;
  if (reading.age > rules.most_age) {
    ++stale;
    return std::nullopt;
  }
  return reading;
}

double ShareOfHostUse(const KindReading& container, const KindReading& host) {
  if (!container.increase || !host.increase) return container.level;
  return MeanRateOver(*container.increase, host.increase->span);
}

}  // namespace trimtab
