// Grad's search as the paper has it (IV-B, V).
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "trimtab/latency/latency_model.h"
#include "trimtab/quantity/time.h"
#include "trimtab/scaling/grad/grad_options.h"
#include "trimtab/scaling/grad/planning_state.h"
#include "trimtab/scaling/grad/step_log.h"

namespace trimtab {

// Whether a search keeps what a step left unchanged or works everything out anew: the second is
// what the first is tested and measured against. Both make the same decisions.
enum class GradEvaluation { kIncremental, kFullRecompute };

// One step at a time, by the first-order change of the microservice's own latency:
//   cpu, memory (eq. 2)  df/du . r / n
//   replicas    (eq. 3)  df/drho . (Phi / (n + r / eta) - Phi / n), eta in units of r
// a microservice's being that of its most sensitive container. Raising takes the most negative
// change anywhere while the predicted tail is above the SLA; lowering the smallest rise while it is
// below `scale_down_below` of the SLA, until a step would take it above the SLA. The end-to-end
// predictor decides when to stop, not what to take. A replica is ranked as the fraction r / eta and
// taken whole.
// Allocation-free after construction but for the log. Not thread-safe.
class PaperSearch {
 public:
  PaperSearch(PlanningState& state, const GradOptions& options, GradEvaluation evaluation);

  // Expects all latencies and the tail at the present allocation of the state, just started.
  void Begin();
  // After Begin(). `sla` is in terms of the predicted tail: what the measured tail adds is taken
  // off already.
  SearchResult Run(Latency sla, bool may_lower, int most_steps, std::vector<LoggedStep>& log);

 private:
  static constexpr std::size_t kActions = 3;

  void Score(std::size_t i, std::span<const LatencyPrediction> rows);
  void ScoreAll();
  bool TakeBest(bool raising, Latency sla, std::vector<LoggedStep>& log);
  Candidate CandidateAt(std::size_t entry, bool raising) const;

  PlanningState& state_;
  const GradOptions& options_;
  GradEvaluation evaluation_;
  // [microservice][action]: the change of latency in ms, negative for the better; NaN where the
  // bound is reached.
  std::vector<double> raise_change_;
  std::vector<double> lower_change_;
};

}  // namespace trimtab
