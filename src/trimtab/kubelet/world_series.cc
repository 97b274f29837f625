#include "trimtab/kubelet/world_series.h"

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "fmt/format.h"
#include "trimtab/kubernetes/json_view.h"
#include "trimtab/simulation/host_counters.h"
#include "trimtab/telemetry/metric_text.h"

namespace trimtab {
namespace {

constexpr MetricKind kCounter = MetricKind::kCounter;
constexpr MetricKind kGauge = MetricKind::kGauge;
constexpr double kPeriodMicros = 100'000;

// One container of a pod that runs.
struct ExposedContainer {
  MetricLabels labels;         // of cAdvisor
  const Container* simulated;  // nullptr: it uses nothing
  ContainerConfig limits;      // in force; 0 where there are none
};

// A Container of the simulation whose slot is still the replica's; nullptr without one.
const Container* SimulatedOf(const ClusterState& state, const PodLife& pod) {
  if (!pod.replica() || pod.replica()->container >= state.containers.size()) return nullptr;
  const Container& c = state.containers[pod.replica()->container];
  const bool is_it = c.microservice == pod.replica()->microservice &&
                     c.ordinal == pod.replica()->ordinal && c.state != ReplicaState::kGone;
  return is_it ? &c : nullptr;
}

MetricLabels With(MetricLabels labels, const MetricLabels& more) {
  labels.insert(labels.end(), more.begin(), more.end());
  return labels;
}

MetricLabels PodLabels(const PodLife& pod) {
  const ObjectMeta& meta = pod.pod().view.meta;
  return {{"namespace", meta.name_space}, {"pod", meta.name}};
}

MetricLabels CadvisorOf(const std::string& node) {
  return {{"job", "kubelet"},
          {"metrics_path", "/metrics/cadvisor"},
          {"node", node},
          {"instance", node + ":10250"}};
}

MetricLabels NodeExporterOf(const std::string& node) {
  return {{"job", "node-exporter"}, {"node", node}, {"instance", node + ":9100"}};
}

// Of kube-state-metrics.
MetricLabels StateOf(const PodLife& pod) {
  return With({{"job", "kube-state-metrics"}}, PodLabels(pod));
}

class WorldText {
 public:
  explicit WorldText(const ExposedWorld& world) : world_(world) {
    for (const HostSpec& host : world.state.scenario->hosts) {
      cadvisor_.push_back(CadvisorOf(host.name));
      node_exporter_.push_back(NodeExporterOf(host.name));
    }
    for (std::uint32_t h = 0; h < world.state.hosts.size(); ++h) {
      counters_.push_back(CountersOf(world.state, h));
    }
    for (const PodLife* pod : world.pods) {
      if (IsShown(*pod)) AddContainers(*pod);
    }
  }

  std::string Write() {
    WriteContainers();
    WriteLimits();
    WritePodNetwork();
    WriteNodes();
    WriteOwners();
    WriteResources();
    WritePodStates();
    WriteRequests();
    return text_.Take();
  }

 private:
  bool IsLost(std::size_t host) const {
    return world_.lost_hosts.contains(static_cast<std::uint32_t>(host));
  }
  // By the exporters of its node.
  bool IsShown(const PodLife& pod) const {
    return pod.report().stage != PodReport::Stage::kCreating && !IsLost(pod.place().host);
  }

  void AddContainers(const PodLife& pod) {
    for (std::size_t i = 0; i < pod.pod().containers.size(); ++i) {
      const HostedContainer& container = pod.pod().containers[i];
      const bool is_worker = i == pod.report().worker;
      const ContainerConfig limits = is_worker && pod.replica() ? pod.in_force() : container.limits;
      containers_.push_back(
          {With(With(cadvisor_[pod.place().host], PodLabels(pod)),
                {{"container", container.name},
                 {"image", container.image},
                 {"id", fmt::format("/kubepods/pod{}/{}", pod.pod().view.meta.uid, container.name)},
                 {"name", container.name}}),
           is_worker ? SimulatedOf(world_.state, pod) : nullptr, limits});
    }
  }

