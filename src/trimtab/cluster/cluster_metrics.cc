#include "trimtab/cluster/cluster_metrics.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <string_view>
#include <utility>

#include "trimtab/monitoring/series_fold.h"
#include "trimtab/quantity/text.h"

namespace trimtab {
namespace {

// Between two scrapes more is used than at either: a tenth more is needed, in whole MiB.
Bytes WithMargin(double used) {
  constexpr double kMost = 1e17;  // far beyond any machine, and its tenfold is an integer
  const Bytes tenths = Bytes(static_cast<std::int64_t>(std::min(used, kMost))) * 11;
  const std::int64_t step = Mebibytes(10).value();
  return Mebibytes((tenths.value() + step - 1) / step);
}

// The sum of gauges that are scraped at different times: at the times of the first, from where all
// are known, of the newest value that each has had.
MetricSeries SumGauges(const std::vector<const MetricSeries*>& gauges) {
  if (gauges.size() == 1) return *gauges.front();
  MetricSeries sum;
  for (const MetricPoint& point : *gauges.front()) {
    double total = 0;
    bool is_known = true;
    for (const MetricSeries* gauge : gauges) {
      const auto after =
          std::ranges::upper_bound(*gauge, point.at, std::ranges::less(), &MetricPoint::at);
      is_known = is_known && after != gauge->begin();
      if (is_known) total += std::prev(after)->value;
    }
    if (is_known) sum.push_back({.at = point.at, .value = total});
  }
  return sum;
}

MetricSeries Divided(MetricSeries series, int by) {
  for (MetricPoint& point : series) point.value /= by;
  return series;
}

const MetricSeries& FirstThatIs(const MetricSeries& one, const MetricSeries& other) {
  return one.empty() ? other : one;
}

std::optional<Instant> ReadySince(const PodView& pod) {
  const ObjectCondition* ready = FindCondition(pod.conditions, "Ready");
  return ready != nullptr && ready->IsTrue() ? ready->since : std::nullopt;
}

// What all pods, also those that are gone, begin with that were made by what made those of now:
// the names of its ReplicaSets, or its own where it makes pods itself.
std::set<std::string> MakersOf(const WorkloadSight& workload) {
  std::set<std::string> makers;
  for (const PodSight& pod : workload.pods) {
    const OwnerReference* owner = pod.pod->meta.Controller();
    if (owner != nullptr) makers.insert(owner->name);
  }
  return makers;
}

// One snapshot on its way out of what was scraped.
class MetricsJoin {
 public:
  MetricsJoin(const ScrapedMetrics& scraped, const ApplicationView& view,
              const CountedServices& services)
      : scraped_(scraped), view_(view), services_(services) {
    snapshot_.at = scraped.at;
    snapshot_.gaps = scraped.gaps;
  }

  MetricSnapshot Run() {
    AddHosts();
    for (std::size_t i = 0; i < view_.workloads.size(); ++i) {
      AddWorkload(MicroserviceId(i));
      snapshot_.memory_peaks.push_back(PeakOf(view_.workloads[i]));
    }
    if (const auto entry = scraped_.services.find(services_.entry);
        entry != scraped_.services.end()) {
      snapshot_.application_requests = entry->second.requests;
    }
    return std::move(snapshot_);
  }

 private:
  // The nodes of the view, in its order, then those that only the pods know.
  void AddHosts() {
    for (const auto& node : view_.nodes) AddHost(node->meta.name, node.get());
    for (const WorkloadSight& workload : view_.workloads) {
      for (const PodSight& pod : workload.pods) {
        if (!pod.pod->node.empty() && !hosts_.contains(pod.pod->node)) {
          AddHost(pod.pod->node, nullptr);
        }
      }
    }
  }

  void AddHost(const std::string& name, const NodeView* node) {
    const HostId id(snapshot_.hosts.size());
    hosts_.emplace(name, id);
    HostMetrics host;
    host.host = id;
    host.name = name;
    AddSeries(name, host);
    if (node != nullptr) {
      for (const std::string& address : node->addresses) AddSeries(address, host);
      host.allocatable_cpu = node->allocatable.cpu.value_or(Millicores(0));
      host.allocatable_memory = node->allocatable.memory.value_or(Bytes(0));
      SetCapacity(*node, kMemoryBandwidthAnnotation, host.memory_bandwidth);
      SetCapacity(*node, kNetworkBandwidthAnnotation, host.network_bandwidth);
    }
    snapshot_.hosts.push_back(std::move(host));
  }

