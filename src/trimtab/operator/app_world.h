// What an application's control loop needs of its cluster beside the ports.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "trimtab/appscaler/app_scaler.h"
#include "trimtab/deployment/actuator.h"
#include "trimtab/monitoring/metric_source.h"
#include "trimtab/scaling/planning_input.h"

namespace trimtab {

// Another controller of what we scale, and how to settle it.
struct RivalNotice {
  std::string reason{};  // "RivalAutoscaler", "FieldConflict"
  std::string words{};   // who it is, what it scales, and the rule that makes it let go

  friend bool operator==(const RivalNotice&, const RivalNotice&) = default;
};

// Of one AppScaler of one generation; its lists are by MicroserviceId.
// Thread-safety: one caller at a time; answers come from watches, not from requests.
class AppWorld {
 public:
  virtual ~AppWorld() = default;

  // kUnavailable while the cluster is not known well enough to decide; kNotFound naming the
  // workloads that do not exist, without which decisions can be made: they stay as they are.
  virtual absl::Status Ready() const = 0;
  // What may not be scaled, as it is now.
  virtual std::vector<FixedAllocation> Fixed() = 0;
  // What the cluster can give; absent where nodes may not be read.
  virtual std::optional<ClusterCapacity> Capacity() const = 0;
  virtual std::vector<RivalNotice> Rivals() const = 0;
  // `sizes` of status.podSizes without those of templates that have changed since.
  virtual std::vector<PodSize> Settled(const std::vector<PodSize>& sizes) const = 0;
  // Brings pods that were born with another size to theirs, sizes that were lost back to the book,
  // and takes back what is stuck. Called every second or so while writing is allowed.
  virtual absl::Status Tend() = 0;

  virtual Actuator& actuator() = 0;
  virtual MetricSource& metrics() = 0;
};

}  // namespace trimtab
