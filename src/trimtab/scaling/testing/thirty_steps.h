// The planning problem that Grad's cost is stated for: 30 steps, 3 replicas each.
#pragma once

#include <cstdlib>
#include <memory>

#include "trimtab/scaling/grad/grad_policy.h"
#include "trimtab/scaling/testing/synthetic_cluster.h"

namespace trimtab::testing {

// An SLA out of reach and a limit of 30 steps: every plan takes all of them.
class ThirtySteps {
 public:
  static constexpr int kSteps = 30;

  ThirtySteps(GradFidelity fidelity, int microservices, GradEvaluation evaluation)
      : cluster_(microservices, 3, EndToEndKind::kCorrected, 0.7, 1),
        input_(cluster_.Input(Latency(0.01))) {
    GradOptions options;
    options.fidelity = fidelity;
    options.most_steps = kSteps;
    options.least_gain = 0;
    policy_ = *GradPolicy::Create(cluster_.application, cluster_.Models(), options, evaluation);
  }

  Plan MakePlan() {
    Plan plan = *policy_->MakePlan(input_);
    if (plan.steps.size() != kSteps) std::abort();
    return plan;
  }

 private:
  SyntheticCluster cluster_;
  PlanningInput input_;
  std::unique_ptr<GradPolicy> policy_;
};

}  // namespace trimtab::testing