  // Two exporters may know a node by two names: each adds what the other has not.
  void AddSeries(const std::string& name, HostMetrics& host) const {
    const auto found = scraped_.nodes.find(name);
    if (found == scraped_.nodes.end()) return;
    const ScrapedNode& node = found->second;
    host.cpu_seconds = FirstThatIs(host.cpu_seconds, node.cpu_seconds);
    host.memory_used = FirstThatIs(host.memory_used, node.memory_used);
    host.memory_traffic_bytes = FirstThatIs(host.memory_traffic_bytes, node.memory_traffic_bytes);
    host.network_bytes = FirstThatIs(host.network_bytes, node.network_bytes);
    if (!host.network_bandwidth) host.network_bandwidth = node.network_bandwidth;
  }

  void SetCapacity(const NodeView& node, const char* annotation, std::optional<double>& capacity) {
    const auto found = node.meta.annotations.find(annotation);
    if (found == node.meta.annotations.end()) return;
    if (const auto bytes = ParseMemory(found->second); bytes.ok() && *bytes > Bytes(0)) {
      capacity = bytes->as_double();
      return;
    }
    snapshot_.gaps.push_back(fmt::format("node {}: annotation {} is '{}', no positive quantity",
                                         node.meta.name, annotation, found->second));
  }

  void AddWorkload(MicroserviceId id) {
    const WorkloadSight& workload = view_.workloads[id.value()];
    const std::vector<MetricSeries> requests = RequestsOf(id);
    for (std::size_t i = 0; i < workload.pods.size(); ++i) {
      const PodSight& sight = workload.pods[i];
      if (sight.pod->node.empty()) continue;  // nothing runs yet
      ContainerMetrics& container = snapshot_.containers.emplace_back();
      container.pod = sight.pod->meta.name;
      container.microservice = id;
      container.host = hosts_.at(sight.pod->node);
      container.ready = sight.ready;
      container.ready_since = ReadySince(*sight.pod);
      container.limits = sight.limits;
      const ScrapedPodName pod{sight.pod->meta.name_space, sight.pod->meta.name};
      container.cpu_seconds =
          SumOver(pod, workload.containers, &ScrapedContainer::cpu_seconds, SumCounters);
      container.memory_working_set =
          SumOver(pod, workload.containers, &ScrapedContainer::memory_working_set, SumGauges);
      container.memory_traffic_bytes =
          SumOver(pod, workload.containers, &ScrapedContainer::memory_traffic_bytes, SumCounters);
      container.quotas = QuotasOf(pod, workload.containers);
      container.requests = requests[i];
      if (const auto network = scraped_.pod_network_bytes.find(pod);
          network != scraped_.pod_network_bytes.end()) {
        container.network_bytes = network->second;
      }
    }
  }

  std::vector<QuotaSeries> QuotasOf(const ScrapedPodName& pod,
                                    const std::vector<std::string>& containers) const {
    std::vector<QuotaSeries> quotas;
    for (const std::string& name : containers) {
      const auto found = scraped_.containers.find({pod, name});
      if (found == scraped_.containers.end()) continue;
      const QuotaSeries& quota = found->second.quota;
      if (!quota.periods.empty() || !quota.throttled.empty()) quotas.push_back(quota);
    }
    return quotas;
  }

  // The most that one pod has had, as the sum over its scaled containers. A stranger's pod that is
  // called as one of ours makes it only larger.
  std::optional<Bytes> PeakOf(const WorkloadSight& workload) const {
    std::map<std::string, double> by_pod;
    const auto add = [&](const ScrapedContainerName& name, const ScrapedContainer& container) {
      if (std::ranges::find(workload.containers, name.container) == workload.containers.end()) {
        return;
      }
      double peak = container.memory_peak.value_or(0);
      for (const MetricPoint& point : container.memory_working_set) {
        if (std::isfinite(point.value)) peak = std::max(peak, point.value);
      }
      by_pod[name.pod.pod] += peak;
    };
    for (const std::string& maker : MakersOf(workload)) {
      const std::string prefix = maker + '-';
      for (auto it = scraped_.containers.lower_bound({{view_.name_space, prefix}, ""});
           it != scraped_.containers.end() && it->first.pod.name_space == view_.name_space &&
           it->first.pod.pod.starts_with(prefix);
           ++it) {
        if (it->first.pod.pod.find('-', prefix.size()) == std::string::npos) {
          add(it->first, it->second);
        }
      }
    }
    double largest = 0;
    for (const auto& [pod, peak] : by_pod) largest = std::max(largest, peak);
    if (!(largest > 0)) return std::nullopt;
    return Bytes(static_cast<std::int64_t>(std::min(std::ceil(largest), 9e18)));
  }