  void EachContainer(std::string_view name, MetricKind kind, std::string_view help,
                     const std::function<double(const Container&)>& value,
                     const MetricLabels& more = {}) {
    text_.Family(name, kind, help);
    for (const ExposedContainer& container : containers_) {
      text_.Sample(With(container.labels, more),
                   container.simulated == nullptr ? 0.0 : value(*container.simulated));
    }
  }

  void WriteContainers() {
    const SimNanos now = world_.state.now;
    EachContainer("container_cpu_usage_seconds_total", kCounter, "Processor time used.",
                  [&](const Container& c) { return c.cpu.UsedAt(now) * 1e-9; }, {{"cpu", "total"}});
    for (std::size_t h = 0; h < counters_.size(); ++h) {
      if (IsLost(h)) continue;
      text_.Sample(With(cadvisor_[h], {{"id", "/"}, {"cpu", "total"}}), counters_[h].cpu_seconds);
    }
    EachContainer("container_memory_working_set_bytes", kGauge, "Memory in use.",
                  [](const Container& c) { return c.memory.UsedBytes(c.in_flight); });
    for (std::size_t h = 0; h < counters_.size(); ++h) {
      if (IsLost(h)) continue;
      text_.Sample(With(cadvisor_[h], {{"id", "/"}}), counters_[h].memory);
    }
    EachContainer("container_memory_bandwidth_bytes", kCounter,
                  "Bytes between processors and memory.", [&](const Container& c) {
                    return c.cpu.UsedAt(now) * 1e-9 *
                           world_.state.scenario->microservices[c.microservice].memory_traffic;
                  });
    WriteQuotas(now);
  }

  // The periods of 100 ms in which a container had work to do, and those in which the quota of its
  // limit was used up, as the simulated processor counts them; without a limit there are none.
  void WriteQuotas(SimNanos now) {
    const auto each = [this](std::string_view name, std::string_view help, const auto& value) {
      text_.Family(name, kCounter, help);
      for (const ExposedContainer& container : containers_) {
        if (container.limits.cpu <= Millicores(0)) continue;
        text_.Sample(container.labels,
                     container.simulated == nullptr ? 0.0 : value(*container.simulated));
      }
    };
    each("container_cpu_cfs_periods_total", "Periods with work to do.",
         [](const Container& c) { return static_cast<double>(c.cpu.statistics().periods); });
    each("container_cpu_cfs_throttled_periods_total", "Periods cut short.", [](const Container& c) {
      return static_cast<double>(c.cpu.statistics().throttled_periods);
    });
    each("container_cpu_cfs_throttled_seconds_total", "Time stopped.",
         [now](const Container& c) { return c.cpu.ThrottledAt(now) * 1e-9; });
  }

  void WriteLimits() {
    text_.Family("container_spec_cpu_quota", kGauge, "Microseconds of processor time a period.");
    for (const ExposedContainer& container : containers_) {
      if (container.limits.cpu <= Millicores(0)) continue;
      text_.Sample(container.labels, InCores(container.limits.cpu) * kPeriodMicros);
    }
    text_.Family("container_spec_cpu_period", kGauge, "Microseconds of a period.");
    for (const ExposedContainer& container : containers_) {
      text_.Sample(container.labels, kPeriodMicros);
    }
    text_.Family("container_spec_memory_limit_bytes", kGauge, "Memory limit; 0: none.");
    for (const ExposedContainer& container : containers_) {
      text_.Sample(container.labels, container.limits.memory.as_double());
    }
  }

  // The simulation counts both ways together: half each.
  void WritePodNetwork() {
    for (const std::string_view name :
         {"container_network_receive_bytes_total", "container_network_transmit_bytes_total"}) {
      text_.Family(name, kCounter, "Bytes on the pod's interface.");
      for (const PodLife* pod : world_.pods) {
        if (!IsShown(*pod)) continue;
        const Container* c = SimulatedOf(world_.state, *pod);
        text_.Sample(With(With(cadvisor_[pod->place().host], PodLabels(*pod)),
                          {{"interface", "eth0"},
                           {"id", "/kubepods/pod" + pod->pod().view.meta.uid},
                           {"image", "pause"}}),
                     c == nullptr ? 0.0 : c->network_bytes / 2);
      }
    }
  }

