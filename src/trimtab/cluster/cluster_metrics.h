// The port `MetricSource` over a cluster: what Prometheus has scraped, joined with what the API
// server says of the application.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "trimtab/appscaler/app_scaler.h"
#include "trimtab/cluster/application_view.h"
#include "trimtab/monitoring/metric_source.h"
#include "trimtab/monitoring/prometheus_reader.h"
#include "trimtab/quantity/time.h"

namespace trimtab {

// Annotations of a node that say what no exporter measures: bytes per second, as Kubernetes writes
// quantities ("20Gi"). The second takes the place of the speed that the node's links report, which
// is often missing on virtual machines.
inline constexpr char kMemoryBandwidthAnnotation[] = "trimtab.dev/memory-bandwidth";
inline constexpr char kNetworkBandwidthAnnotation[] = "trimtab.dev/network-bandwidth";

// The services that count the requests of an application.
struct CountedServices {
  std::string entry{};                                  // its counter is the application's
  std::vector<std::vector<std::string>> of_workload{};  // by MicroserviceId
};
CountedServices CountedServicesOf(const AppScaler& scaler);

// Joins the two by names:
//
// - A container of the snapshot is a pod of a workload that has a node, with the sum over its
//   scaled containers; where one of these has no series there is no sum. Its other containers are
//   use by others. Its network traffic is the whole pod's: the kernel knows no other.
// - Requests are counted per pod where the counter's series name pods of the workload. Otherwise
//   they are those of the collector that exported them, and every ready pod is given an equal part
//   of the service's counter, so that the sum over them is right.
// - The time since which a pod is Ready is the API server's.
// - CPU quotas are those of the scaled containers that have such series: one without a limit has
//   none.
// - The peak of a workload's memory is the largest of any pod that one of the makers of its pods
//   (ReplicaSet, StatefulSet) has made, whether it is still there or not, over a day and now.
// - A host is a node that runs one of the pods. Its series are found by its name, and those that
//   exporters without such a label gave by its addresses. Where nodes may not be read, what they
//   have is not known, and their capacity is 0, which means just that.
//
// What has no series is absent, never zero: a pod that has not been scraped yet, one that has gone.
// Cost: linear in the series and in the pods.
MetricSnapshot JoinMetrics(const ScrapedMetrics& scraped, const ApplicationView& view,
                           const CountedServices& services);

// What the memory of each microservice must not go below, by MicroserviceId: the largest working
// set that a container of it had in the snapshot, or its peak, with a margin of a tenth, in whole
// MiB; none where none is known.
std::vector<std::optional<Bytes>> MemoryNeeds(const MetricSnapshot& snapshot,
                                              std::size_t microservices);

// Thread-safety: one caller at a time.
class ClusterMetrics : public MetricSource {
 public:
  // `timeout` bounds a Read(). `view` is asked once in each, after Prometheus has answered, and
  // must return as many workloads as `services` has.
  ClusterMetrics(PrometheusReader reader, std::function<ApplicationView()> view,
                 CountedServices services, Duration timeout = std::chrono::seconds(10))
      : reader_(std::move(reader)),
        view_(std::move(view)),
        services_(std::move(services)),
        timeout_(timeout),
        memory_needs_(services_.of_workload.size()) {}

  // Queries that fail are gaps of the snapshot; kUnavailable, when all do.
  absl::StatusOr<MetricSnapshot> Read(Instant now, Duration window) override;

  // MemoryNeeds() of the last Read() that knew it of this microservice.
  std::optional<Bytes> MemoryNeed(MicroserviceId id) const { return memory_needs_[id.value()]; }

 private:
  PrometheusReader reader_;
  std::function<ApplicationView()> view_;
  CountedServices services_;
  Duration timeout_;
  std::vector<std::optional<Bytes>> memory_needs_;  // by MicroserviceId
};

}  // namespace trimtab
