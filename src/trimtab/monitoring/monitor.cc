#include "trimtab/monitoring/monitor.h"

#include <algorithm>
#include <cmath>

#include "fmt/format.h"
#include "trimtab/monitoring/host_use.h"
#include "trimtab/quantity/text.h"

namespace trimtab {
namespace {

// Of a difference of counters: less beyond the bounds is no defect of the data.
constexpr double kRounding = 1e-6;

std::size_t IndexOf(InterferenceKind kind) { return static_cast<std::size_t>(kind); }

struct ContainerReading {
  const ContainerMetrics* metrics = nullptr;
  UseReading use;
  std::optional<KindReading> requests;
};

struct HostReading {
  const HostMetrics* metrics = nullptr;  // none: the snapshot does not have this host
  UseReading use;
  ContainerConfig requested;                                    // by this application
  std::array<double, kInterferenceKinds.size()> own_use{};      // by this application
  std::array<bool, kInterferenceKinds.size()> own_use_known{};  // of every ready container
};

// One snapshot on its way to becoming an observation.
class Join {
 public:
  Join(const Application& application, const MonitorOptions& options,
       const MetricSnapshot& snapshot, MonitorDefects& defects)
      : application_(application),
        snapshot_(snapshot),
        rules_{{snapshot.at - options.rate_window, snapshot.at}, options.most_age},
        warm_up_(options.warm_up),
        defects_(defects) {
    observation_.at = snapshot.at;
    observation_.window = options.rate_window;
    observation_.microservices.resize(application.size());
    observation_.gaps = snapshot.gaps;
  }

  Observation Run() {
    ReadHosts();
    ReadContainers();
    for (const ContainerReading& container : containers_) AddContainer(container);
    const auto& peaks = snapshot_.memory_peaks;
    for (std::size_t i = 0; i < std::min(peaks.size(), application_.size()); ++i) {
      observation_.microservices[i].memory_peak = peaks[i];
    }
    AddArrivalRates();
    AddHosts();
    if (const auto load = ReadCounter(snapshot_.application_requests)) {
      observation_.application_load = RequestsPerSecond(load->level);
      observation_.application_load_age = load->age;
    } else {
      Gap("application: no request counter");
    }
    return std::move(observation_);
  }

 private:
  std::optional<KindReading> Read(const MetricSeries& series, InterferenceKind kind) {
    return ReadKind(series, kind, rules_, defects_.series, defects_.stale_series);
  }
  std::optional<KindReading> ReadCounter(const MetricSeries& series) {
    return Read(series, InterferenceKind::kCpu);
  }
  void Gap(std::string words) {
    observation_.gaps.push_back(
        fmt::format("{} within {}", words, FormatDuration(rules_.most_age)));
  }

  void ReadHosts() {
    for (const HostMetrics& host : snapshot_.hosts) {
      if (hosts_.size() <= host.host.value()) hosts_.resize(host.host.value() + 1);
      HostReading& reading = hosts_[host.host.value()];
      reading.metrics = &host;
      reading.own_use_known.fill(true);
      for (const InterferenceKind kind : kInterferenceKinds) {
        if (!CapacityOf(host, kind)) continue;
        reading.use[IndexOf(kind)] = Read(SeriesOf(host, kind), kind);
        if (!reading.use[IndexOf(kind)]) {
          Gap(fmt::format("host {}: no {} samples", host.name, InterferenceName(kind)));
        }
      }
    }
  }

  void ReadContainers() {
    for (const ContainerMetrics& container : snapshot_.containers) {
      if (container.microservice.value() >= application_.size()) {
        ++defects_.unknown_containers;
        continue;
      }
      ContainerReading reading{&container, {}, ReadCounter(container.requests)};
      for (const InterferenceKind kind : kInterferenceKinds) {
        reading.use[IndexOf(kind)] = Read(SeriesOf(container, kind), kind);
      }
      if (container.host.value() >= hosts_.size() ||
          hosts_[container.host.value()].metrics == nullptr) {
        ++defects_.containers_off_host;
        Gap(fmt::format("{}: its host {} is not reported", container.pod, container.host.value()));
      } else {
        AddOwnUse(reading, hosts_[container.host.value()]);
      }
      containers_.push_back(reading);
    }
  }

