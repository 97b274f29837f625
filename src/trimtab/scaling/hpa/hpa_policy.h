// Policy "hpa": the Kubernetes HorizontalPodAutoscaler v2, one object a microservice.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "trimtab/application/application.h"
#include "trimtab/monitoring/observation.h"
#include "trimtab/scaling/hpa/hpa_options.h"
#include "trimtab/scaling/hpa/replica_calculator.h"
#include "trimtab/scaling/hpa/scaling_behavior.h"
#include "trimtab/scaling/scaling_policy.h"

namespace trimtab {

// Scales replicas only, each microservice by itself; container sizes stay (requests = limits). A
// pod's start and readiness are when this policy first saw them: a pod seen in the very first
// observation counts as long started. Asked before `sync_period` has passed, it keeps what is.
// A metric that cannot be computed forbids going down, not up; when none can be, replicas stay.
// Predicts no tail, so a plan is always feasible. Not thread-safe.
class HpaPolicy : public ScalingPolicy {
 public:
  // Fails as HpaOptions::Validate.
  static absl::StatusOr<std::unique_ptr<HpaPolicy>> Create(HpaOptions options);

  std::string_view name() const override { return "hpa"; }
  absl::StatusOr<Plan> MakePlan(const PlanningInput& input) override;

 private:
  struct PodHistory {
    std::optional<Instant> started;      // absent: before the first observation
    std::optional<Instant> ready_since;  // of the current readiness
    bool ready = false;
    bool was_ready = false;
    Instant seen;
  };
  struct Autoscaler {
    explicit Autoscaler(const HpaOptions& options);
    ScalingBehavior behavior;
    std::map<std::string, PodHistory, std::less<>> pods;
    std::optional<int> replicas;  // desired when last asked
  };
  struct Recommendation {
    int replicas;
    std::string reason;
  };

  explicit HpaPolicy(HpaOptions options) : options_(std::move(options)) {}
  void Follow(const MicroserviceObservation& seen, Instant now, Autoscaler& autoscaler) const;
  bool Unready(const ContainerObservation& container, const PodHistory& pod, Instant now) const;
  std::vector<HpaPod> Group(const MicroserviceObservation& seen, Instant now,
                            const Autoscaler& autoscaler, HpaMetric::Kind kind) const;
  absl::StatusOr<int> Replicas(const HpaMetric& metric, const MicroserviceObservation& seen,
                               Instant now, const Autoscaler& autoscaler, int current) const;
  Recommendation Recommend(const MicroserviceObservation& seen, Instant now,
                           const Autoscaler& autoscaler, int current) const;

  HpaOptions options_;
  std::vector<Autoscaler> autoscalers_;  // by MicroserviceId
  std::optional<Instant> last_sync_;
};

}  // namespace trimtab
