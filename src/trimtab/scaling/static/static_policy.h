// Policy "static": one given allocation, whatever happens.
#pragma once

#include <memory>
#include <string_view>

#include "absl/status/statusor.h"
#include "trimtab/application/allocation.h"
#include "trimtab/scaling/scaling_policy.h"

namespace trimtab {

// Asks for `allocation` and keeps asking. Predicts no tail, so a plan is always feasible.
// Thread-safe.
class StaticPolicy : public ScalingPolicy {
 public:
  explicit StaticPolicy(Allocation allocation) : allocation_(std::move(allocation)) {}

  std::string_view name() const override { return "static"; }
  // kInvalidArgument also when the allocation does not fit the application. While scaling down is
  // not allowed, a microservice that has more than its share keeps it.
  absl::StatusOr<Plan> MakePlan(const PlanningInput& input) override;

 private:
  Allocation allocation_;
};

}  // namespace trimtab
