// One look at a cluster: what is recommended now, and a plan applied by hand.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "trimtab/application/application.h"
#include "trimtab/appscaler/app_scaler.h"
#include "trimtab/clock/clock.h"
#include "trimtab/controller/decision.h"
#include "trimtab/deployment/commit.h"
#include "trimtab/operator/app_world.h"
#include "trimtab/operator/change_set.h"
#include "trimtab/operator/scaling_operator.h"

namespace trimtab {

struct Recommendation {
  AppScaler scaler;
  std::shared_ptr<const Application> application;
  Decision decision;
  std::vector<RivalNotice> rivals;

  ChangeSet ToChangeSet() const;
};

// Decides once for each AppScaler of the namespaces in `options`, or for the one of that name, and
// writes nothing at all. Spans of one window come from Jaeger, or are received for that long.
// kNotFound: there is none; kUnavailable: the cluster cannot be seen whole; kFailedPrecondition: no
// model; other errors of starting as RunScalingOperator(). A source that is down is in the
// decision.
absl::StatusOr<std::vector<Recommendation>> Recommend(const OperatorOptions& options,
                                                      const std::string& name, const Clock& clock,
                                                      const std::atomic<bool>& stop);

struct AppliedSet {
  CommitReport raises{};
  CommitReport lowers{};
  std::string left_out{};  // why lowers were left out; empty: they were not
};

// Applies the plan: raises, and when all are effective the lowers. Sizes of pods to be born stay
// those of the templates: status.podSizes is the controller's.
// kAborted: the plan is stale, a rival scales the workloads, or a controller applies to them now.
absl::StatusOr<AppliedSet> ApplyChangeSet(const OperatorOptions& options, const ChangeSet& set,
                                          const Clock& clock, const std::atomic<bool>& stop);

}  // namespace trimtab