  void EachHost(std::string_view name, MetricKind kind, std::string_view help,
                const std::vector<MetricLabels>& labels, const MetricLabels& more,
                const std::function<double(const HostCounters&, const HostSpec&)>& value) {
    text_.Family(name, kind, help);
    for (std::size_t h = 0; h < counters_.size(); ++h) {
      if (IsLost(h)) continue;
      text_.Sample(With(labels[h], more), value(counters_[h], world_.state.scenario->hosts[h]));
    }
  }

  void WriteNodes() {
    EachHost("machine_cpu_cores", kGauge, "Cores.", cadvisor_, {},
             [](const HostCounters&, const HostSpec& host) { return InCores(host.cpu); });
    EachHost("machine_memory_bytes", kGauge, "Memory.", cadvisor_, {},
             [](const HostCounters&, const HostSpec& host) { return host.memory.as_double(); });
    EachHost("node_cpu_seconds_total", kCounter, "Processor time by mode.", node_exporter_,
             {{"cpu", "0"}, {"mode", "user"}},
             [](const HostCounters& now, const HostSpec&) { return now.cpu_seconds; });
    const double elapsed = static_cast<double>(world_.state.now) * 1e-9;
    for (std::size_t h = 0; h < counters_.size(); ++h) {
      if (IsLost(h)) continue;
      const double cores = InCores(world_.state.scenario->hosts[h].cpu);
      text_.Sample(With(node_exporter_[h], {{"cpu", "0"}, {"mode", "idle"}}),
                   cores * elapsed - counters_[h].cpu_seconds);
    }
    EachHost("node_memory_MemTotal_bytes", kGauge, "Memory.", node_exporter_, {},
             [](const HostCounters&, const HostSpec& host) { return host.memory.as_double(); });
    EachHost("node_memory_MemAvailable_bytes", kGauge, "Memory not in use.", node_exporter_, {},
             [](const HostCounters& now, const HostSpec& host) {
               return host.memory.as_double() - now.memory;
             });
    for (const std::string_view name :
         {"node_network_receive_bytes_total", "node_network_transmit_bytes_total"}) {
      EachHost(name, kCounter, "Bytes on a link.", node_exporter_, {{"device", "eth0"}},
               [](const HostCounters& now, const HostSpec&) { return now.network / 2; });
    }
    EachHost("node_network_speed_bytes", kGauge, "Bytes per second of a link.", node_exporter_,
             {{"device", "eth0"}},
             [](const HostCounters&, const HostSpec& host) { return host.network_bandwidth; });
    EachHost("node_resctrl_memory_bandwidth_bytes_total", kCounter,
             "Bytes between processors and memory.", node_exporter_,
             {{"domain", "0"}, {"scope", "total"}},
             [](const HostCounters& now, const HostSpec&) { return now.traffic; });
  }

  static MetricLabels OwnerLabels(const OwnerReference& owner) {
    return {
        {"owner_kind", owner.kind}, {"owner_name", owner.name}, {"owner_is_controller", "true"}};
  }

  void WriteOwners() {
    text_.Family("kube_pod_owner", kGauge, "Who controls a pod.");
    for (const PodLife* pod : world_.pods) {
      const OwnerReference* owner = pod->pod().view.meta.Controller();
      if (owner != nullptr) text_.Sample(With(StateOf(*pod), OwnerLabels(*owner)), 1);
    }
    text_.Family("kube_replicaset_owner", kGauge, "Who controls a ReplicaSet.");
    for (const auto& [name, owner] : world_.replica_set_owners) {
      text_.Sample(With({{"job", "kube-state-metrics"},
                         {"namespace", name.first},
                         {"replicaset", name.second}},
                        OwnerLabels(owner)),
                   1);
    }
    text_.Family("kube_pod_info", kGauge, "Where a pod is.");
    for (const PodLife* pod : world_.pods) {
      text_.Sample(With(StateOf(*pod), {{"node", pod->pod().view.node},
                                        {"uid", pod->pod().view.meta.uid},
                                        {"pod_ip", pod->place().pod_ip},
                                        {"host_ip", pod->place().host_ip}}),
                   1);
    }
  }

