#include "trimtab/scaling/derm/derm_solver.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <utility>

#include "trimtab/scaling/derm/derm_constraint.h"
#include "trimtab/scaling/derm/derm_lanes.h"
#include "trimtab/scaling/derm/dual_newton.h"

namespace trimtab {
namespace {

// Below this attainment the linearised tails say nothing: every container load is lowered instead.
constexpr double kRestoration = 0.3;
constexpr double kRestorationShare = 0.5;  // of the target, where that is less
constexpr double kRestorationStep = 1.6;
// A microservice of an infeasible problem is left at this much spare capacity, relative to the
// least that carries its load: its mean is then within a tenth of that of an idle one.
constexpr double kInfeasibleSpare = 10;
// The fast model alone tells whether an end of the range holds the promise when it is further than
// this from the target, several times its worst error.
constexpr double kModelError = 0.025;
// A step is kept so short that no graph with at least this part of the tail is predicted to change
// its logarithm by more than kMostShift.
constexpr double kMatters = 1e-3;
constexpr double kMostShift = 8;
// What the fast model may be solved for.
constexpr double kLeastShifted = 1e-9;
constexpr double kMostShifted = 0.999;

// Iterations in which the target is shifted, of those between two checks.
constexpr int kShifts = 5;
constexpr int kMostRounds = 12;
// Of what a check may be off: for the graphs that a further check leaves out.
constexpr double kLeftInDoubt = 0.25;

// When the iterations end: relative change of the containers, relative error of the tail.
struct Tolerance {
  double cost = 0;
  double tail = 0;
};
// Near enough for the first check: the loads move little from there, and its findings stay true.
constexpr Tolerance kRough = {.cost = 2e-4, .tail = 1e-3};

class Solve {
 public:
  Solve(const DermProblem& problem, const DermSolverOptions& options)
      : problem_(problem),
        options_(options),
        constraint_(problem),
        start_(constraint_.lanes()),
        bounds_(start_.lanes),
        loads_(start_.loads),
        lanes_(start_.lanes),
        signs_(start_.lanes.size(), 0),
        target_tail_(1 - problem.target),
        model_tail_(target_tail_) {
    for (const DualLane& lane : bounds_) idle_.push_back(lane.law->Mean(lane.lowest));
  }

  DermSolution Run(const DermSolution* warm) {
    if (!start_.overloaded.empty() || !HoldsAt(&DualLane::lowest)) return Infeasible();
    if (HoldsAt(&DualLane::highest)) return Finish(/*checked=*/false);
    const Tolerance precise = {.cost = options_.cost_tolerance, .tail = options_.tail_tolerance};
    if (warm != nullptr && warm->loads.size() == loads_.size()) {
      StartFrom(*warm);
    } else {
      StartCold();
    }
    if (constraint_.exact()) {
      Iterate(precise);
      return Finish(/*checked=*/false);
    }
    // The error of the fast model changes little from one problem to the next; the target may.
    if (warm != nullptr) ShiftTo(target_tail_ * warm->shift);
    const Tolerance of_model = {.cost = std::max(precise.cost, options_.checked_cost_tolerance),
                                .tail = std::max(precise.tail, options_.checked_tail_tolerance)};
    Iterate(kRough);
    constraint_.Check();
    ++checks_;
    for (int round = 0; round < kMostRounds; ++round) {
      Iterate(of_model);
      if (Agrees()) return Finish(/*checked=*/true);
      if (2 * constraint_.Doubt() <= options_.check_tolerance) continue;
      if (checks_ >= options_.most_checks) break;
      constraint_.Recheck(kLeftInDoubt * options_.check_tolerance);
      ++checks_;
      if (Agrees()) return Finish(/*checked=*/true);
    }
    converged_ = false;
    return Finish(/*checked=*/false);
  }

 private:
  void ShiftTo(double tail) { model_tail_ = std::clamp(tail, kLeastShifted, kMostShifted); }