  static void AddOwnUse(const ContainerReading& container, HostReading& host) {
    host.requested.cpu += container.metrics->limits.cpu;
    host.requested.memory += container.metrics->limits.memory;
    for (const InterferenceKind kind : kInterferenceKinds) {
      const auto& own = container.use[IndexOf(kind)];
      const auto& whole = host.use[IndexOf(kind)];
      if (!whole) continue;
      if (own) {
        host.own_use[IndexOf(kind)] += ShareOfHostUse(*own, *whole);
      } else if (container.metrics->ready) {
        host.own_use_known[IndexOf(kind)] = false;
      }
    }
  }

  Ratio ShareByOthers(double whole, double own, double capacity) {
    const double share = (whole - own) / capacity;
    if (share < -kRounding) ++defects_.clipped_at_zero;
    if (share > 1 + kRounding) ++defects_.clipped_at_one;
    return Ratio(std::clamp(share, 0.0, 1.0));
  }

  void AddContainer(const ContainerReading& reading) {
    const ContainerMetrics& metrics = *reading.metrics;
    ContainerObservation container;
    container.pod = metrics.pod;
    container.host = metrics.host;
    container.ready = metrics.ready;
    container.limits = metrics.limits;
    container.warming_up = WarmsUp(metrics);
    const auto& cpu = reading.use[IndexOf(InterferenceKind::kCpu)];
    if (cpu && !container.warming_up) {
      container.cpu_usage = Measured<double>{cpu->level, cpu->age};
    }
    if (const auto& memory = reading.use[IndexOf(InterferenceKind::kMemoryCapacity)]) {
      container.memory_usage = Measured<Bytes>{
          Bytes(static_cast<std::int64_t>(std::min(memory->level, 9e18))), memory->age};
    }
    if (reading.requests) {
      container.container_load = Measured<RequestsPerSecond>{
          RequestsPerSecond(reading.requests->level), reading.requests->age};
    }
    if (!container.warming_up) {
      AddInterference(reading, container);
      AddThrottling(metrics, container);
    }
    const bool is_expected = metrics.ready && !container.warming_up;
    if (is_expected && !reading.requests) Gap(metrics.pod + ": no request counter");
    auto& microservice = observation_.microservices[metrics.microservice.value()];
    if (metrics.ready) ++microservice.ready;
    microservice.containers.push_back(std::move(container));
  }

  bool WarmsUp(const ContainerMetrics& metrics) const {
    return metrics.ready && metrics.ready_since && snapshot_.at < *metrics.ready_since + warm_up_;
  }

  // The worst of its limited containers; what had no work to do was not throttled.
  void AddThrottling(const ContainerMetrics& metrics, ContainerObservation& container) {
    for (const QuotaSeries& quota : metrics.quotas) {
      const auto periods = ReadCounter(quota.periods);
      const auto throttled = ReadCounter(quota.throttled);
      if (!periods || !throttled) {
        container.throttled.reset();
        return;
      }
      const double share = periods->level > 0 ? throttled->level / periods->level : 0;
      const Measured<Ratio> one{Ratio(std::clamp(share, 0.0, 1.0)),
                                std::max(periods->age, throttled->age)};
      if (!container.throttled || container.throttled->value < one.value) {
        container.throttled = one;
      }
    }
  }

  void AddInterference(const ContainerReading& reading, ContainerObservation& container) {
    const ContainerMetrics& metrics = *reading.metrics;
    if (metrics.host.value() >= hosts_.size()) return;
    const HostReading& host = hosts_[metrics.host.value()];
    for (const InterferenceKind kind : kInterferenceKinds) {
      const auto& own = reading.use[IndexOf(kind)];
      const auto& whole = host.use[IndexOf(kind)];
      // CPU and memory usage matter on their own; the traffic of a container only to be subtracted.
      const bool wanted =
          whole || kind == InterferenceKind::kCpu || kind == InterferenceKind::kMemoryCapacity;
      if (!own && metrics.ready && wanted) {
        Gap(fmt::format("{}: no {} samples", metrics.pod, InterferenceName(kind)));
      }
      if (!own || !whole) continue;
      const double capacity = *CapacityOf(*host.metrics, kind);
      container.interference.Set(
          kind, ShareByOthers(whole->level, ShareOfHostUse(*own, *whole), capacity));
      container.interference_age = std::max({container.interference_age, own->age, whole->age});
    }
  }

