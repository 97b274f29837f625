// Policy "grad": trade resources between microservices by the slopes of learned latency models.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "trimtab/application/application.h"
#include "trimtab/scaling/grad/corrected_search.h"
#include "trimtab/scaling/grad/demand_memory.h"
#include "trimtab/scaling/grad/grad_models.h"
#include "trimtab/scaling/grad/grad_options.h"
#include "trimtab/scaling/grad/paper_search.h"
#include "trimtab/scaling/grad/planning_state.h"
#include "trimtab/scaling/grad/step_log.h"
#include "trimtab/scaling/scaling_policy.h"

namespace trimtab {

// Grad's Prepare (V): from the observation, expect every own latency and the tail; first raise what
// lies below a working set or outside what was profiled; then raise until the tail meets the SLA
// or, below `scale_down_below` of it, lower. The caller commits. docs/grad.md lists where `paper`
// and `corrected` part.
// `paper` remembers nothing from one plan to the next; `corrected` remembers the demand of the last
// minutes (demand_memory.h). Not thread-safe.
// Cost: 30 steps over 36 microservices with 3 replicas take 0.1 ms (`paper`) or 0.3 ms.
class GradPolicy : public ScalingPolicy {
 public:
  // Fails as GradOptions::Validate. `evaluation` is for tests and benchmarks.
  static absl::StatusOr<std::unique_ptr<GradPolicy>> Create(
      const Application& application, GradModels models, GradOptions options,
      GradEvaluation evaluation = GradEvaluation::kIncremental);

  std::string_view name() const override { return "grad"; }
  // kInvalidArgument also when input.application is not of the size this was made for.
  absl::StatusOr<Plan> MakePlan(const PlanningInput& input) override;

 private:
  GradPolicy(Application application, GradModels models, GradOptions options,
             GradEvaluation evaluation);

  absl::StatusOr<Plan> PlanFor(const PlanningInput& input);
  // Steps before any trading.
  void RaiseToWorkingSets(Plan& plan);
  void RaiseToProfiledRange(Plan& plan);
  // After it.
  void AddSteps(double correction, Latency offset, Plan& plan) const;
  void Summarize(const SearchResult& result, const PlanningInput& input, Plan& plan);
  std::vector<MicroserviceId> Binding();

  Application application_;
  GradModels models_;
  GradOptions options_;
  DemandMemory memory_;
  PlanningState state_;
  PaperSearch paper_;
  CorrectedSearch corrected_;
  std::vector<LoggedStep> log_;
  std::vector<MicroserviceId> overloaded_;  // beyond any allocation within the bounds
};

}  // namespace trimtab