  // Whether these loads are the optimum, and the grid agrees as far as its last check tells.
  bool Agrees() {
    return converged_ && std::fabs(constraint_.Corrected() - target_tail_) + constraint_.Doubt() <=
                             options_.check_tolerance;
  }

  void SetAll(double DualLane::* bound) {
    for (std::size_t lane = 0; lane < bounds_.size(); ++lane) LoadOf(lane) = bounds_[lane].*bound;
  }

  bool HoldsAt(double DualLane::* bound) {
    SetAll(bound);
    const double tail = constraint_.Tail(loads_);
    if (constraint_.exact() || std::fabs(tail - target_tail_) > kModelError) {
      return tail <= target_tail_;
    }
    return constraint_.Check() <= target_tail_;
  }

  // Spare capacity r of every lane in proportion to mean / sqrt(least containers), the KKT rule of
  // equal prices, by a factor that is doubled or halved until attainment is near the target.
  void StartCold() {
    std::vector<double> shape(lanes_.size());
    double sum = 0;
    for (std::size_t lane = 0; lane < lanes_.size(); ++lane) {
      const LoadLaw& law = *bounds_[lane].law;
      shape[lane] = law.Mean(bounds_[lane].lowest) / std::sqrt(bounds_[lane].demand / law.limit());
      sum += std::log(shape[lane]);
    }
    const double scale =
        std::exp(-sum / static_cast<double>(std::max<std::size_t>(1, shape.size())));
    double low = 0;
    double high = 0;
    double factor = 1;
    for (int probe = 0; probe < 24; ++probe) {
      for (std::size_t lane = 0; lane < lanes_.size(); ++lane) {
        SetSpare(lane, factor * scale * shape[lane]);
      }
      const double within = 1 - constraint_.Tail(loads_);
      if (within < problem_.target - 0.03) {
        low = factor;
        factor = high > 0 ? std::sqrt(low * high) : 2 * factor;
      } else if (within > problem_.target + 0.6 * target_tail_) {
        high = factor;
        factor = low > 0 ? std::sqrt(low * high) : 0.5 * factor;
      } else {
        break;
      }
    }
    trust_ = 1.5;
  }

  void StartFrom(const DermSolution& warm) {
    for (std::size_t lane = 0; lane < lanes_.size(); ++lane) {
      const double load = warm.loads[start_.microservice[lane]];
      LoadOf(lane) = std::clamp(load, bounds_[lane].lowest, bounds_[lane].highest);
    }
    trust_ = 1.0;
  }

  // Spare capacity is limit / load - 1.
  void SetSpare(std::size_t lane, double spare) {
    const DualLane& bounds = bounds_[lane];
    LoadOf(lane) = std::clamp(bounds.law->limit() / (1 + spare), bounds.lowest, bounds.highest);
  }

  double Total() const {
    double total = 0;
    for (std::size_t lane = 0; lane < bounds_.size(); ++lane) {
      total += bounds_[lane].demand / LoadOf(lane);
    }
    return total;
  }

  void Iterate(const Tolerance& tolerance) {
    double total = Total();
    double change = 1;
    for (int iteration = 0; iteration < options_.most_iterations; ++iteration) {
      const double tail = constraint_.TailAndPrices(loads_);
      ++iterations_;
      // Once the grid has said how far the fast model is off, steps are solved for that; not for
      // ever, lest the worst mix of a share error, which has kinks, keeps them from ending.
      if (checks_ > 0 && iteration < kShifts)
        ShiftTo(tail * target_tail_ / std::max(constraint_.Corrected(), 1e-12));
      const double off = std::log(tail / model_tail_);
      converged_ = std::fabs(off) <= tolerance.tail && change <= tolerance.cost;
      if (converged_) return;
      if (1 - tail < std::min(kRestoration, kRestorationShare * problem_.target)) {
        Restore();
        level_known_ = false;
        continue;
      }
      if (std::fabs(off) > 0.4) trust_ = std::max(0.6 * trust_, 0.02);
      if (std::fabs(off) < 0.1) trust_ = std::min(1.2 * trust_, 3.0);
      if (!level_known_) level_ = FittedLevel();
      level_known_ = Step();
      const double next = Total();
      change = std::fabs(next - total) / next;
      total = next;
    }
  }