  template <class Sum>
  MetricSeries SumOver(const ScrapedPodName& pod, const std::vector<std::string>& containers,
                       MetricSeries ScrapedContainer::* member, const Sum& sum) const {
    std::vector<const MetricSeries*> series;
    for (const std::string& name : containers) {
      const auto found = scraped_.containers.find({pod, name});
      if (found == scraped_.containers.end() || (found->second.*member).empty()) return {};
      series.push_back(&(found->second.*member));
    }
    // One counter stays as it was scraped: what restarts, restarts.
    if (series.empty()) return {};
    return series.size() == 1 ? *series.front() : sum(series);
  }

  // The requests of each pod of the workload.
  std::vector<MetricSeries> RequestsOf(MicroserviceId id) const {
    const std::vector<PodSight>& pods = view_.workloads[id.value()].pods;
    const auto ready = static_cast<int>(std::ranges::count(pods, true, &PodSight::ready));
    std::vector<MetricSeries> requests(pods.size());
    for (const std::string& name : services_.of_workload[id.value()]) {
      const auto service = scraped_.services.find(name);
      if (service == scraped_.services.end()) continue;
      const auto& by_pod = service->second.requests_by_pod;
      const bool names_pods = std::ranges::any_of(
          pods, [&](const PodSight& sight) { return by_pod.contains(sight.pod->meta.name); });
      for (std::size_t i = 0; i < pods.size(); ++i) {
        const auto own = by_pod.find(pods[i].pod->meta.name);
        MetricSeries more;
        if (own != by_pod.end()) {
          more = own->second;
        } else if (!names_pods && pods[i].ready) {
          more = Divided(service->second.requests, ready);
        }
        if (more.empty()) continue;
        requests[i] = requests[i].empty() ? std::move(more) : SumCounters({&requests[i], &more});
      }
    }
    return requests;
  }

  const ScrapedMetrics& scraped_;
  const ApplicationView& view_;
  const CountedServices& services_;
  MetricSnapshot snapshot_;
  std::map<std::string, HostId> hosts_;  // by name
};

}  // namespace

CountedServices CountedServicesOf(const AppScaler& scaler) {
  CountedServices services{.entry = scaler.entry.service};
  for (const ScaledWorkload& workload : scaler.workloads) {
    services.of_workload.push_back(workload.service_names);
  }
  return services;
}

MetricSnapshot JoinMetrics(const ScrapedMetrics& scraped, const ApplicationView& view,
                           const CountedServices& services) {
  return MetricsJoin(scraped, view, services).Run();
}

std::vector<std::optional<Bytes>> MemoryNeeds(const MetricSnapshot& snapshot,
                                              std::size_t microservices) {
  std::vector<double> largest(microservices, -1);
  for (const ContainerMetrics& container : snapshot.containers) {
    double& of = largest.at(container.microservice.value());
    for (const MetricPoint& point : container.memory_working_set) {
      if (std::isfinite(point.value)) of = std::max(of, point.value);
    }
  }
  for (std::size_t i = 0; i < std::min(microservices, snapshot.memory_peaks.size()); ++i) {
    const std::optional<Bytes>& peak = snapshot.memory_peaks[i];
    if (peak) largest[i] = std::max(largest[i], peak->as_double());
  }
  std::vector<std::optional<Bytes>> needs(microservices);
  for (std::size_t i = 0; i < microservices; ++i) {
    if (largest[i] >= 0) needs[i] = WithMargin(largest[i]);
  }
  return needs;
}

absl::StatusOr<MetricSnapshot> ClusterMetrics::Read(Instant now, Duration window) {
  const absl::StatusOr<ScrapedMetrics> scraped = reader_.Read(now, window, timeout_);
  if (!scraped.ok()) return scraped.status();
  const ApplicationView view = view_();
  if (view.workloads.size() != services_.of_workload.size()) {
    return absl::InternalError(fmt::format("the view has {} workloads, the application {}",
                                           view.workloads.size(), services_.of_workload.size()));
  }
  MetricSnapshot snapshot = JoinMetrics(*scraped, view, services_);
  const std::vector<std::optional<Bytes>> needs = MemoryNeeds(snapshot, memory_needs_.size());
  for (std::size_t i = 0; i < needs.size(); ++i) {
    if (needs[i]) memory_needs_[i] = needs[i];
  }
  return snapshot;
}

}  // namespace trimtab