  // Each container contributes over the union of all their spans: one that became ready in the
  // middle of the window adds only what it served in it.
  void AddArrivalRates() {
    std::vector<std::vector<const KindReading*>> requests(application_.size());
    for (const ContainerReading& reading : containers_) {
      if (!reading.requests) continue;
      requests[reading.metrics->microservice.value()].push_back(&*reading.requests);
    }
    for (std::size_t i = 0; i < requests.size(); ++i) {
      MicroserviceObservation& microservice = observation_.microservices[i];
      if (microservice.containers.empty()) {
        Gap(application_.microservice(MicroserviceId(i)).name + ": no container");
      }
      if (requests[i].empty()) continue;
      TimeWindow whole = requests[i].front()->increase->span;
      for (const KindReading* reading : requests[i]) {
        whole.begin = std::min(whole.begin, reading->increase->span.begin);
        whole.end = std::max(whole.end, reading->increase->span.end);
        microservice.arrival_rate_age = std::max(microservice.arrival_rate_age, reading->age);
      }
      double sum = 0;
      for (const KindReading* reading : requests[i]) sum += MeanRateOver(*reading->increase, whole);
      microservice.arrival_rate = RequestsPerSecond(sum);
    }
  }

  void AddHosts() {
    observation_.hosts.resize(hosts_.size());
    for (std::size_t i = 0; i < hosts_.size(); ++i) {
      if (hosts_[i].metrics == nullptr) continue;
      const HostMetrics& metrics = *hosts_[i].metrics;
      HostObservation& host = observation_.hosts[i];
      host.name = metrics.name;
      host.allocatable_cpu = metrics.allocatable_cpu;
      host.allocatable_memory = metrics.allocatable_memory;
      host.requested_cpu = hosts_[i].requested.cpu;
      host.requested_memory = hosts_[i].requested.memory;
      for (const InterferenceKind kind : kInterferenceKinds) {
        const auto& whole = hosts_[i].use[IndexOf(kind)];
        if (!whole || !hosts_[i].own_use_known[IndexOf(kind)]) continue;
        host.interference.Set(kind, ShareByOthers(whole->level, hosts_[i].own_use[IndexOf(kind)],
                                                  *CapacityOf(metrics, kind)));
        host.interference_age = std::max(host.interference_age, whole->age);
      }
    }
  }

  const Application& application_;
  const MetricSnapshot& snapshot_;
  ReadingRules rules_;
  Duration warm_up_;
  MonitorDefects& defects_;
  Observation observation_;
  std::vector<HostReading> hosts_;
  std::vector<ContainerReading> containers_;
};

}  // namespace

absl::Status MonitorOptions::Validate() const {
  std::string problems;
  if (rate_window <= Duration(0)) {
    problems += fmt::format("; rate window is {}, must be positive", FormatDuration(rate_window));
  }
  if (most_age <= Duration(0) || most_age > rate_window) {
    problems += fmt::format("; most age is {}, must lie in (0, rate window {}]",
                            FormatDuration(most_age), FormatDuration(rate_window));
  }
  if (warm_up < Duration(0)) {
    problems += fmt::format("; warm-up is {}, must not be negative", FormatDuration(warm_up));
  }
  if (problems.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError("monitor options: " + problems.substr(2));
}

absl::StatusOr<Monitor> Monitor::Create(const Application& application, MonitorOptions options) {
  if (const absl::Status valid = options.Validate(); !valid.ok()) return valid;
  return Monitor(application, options);
}

Observation Monitor::Observe(const MetricSnapshot& snapshot) {
  return Join(*application_, options_, snapshot, defects_).Run();
}

}  // namespace trimtab
