// One step of the dual Newton method for Derm's problem: the loads at which the KKT conditions of
// the problem hold, with the tail of every graph linearised in the means of its microservices.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "trimtab/scaling/derm/load_law.h"

namespace trimtab {

// A microservice that the step may move.
struct DualLane {
  const LoadLaw* law = nullptr;
  double demand = 0;  // calls/s
  double lowest = 0;  // load of a container, of this step: bounds and trust region together
  double highest = 0;
  double mean = 0;             // where the step starts
  double damping = 1;          // share of the way to the best mean that is gone
  std::size_t first_call = 0;  // its graphs: calls [first_call, last_call)
  std::size_t last_call = 0;
};

// A graph that a lane is in.
struct DualCall {
  int graph = 0;
  double price = 0;  // -dF/d mean: what a second more of this microservice costs the graph
};

// With the log-odds of S_g = 1 - F_g linear in the means, S_g(u) / (1 - S_g(u)) = S_g / (1 - S_g)
// e^u and u_g = sum_i (q_gi / (S_g (1 - S_g))) (z_i - z_i0), solves
//   y_g = nu + ln p_g + ln(S_g'(u_g) / S_g'(0)),   ln sum_g p_g S_g(u_g) = ln(tail)
// for the dual levels y (one for each graph) and nu, z_i(y) being the cheapest mean at the price
// sum_g e^{y_g} q_gi. These are the KKT conditions of the fewest containers under
// sum_g p_g S_g(u_g) <= tail. Full Newton steps, at most 2 in any level. Where they fail, for
// graphs that miss more often than not bend the other way, the same with ln S_g linear, S_g(u) =
// S_g e^u: a convex problem, which is nearly the same in a tail but says that nothing helps a graph
// that always misses. Where they fail again, nu is bracketed with damped passes for y.
// Thread-safety: one caller at a time. Cost: O(calls of a lane squared, over all lanes) + O(G^3)
// for each of at most 15 passes; no allocation after the first Solve of a size.
class DualNewton {
 public:
  // `shares` > 0 and `tails` in (0, 1] by graph. Starts from the level `nu` and leaves the solution
  // in it; means() and loads() then hold the step. False when no level reaches the tail inside the
  // trust region: the step then goes as far as it may.
  bool Solve(std::span<const DualLane> lanes, std::span<const DualCall> calls,
             std::span<const double> shares, std::span<const double> tails, double tail,
             double& nu);

  std::span<const double> means() const { return means_; }  // by lane
  std::span<const double> loads() const { return loads_; }

 private:
  enum class Model { kOdds, kLogarithm };  // what of S_g is linear
  struct Shifted {
    double tail = 0;
    double bend = 0;   // d ln(slope of the tail by u) / du
    double slope = 0;  // ln of that slope, over that at u = 0
  };

  bool Newton(Model model, double& nu);
  Shifted ShiftedTail(std::size_t g) const;  // S_g(u_g)
  void Pass(bool with_matrix);
  // Of the linear model at the present shifts: how far the level of g is off, and the tail.
  double LevelResidual(std::size_t g, double nu) const;
  double TailOfAll() const;
  bool NewtonStep(double& nu);
  bool Bracket(double& nu);

  std::span<const DualLane> lanes_;
  std::span<const DualCall> calls_;
  std::span<const double> shares_;
  std::span<const double> tails_;
  double tail_ = 0;
  Model model_ = Model::kOdds;
  std::vector<double> levels_;     // y
  std::vector<double> weights_;    // e^y
  std::vector<double> shifts_;     // u
  std::vector<double> per_price_;  // du / d mean for a price of 1
  std::vector<double> means_;
  std::vector<double> loads_;
  std::vector<double> matrix_;  // du_g/dy_h, row-major
  std::vector<double> system_;  // (G+1) x (G+2), augmented
};

}  // namespace trimtab