  void Restore() {
    for (std::size_t lane = 0; lane < lanes_.size(); ++lane) {
      const double load = LoadOf(lane);
      SetSpare(lane, kRestorationStep * (bounds_[lane].law->limit() / load - 1) + 0.01);
    }
    trust_ = std::max(0.5 * trust_, 0.05);
  }

  // The level at which the KKT conditions fit the present loads best, weighted by containers.
  double FittedLevel() const {
    double sum = 0;
    double weight = 0;
    for (std::size_t lane = 0; lane < lanes_.size(); ++lane) {
      const double load = LoadOf(lane);
      if (load <= bounds_[lane].lowest || load >= bounds_[lane].highest) continue;
      const double containers = bounds_[lane].demand / load;
      const double rise = bounds_[lane].law->MeanSlope(load);
      const double price = constraint_.PriceOf(lane);
      if (!(rise > 0) || !(price > 0)) continue;
      sum += containers * std::log(containers / load / rise / price);
      weight += containers;
    }
    return weight > 0 ? sum / weight : 0;
  }

  // One step of the dual Newton method; false when the trust region was too small for it.
  bool Step() {
    SetReach();
    for (std::size_t lane = 0; lane < lanes_.size(); ++lane) {
      const double trust = std::min(trust_, kMostShift / std::max(ReachOf(lane), 1e-9));
      TrustRegion(bounds_[lane], LoadOf(lane), trust, lanes_[lane]);
    }
    const bool reached = newton_.Solve(lanes_, constraint_.calls(), constraint_.weights(),
                                       constraint_.tails(), model_tail_, level_);
    for (std::size_t lane = 0; lane < lanes_.size(); ++lane) Move(lane);
    return reached;
  }

  // How far ln S of each graph that matters changes with one unit of the trust region, all lanes
  // together. Where it is large, the linear model of ln S ends sooner.
  void SetReach() {
    const std::span<const DualCall> calls = constraint_.calls();
    const std::span<const double> tails = constraint_.tails();
    reach_.assign(tails.size(), 0);
    for (std::size_t lane = 0; lane < lanes_.size(); ++lane) {
      const DualLane& bounds = bounds_[lane];
      const double spare = bounds.law->Mean(LoadOf(lane)) - idle_[lane];
      for (std::size_t k = bounds.first_call; k < bounds.last_call; ++k) {
        reach_[static_cast<std::size_t>(calls[k].graph)] += calls[k].price * spare;
      }
    }
    for (std::size_t g = 0; g < tails.size(); ++g) {
      const bool matters = constraint_.weights()[g] * tails[g] >= kMatters * model_tail_;
      reach_[g] = matters ? reach_[g] / tails[g] : 0;
    }
  }

  double ReachOf(std::size_t lane) const {
    double reach = 0;
    for (std::size_t k = bounds_[lane].first_call; k < bounds_[lane].last_call; ++k) {
      reach = std::max(reach, reach_[static_cast<std::size_t>(constraint_.calls()[k].graph)]);
    }
    return reach;
  }

  // A lane whose step changes its sign is damped: branches that are as slow as one another trade
  // places at every step otherwise.
  void Move(std::size_t lane) {
    DualLane& at = lanes_[lane];
    const double step = newton_.means()[lane] - at.mean;
    const int sign = step > 0 ? 1 : (step < 0 ? -1 : 0);
    double& load = LoadOf(lane);
    load = at.damping == 1 ? newton_.loads()[lane] : at.law->LoadOf(newton_.means()[lane]);
    load = std::clamp(load, bounds_[lane].lowest, bounds_[lane].highest);
    const bool turned = sign != 0 && signs_[lane] != 0 && sign != signs_[lane];
    at.damping = turned ? 0.6 * at.damping : std::min(1.25 * at.damping, 1.0);
    at.damping = std::max(at.damping, 0.02);
    if (sign != 0) signs_[lane] = sign;
  }

