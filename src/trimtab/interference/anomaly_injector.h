// Port `AnomalyInjector`: deliberate contention on hosts (Grad VI-A, Anomaly Injector).
#pragma once

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "trimtab/application/ids.h"
#include "trimtab/application/interference.h"
#include "trimtab/quantity/quantity.h"
#include "trimtab/quantity/time.h"

namespace trimtab {

// Contention of one kind on one host. The intensity is what a Monitor reads there: the share of
// the host's capacity that the anomaly uses.
struct Anomaly {
  HostId host;
  InterferenceKind kind = InterferenceKind::kCpu;
  Ratio intensity;
  Instant start;
  Instant end;
};

using AnomalyId = Index<struct AnomalyIdTag>;

// Thread-safety: one caller at a time.
class AnomalyInjector {
 public:
  virtual ~AnomalyInjector() = default;

  // Anomalies of one kind on one host add up, capped at the host's capacity. kInvalidArgument for
  // an unknown host or an end before the start; a start in the past begins at once.
  virtual absl::StatusOr<AnomalyId> Inject(const Anomaly& anomaly) = 0;

  // Ends an anomaly now. kNotFound when it has ended or never was.
  virtual absl::Status Remove(AnomalyId id) = 0;
};

}  // namespace trimtab
