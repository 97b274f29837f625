// Grad's search with the places put right that docs/grad.md lists.
#pragma once

#include <cstddef>
#include <limits>
#include <span>
#include <vector>

#include "trimtab/endtoend/own_latency.h"
#include "trimtab/quantity/time.h"
#include "trimtab/scaling/grad/grad_options.h"
#include "trimtab/scaling/grad/paper_search.h"
#include "trimtab/scaling/grad/planning_state.h"
#include "trimtab/scaling/grad/resizing.h"
#include "trimtab/scaling/grad/step_log.h"

namespace trimtab {

// One step at a time, by the gain of the end-to-end tail for its cost:
//   1 every candidate (cpu, memory, one whole replica of each microservice) is evaluated exactly
//     by its own latency model: d(mean), d(max)
//   2 they are ranked by -(dpsi/dmean . d(mean) + dpsi/dmax . d(max)) / cost, psi the tail
//   3 the best `exact_candidates` are evaluated exactly by the end-to-end predictor; the best
//     min(gain, what is missing) / cost is taken: gain beyond the promise counts for nothing
// until the tail is at the target. When none gains `least_gain`, the slopes are computed anew, then
// steps of 4 and 16 times the size are tried, then it ends. Lowering is the reverse: the least rise
// for what it saves, each exact, while the tail stays at or below `scale_down_below` of the target;
// a candidate that would pass that is not tried again.
// After a step only the microservice it changed is evaluated anew; the slopes dpsi/dL are when the
// tail has moved by `slope_refresh`. Allocation-free after construction but for the log.
// Not thread-safe.
class CorrectedSearch {
 public:
  CorrectedSearch(PlanningState& state, const GradOptions& options, GradEvaluation evaluation);

  // Expects all latencies and the tail at the present allocation of the state, just started.
  void Begin();
  // After Begin(). `target` is in terms of the predicted tail: correction and margin are taken off
  // already.
  SearchResult Run(Latency target, bool may_lower, std::vector<LoggedStep>& log);

  // dpsi/dL as last computed, one a microservice.
  std::span<const OwnLatencySlope> slopes() const { return slopes_; }

 private:
  static constexpr std::size_t kActions = 3;
  struct Entry {
    MicroserviceAllocation after;
    OwnLatency own;
    double cost = 0;   // below 0 when it saves
    double score = 0;  // as ranked by the slopes
    bool offered = false;
    bool passed_over = false;  // would raise the tail too far: not tried again
  };

  // Step 1 for one microservice, for all, step 2 for one.
  void Offer(std::size_t i);
  void OfferAll(int multiple);
  void Rank(std::size_t i);
  void RefreshSlopes();
  // The best by rank that fit into the cluster.
  BestFew Shortlist();
  bool RaiseOnce(Latency target, std::vector<LoggedStep>& log);
  bool TakeBestGain(Latency target, std::vector<LoggedStep>& log);
  bool TakeLeastRise(Latency limit, std::vector<LoggedStep>& log);
  void Take(const Candidate& taken, const BestFew& considered, std::vector<LoggedStep>& log);
  SearchResult Raise(Latency target, std::vector<LoggedStep>& log);
  SearchResult Lower(Latency limit, std::vector<LoggedStep>& log);

  PlanningState& state_;
  const GradOptions& options_;
  GradEvaluation evaluation_;
  bool raising_ = true;
  int multiple_ = 1;             // of the step size
  bool capacity_binds_ = false;  // a candidate was passed over for want of capacity
  std::vector<Entry> entries_;   // [microservice][action]
  std::vector<OwnLatencySlope> slopes_;
  Latency slopes_at_{std::numeric_limits<double>::quiet_NaN()};  // the tail they belong to
};

}  // namespace trimtab
