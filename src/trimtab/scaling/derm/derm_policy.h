// Policy "derm": the fewest containers under which all requests together meet the SLA.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "trimtab/application/application.h"
#include "trimtab/graphdynamics/share_learner.h"
#include "trimtab/scaling/derm/derm_forecast.h"
#include "trimtab/scaling/derm/derm_models.h"
#include "trimtab/scaling/derm/derm_options.h"
#include "trimtab/scaling/derm/derm_problem.h"
#include "trimtab/scaling/derm/derm_rounding.h"
#include "trimtab/scaling/derm/derm_solver.h"
#include "trimtab/scaling/scaling_policy.h"

namespace trimtab {

// Derm VI: predict the mix of call graphs, solve for the containers, round, and ask for them.
//
// What it does not know never makes it allocate less than what runs: without a load or a call graph
// it keeps everything, a microservice whose arrivals are unknown or that no graph visits keeps what
// it has, and when no allocation holds the promise it raises as far as that helps and lowers
// nothing. Plans from the windows of the traces: Observation::graph_classes.
// Thread-safety: one caller at a time. Cost: docs/derm.md.
class DermPolicy : public ScalingPolicy {
 public:
  // With `shares`, the network that predicts shares goes on from them. kInvalidArgument: options
  // out of bounds, among them a step within container start-up; models that do not fit the
  // application, or a law that is none; shares that do not fit themselves.
  static absl::StatusOr<std::unique_ptr<DermPolicy>> Create(
      const Application& application, DermModels models, DermOptions options,
      std::shared_ptr<const ShareKnowledge> shares = nullptr);

  std::string_view name() const override { return "derm"; }
  absl::StatusOr<Plan> MakePlan(const PlanningInput& input) override;

 private:
  struct Solved {
    DermProblem problem;
    DermSolution solution;
    DermCounts counts;
    bool scaled = false;  // from the last one that was solved, which stays the base
    std::string how;      // in words
  };

  DermPolicy(Application application, DermModels models, DermOptions options,
             std::shared_ptr<const ShareKnowledge> shares);

  bool corrected() const { return options_.fidelity == DermFidelity::kCorrected; }
  std::optional<double> LoadOf(const Observation& seen) const;
  Plan Keep(const PlanningInput& input, std::string why) const;
  DermProblem ProblemFor(const PlanningInput& input, double load, std::string& notes) const;
  void AddGraphs(DermProblem& problem, std::string& notes) const;
  void AddOtherDemand(const PlanningInput& input, DermProblem& problem) const;
  absl::StatusOr<Solved> SolveFor(DermProblem problem);
  absl::StatusOr<Solved> SolveAsPaper(DermProblem problem);
  Plan PlanFrom(const PlanningInput& input, const Solved& solved, std::string notes) const;

  Application application_;
  DermModels models_;
  DermOptions options_;
  DermForecast forecast_;
  std::optional<Solved> last_;
};

}  // namespace trimtab
