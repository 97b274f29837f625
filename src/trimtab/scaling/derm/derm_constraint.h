// The constraint of a Derm problem (eq. 9) at changing loads: what the solver linearises.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "trimtab/scaling/derm/derm_lanes.h"
#include "trimtab/scaling/derm/derm_problem.h"
#include "trimtab/scaling/derm/dual_newton.h"
#include "trimtab/scaling/derm/graph_tails.h"
#include "trimtab/scaling/derm/load_law.h"

namespace trimtab {

// Thread-safety: one caller at a time. No allocation in Tail() after its first call, but with a
// share error.
class DermConstraint {
 public:
  // `problem` must be valid and outlive it.
  explicit DermConstraint(const DermProblem& problem);
  DermConstraint(const DermConstraint&) = delete;
  DermConstraint& operator=(const DermConstraint&) = delete;

  const DermLanes& lanes() const { return lanes_; }
  std::span<const LoadLaw> laws() const { return laws_; }
  double demand(std::size_t microservice) const { return demand_[microservice]; }
  // Whether Tail() is the constraint itself: every graph is, and the shares are trusted.
  bool exact() const { return exact_; }

  // Share of all requests beyond the SLA by the fast model, with `loads` by microservice; with a
  // share error, of the worst mix, taken softly.
  double Tail(std::span<const double> loads);
  // The same, and the prices of all calls. Free at the loads of the last time.
  double TailAndPrices(std::span<const double> loads);

  // Of the last of these two: by graph, > 0.
  std::span<const double> tails() const { return beyond_; }
  std::span<const double> weights() const { return weights_; }  // the shares, or the worst ones
  std::span<const DualCall> calls() const { return calls_; }    // with the prices, by lane
  // Rise of the tail with the mean of a lane, in 1/s.
  double PriceOf(std::size_t lane) const;
  // By microservice: what a tenfold latency of it would do to the tail, to first order.
  std::vector<double> CostOfLatency();

  // Tail() by the grid, at the loads of the last evaluation, and of the worst mix itself.
  double Check();
  // The same for the graphs that are most in doubt, until Doubt() is at most `doubt`; the others as
  // Corrected(). REQUIRES: Check() before, and that the last evaluation had prices.
  double Recheck(double doubt);
  // What Check() would find at the loads of the last TailAndPrices(), from how far the fast model
  // was off each graph at the last check.
  double Corrected();
  // By how much Corrected() may be off: it rises with the distance from the last check.
  double Doubt() const;
  // By graph, as the last of Check() and Corrected() left them.
  std::span<const double> checked_tails() const { return checked_; }

 private:
  double Evaluate(std::span<const double> loads, bool with_prices);
  double WorstMix() const;
  void CheckGraph(std::size_t g);
  double DoubtOf(std::size_t g) const;

  const DermProblem& problem_;
  GraphTails tails_;
  std::vector<LoadLaw> laws_;
  std::vector<double> demand_;
  const DermLanes lanes_;
  bool exact_ = true;
  std::vector<double> shares_;
  std::vector<double> weights_;
  std::vector<double> loads_;  // of the last evaluation
  bool priced_ = false;        // whether it had prices
  double tail_ = 1;            // that it found
  std::vector<LoadLaw::Moments> moments_;
  std::vector<double> beyond_;
  std::vector<DualCall> calls_;
  std::vector<double> graph_prices_;
  std::vector<double> checked_;
  std::vector<double> errors_;         // by graph: checked over fast tail at its last check
  std::vector<double> checked_means_;  // by call, at the last check of its graph
};

}  // namespace trimtab
