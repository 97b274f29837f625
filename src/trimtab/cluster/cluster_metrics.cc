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
    for (std::size_t i = 0; i < view_.workloads.size(); ++i) AddWorkload(MicroserviceId(i));
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
      container.limits = sight.limits;
      const ScrapedPodName pod{sight.pod->meta.name_space, sight.pod->meta.name};
      container.cpu_seconds =
          SumOver(pod, workload.containers, &ScrapedContainer::cpu_seconds, SumCounters);
      container.memory_working_set =
          SumOver(pod, workload.containers, &ScrapedContainer::memory_working_set, SumGauges);
      container.memory_traffic_bytes =
          SumOver(pod, workload.containers, &ScrapedContainer::memory_traffic_bytes, SumCounters);
      container.requests = requests[i];
      if (const auto network = scraped_.pod_network_bytes.find(pod);
          network != scraped_.pod_network_bytes.end()) {
        container.network_bytes = network->second;
      }
    }
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