  // `checked`: the constraint has been checked here, or near enough.
  DermSolution Finish(bool checked) {
    DermSolution solution;
    constraint_.TailAndPrices(loads_);
    Describe(solution);
    solution.kkt_residual = KktResidual();
    solution.attainment = 1 - (checked ? constraint_.Corrected() : constraint_.Check());
    for (const double tail : constraint_.checked_tails()) {
      solution.graph_attainment.push_back(1 - tail);
    }
    for (std::size_t i = 0; i < loads_.size(); ++i) {
      const int most = problem_.microservices[i].most;
      if (constraint_.demand(i) > 0 && solution.containers[i] >= most * (1 - 1e-9)) {
        solution.binding.push_back(static_cast<int>(i));
      }
    }
    return solution;
  }

  void Describe(DermSolution& solution) {
    solution.loads = loads_;
    solution.converged = converged_;
    solution.iterations = iterations_;
    solution.checks = checks_;
    solution.level = level_;
    solution.model_tail = model_tail_;
    solution.shift = model_tail_ / target_tail_;
    solution.containers.resize(loads_.size());
    solution.gains.assign(loads_.size(), 0);
    for (std::size_t i = 0; i < loads_.size(); ++i) {
      const double fewest = problem_.microservices[i].fewest;
      solution.containers[i] =
          constraint_.demand(i) > 0 ? std::max(fewest, constraint_.demand(i) / loads_[i]) : fewest;
      if (start_.lane_of[i] >= 0)
        solution.gains[i] = constraint_.PriceOf(static_cast<std::size_t>(start_.lane_of[i]));
      solution.total += solution.containers[i];
    }
  }

  double KktResidual() const {
    double worst = 0;
    for (std::size_t lane = 0; lane < lanes_.size(); ++lane) {
      const DualLane& bounds = bounds_[lane];
      const double price = std::exp(level_) * constraint_.PriceOf(lane);
      if (!(price > 0)) continue;
      const double best =
          bounds.law->Cheapest(bounds.demand, price, bounds.lowest, bounds.highest).load;
      worst = std::max(worst, std::fabs(best / LoadOf(lane) - 1));
    }
    return worst;
  }

  DermSolution Infeasible() {
    SetAll(&DualLane::lowest);
    constraint_.Tail(loads_);
    const std::vector<double> cost = constraint_.CostOfLatency();
    for (std::size_t lane = 0; lane < lanes_.size(); ++lane) SetSpare(lane, kInfeasibleSpare);
    DermSolution solution = Finish(/*checked=*/false);
    solution.feasible = false;
    solution.binding = BindingOf(cost, start_.overloaded);
    return solution;
  }

  double& LoadOf(std::size_t lane) { return loads_[start_.microservice[lane]]; }
  double LoadOf(std::size_t lane) const { return loads_[start_.microservice[lane]]; }

  const DermProblem& problem_;
  const DermSolverOptions& options_;
  DermConstraint constraint_;
  const DermLanes& start_;
  const std::vector<DualLane>& bounds_;  // with the bounds of the problem
  std::vector<double> loads_;
  std::vector<DualLane> lanes_;  // with the trust region
  std::vector<double> reach_;    // by graph
  std::vector<double> idle_;     // by lane: the mean of an idle container
  std::vector<int> signs_;
  DualNewton newton_;
  double target_tail_ = 0.05;
  double model_tail_ = 0.05;
  double level_ = 0;
  bool level_known_ = false;
  double trust_ = 1;
  int iterations_ = 0;
  int checks_ = 0;
  bool converged_ = true;
};

}  // namespace

absl::StatusOr<DermSolution> SolveDerm(const DermProblem& problem, const DermSolverOptions& options,
                                       const DermSolution* warm) {
  if (const absl::Status valid = ValidateDermProblem(problem); !valid.ok()) return valid;
  return Solve(problem, options).Run(warm);
}

}  // namespace trimtab