  void WriteAmounts(std::string_view name, ContainerConfig HostedContainer::* amounts) {
    text_.Family(name, kGauge, "By the spec of the pod.");
    for (const PodLife* pod : world_.pods) {
      for (const HostedContainer& container : pod->pod().containers) {
        const MetricLabels labels = With(StateOf(*pod), {{"container", container.name},
                                                         {"node", pod->pod().view.node},
                                                         {"uid", pod->pod().view.meta.uid}});
        const ContainerConfig& size = container.*amounts;
        if (size.cpu > Millicores(0)) {
          text_.Sample(With(labels, {{"resource", "cpu"}, {"unit", "core"}}), InCores(size.cpu));
        }
        if (size.memory > Bytes(0)) {
          text_.Sample(With(labels, {{"resource", "memory"}, {"unit", "byte"}}),
                       size.memory.as_double());
        }
      }
    }
  }

  void WriteResources() {
    WriteAmounts("kube_pod_container_resource_requests", &HostedContainer::requests);
    WriteAmounts("kube_pod_container_resource_limits", &HostedContainer::limits);
  }

  void WritePodStates() {
    text_.Family("kube_pod_status_ready", kGauge, "Whether a pod is ready.");
    for (const PodLife* pod : world_.pods) {
      text_.Sample(With(StateOf(*pod), {{"condition", "true"}}),
                   pod->report().is_ready && !IsLost(pod->place().host) ? 1 : 0);
    }
    text_.Family("kube_pod_container_status_restarts_total", kCounter, "Restarts of a container.");
    for (const PodLife* pod : world_.pods) {
      const auto& containers = pod->pod().containers;
      for (std::size_t i = 0; i < containers.size(); ++i) {
        const bool is_worker = i == pod->report().worker;
        text_.Sample(With(StateOf(*pod), {{"container", containers[i].name}}),
                     is_worker ? static_cast<double>(pod->report().restarts) : 0);
      }
    }
  }

  void SampleRequests(std::uint32_t microservice, const std::string& name_space,
                      const MetricLabels& pod, double requests, double failed) {
    const MetricLabels labels =
        With({{"job", "span-metrics"},
              {"service_name", world_.state.scenario->microservices[microservice].name},
              {"k8s_namespace_name", name_space},
              {"span_kind", "SPAN_KIND_SERVER"}},
             pod);
    text_.Sample(With(labels, {{"status_code", "STATUS_CODE_UNSET"}}), requests - failed);
    text_.Sample(With(labels, {{"status_code", "STATUS_CODE_ERROR"}}), failed);
  }

  void WriteRequests() {
    text_.Family("traces_span_metrics_calls_total", kCounter, "Spans of a service.");
    for (const PodLife* pod : world_.pods) {
      const Container* c = SimulatedOf(world_.state, *pod);
      if (c == nullptr) continue;
      SampleRequests(c->microservice, pod->pod().view.meta.name_space, PodLabels(*pod),
                     static_cast<double>(c->requests), static_cast<double>(c->failed_requests));
    }
    for (const PastRequests& past : world_.past) {
      SampleRequests(past.microservice, past.name_space,
                     {{"namespace", past.name_space}, {"pod", past.pod}}, past.requests,
                     past.failed);
    }
  }

  const ExposedWorld& world_;
  std::vector<MetricLabels> cadvisor_;       // labels by host
  std::vector<MetricLabels> node_exporter_;  // labels by host
  std::vector<HostCounters> counters_;       // by host
  std::vector<ExposedContainer> containers_;
  MetricTextWriter text_;
};

}  // namespace

std::string WorldSeries(const ExposedWorld& world) { return WorldText(world).Write(); }

}  // namespace trimtab
