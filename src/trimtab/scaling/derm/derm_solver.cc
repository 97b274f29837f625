#include "trimtab/scaling/derm/derm_solver.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <optional>

#include "trimtab/scaling/derm/derm_lanes.h"
#include "trimtab/scaling/derm/dual_newton.h"
#include "trimtab/scaling/derm/graph_tails.h"

namespace trimtab {
namespace {

constexpr double kLeastShare = 1e-12;
constexpr double kLeastTail = 1e-300;
// Below this attainment the linearised tails say nothing: every container load is lowered instead.
constexpr double kRestoration = 0.3;
constexpr double kRestorationStep = 1.6;
// How softly the worst graphs of a share error are taken, as attainment.
constexpr double kTemperature = 0.004;
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
constexpr double kMostShifted = 0.9;

class Solve {
 public:
  Solve(const DermProblem& problem, const DermSolverOptions& options)
      : problem_(problem),
        options_(options),
        tails_(problem),
        laws_(LawsOf(problem)),
        demand_(DemandOf(problem)),
        shares_(problem.graphs.size()),
        beyond_(problem.graphs.size()),
        start_(MakeDermLanes(problem, tails_, laws_, demand_)),
        loads_(start_.loads),
        lane_microservice_(start_.microservice),
        lanes_(start_.lanes),
        bounds_(start_.lanes),
        calls_(start_.calls) {
    for (const DualLane& lane : lanes_) idle_.push_back(lane.law->Mean(lane.lowest));
    const std::size_t count = laws_.size();
    moments_.resize(count);
    weights_.resize(shares_.size());
    for (std::size_t g = 0; g < shares_.size(); ++g) {
      shares_[g] = std::max(problem.graphs[g].share, kLeastShare);
    }
    weights_ = shares_;
    signs_.assign(lanes_.size(), 0);
  }

  DermSolution Run(const DermSolution* warm) {
    target_tail_ = 1 - problem_.target;
    model_tail_ = target_tail_;
    if (!start_.overloaded.empty() || !HoldsAt(&DualLane::lowest)) return Infeasible();
    if (HoldsAt(&DualLane::highest)) return Finish();
    if (warm != nullptr && warm->loads.size() == loads_.size()) {
      StartFrom(*warm);
    } else {
      StartCold();
    }
    // The error of the fast model changes little from one problem to the next; the target may.
    if (warm != nullptr && NeedsCheck()) ShiftTo(target_tail_ * warm->shift);
    bool known = false;
    for (int round = 0; round <= options_.most_checks; ++round) {
      Iterate(known);
      known = true;
      if (!NeedsCheck()) break;
      const double tail = ExactTail();
      ++checks_;
      if (std::fabs(tail - target_tail_) <= options_.check_tolerance ||
          round == options_.most_checks) {
        return Finish(tail);
      }
      ShiftTo(model_tail_ * target_tail_ / std::max(tail, 1e-12));
    }
    return Finish();
  }

 private:
  void SetMoments() {
    for (std::size_t i = 0; i < laws_.size(); ++i) moments_[i] = laws_[i].At(loads_[i]);
  }

  // The model's tail at the present loads. With slopes, the prices of every call too.
  double Evaluate(bool with_slopes) {
    SetMoments();
    for (std::size_t g = 0; g < shares_.size(); ++g) {
      if (with_slopes) {
        graph_prices_.resize(start_.call_of[g].size());
        beyond_[g] = tails_.Beyond(g, moments_, graph_prices_);
        for (std::size_t k = 0; k < graph_prices_.size(); ++k) {
          if (start_.call_of[g][k] >= 0) {
            calls_[static_cast<std::size_t>(start_.call_of[g][k])].price =
                std::max(graph_prices_[k], 0.0);
          }
        }
      } else {
        beyond_[g] = tails_.Beyond(g, moments_);
      }
    }
    if (problem_.share_error > 0) {
      weights_ = WorstShares(shares_, beyond_, problem_.share_error, kTemperature);
      for (double& weight : weights_) weight = std::max(weight, kLeastShare);
    }
    return std::inner_product(weights_.begin(), weights_.end(), beyond_.begin(), 0.0);
  }

  void ShiftTo(double tail) { model_tail_ = std::clamp(tail, kLeastShifted, kMostShifted); }

  bool NeedsCheck() const {
    if (problem_.share_error > 0) return true;
    for (std::size_t g = 0; g < shares_.size(); ++g) {
      if (!tails_.exact(g)) return true;
    }
    return false;
  }

  // By the grid, and of the worst mix. Leaves the tails of the graphs in beyond_.
  double ExactTail() {
    SetMoments();
    for (std::size_t g = 0; g < shares_.size(); ++g) beyond_[g] = tails_.Check(g, moments_);
    const std::vector<double> worst =
        problem_.share_error > 0 ? WorstShares(shares_, beyond_, problem_.share_error, 0) : shares_;
    return std::inner_product(worst.begin(), worst.end(), beyond_.begin(), 0.0);
  }

  void SetAll(double DualLane::* bound) {
    for (std::size_t lane = 0; lane < lanes_.size(); ++lane) {
      loads_[lane_microservice_[lane]] = lanes_[lane].*bound;
    }
  }

  bool HoldsAt(double DualLane::* bound) {
    SetAll(bound);
    const double tail = Evaluate(/*with_slopes=*/false);
    if (!NeedsCheck() || std::fabs(tail - target_tail_) > kModelError) return tail <= target_tail_;
    return ExactTail() <= target_tail_;
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
      const double within = 1 - Evaluate(/*with_slopes=*/false);
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
      const std::size_t i = lane_microservice_[lane];
      loads_[i] = std::clamp(warm.loads[i], bounds_[lane].lowest, bounds_[lane].highest);
    }
    trust_ = 1.0;
  }

  // Spare capacity is limit / load - 1.
  void SetSpare(std::size_t lane, double spare) {
    const DualLane& bounds = bounds_[lane];
    loads_[lane_microservice_[lane]] =
        std::clamp(bounds.law->limit() / (1 + spare), bounds.lowest, bounds.highest);
  }

  double Total() const {
    double total = 0;
    for (const std::size_t i : lane_microservice_) total += demand_[i] / loads_[i];
    return total;
  }

  void Iterate(bool level_known) {
    double total = Total();
    double change = 1;
    for (int iteration = 0; iteration < options_.most_iterations; ++iteration) {
      const double tail = Evaluate(/*with_slopes=*/true);
      ++iterations_;
      const double off = std::log(std::max(tail, kLeastTail) / model_tail_);
      converged_ = std::fabs(off) <= options_.tail_tolerance && change <= options_.cost_tolerance;
      if (converged_) return;
      if (1 - tail < kRestoration) {
        Restore();
        level_known = false;
        continue;
      }
      if (std::fabs(off) > 0.4) trust_ = std::max(0.6 * trust_, 0.02);
      if (std::fabs(off) < 0.1) trust_ = std::min(1.2 * trust_, 3.0);
      if (!level_known) level_ = FittedLevel();
      level_known = Step();
      const double next = Total();
      change = std::fabs(next - total) / next;
      total = next;
    }
  }

  void Restore() {
    for (std::size_t lane = 0; lane < lanes_.size(); ++lane) {
      const double load = loads_[lane_microservice_[lane]];
      SetSpare(lane, kRestorationStep * (bounds_[lane].law->limit() / load - 1) + 0.01);
    }
    trust_ = std::max(0.5 * trust_, 0.05);
  }

  double PriceAt(std::size_t lane) const {
    double price = 0;
    for (std::size_t k = bounds_[lane].first_call; k < bounds_[lane].last_call; ++k) {
      price += weights_[static_cast<std::size_t>(calls_[k].graph)] * calls_[k].price;
    }
    return price;
  }

  // The level at which the KKT conditions fit the present loads best, weighted by containers.
  double FittedLevel() const {
    double sum = 0;
    double weight = 0;
    for (std::size_t lane = 0; lane < lanes_.size(); ++lane) {
      const double load = loads_[lane_microservice_[lane]];
      if (load <= bounds_[lane].lowest || load >= bounds_[lane].highest) continue;
      const double containers = demand_[lane_microservice_[lane]] / load;
      const double rise = bounds_[lane].law->MeanSlope(load);
      const double price = PriceAt(lane);
      if (!(rise > 0) || !(price > 0)) continue;
      sum += containers * std::log(containers / load / rise / price);
      weight += containers;
    }
    return weight > 0 ? sum / weight : 0;
  }

  // One step of the dual Newton method; false when the trust region was too small for it.
  bool Step() {
    for (double& tail : beyond_) tail = std::max(tail, kLeastTail);
    const double trust = std::min(trust_, kMostShift / std::max(Reach(), 1e-9));
    for (std::size_t lane = 0; lane < lanes_.size(); ++lane) {
      TrustRegion(bounds_[lane], loads_[lane_microservice_[lane]], trust, lanes_[lane]);
    }
    const bool reached = newton_.Solve(lanes_, calls_, weights_, beyond_, model_tail_, level_);
    for (std::size_t lane = 0; lane < lanes_.size(); ++lane) Move(lane);
    return reached;
  }

  // The largest change of ln S that one unit of the trust region, all lanes together, makes in a
  // graph that matters. Where it is large, the linear model of ln S ends sooner.
  double Reach() {
    shift_.assign(shares_.size(), 0);
    for (std::size_t lane = 0; lane < lanes_.size(); ++lane) {
      const DualLane& bounds = bounds_[lane];
      const double spare = bounds.law->Mean(loads_[lane_microservice_[lane]]) - idle_[lane];
      for (std::size_t k = bounds.first_call; k < bounds.last_call; ++k) {
        shift_[static_cast<std::size_t>(calls_[k].graph)] += calls_[k].price * spare;
      }
    }
    double reach = 0;
    for (std::size_t g = 0; g < shares_.size(); ++g) {
      if (weights_[g] * beyond_[g] < kMatters * model_tail_) continue;
      reach = std::max(reach, shift_[g] / beyond_[g]);
    }
    return reach;
  }

  // A lane whose step changes its sign is damped: branches that are as slow as one another trade
  // places at every step otherwise.
  void Move(std::size_t lane) {
    DualLane& at = lanes_[lane];
    const double step = newton_.means()[lane] - at.mean;
    const int sign = step > 0 ? 1 : (step < 0 ? -1 : 0);
    double& load = loads_[lane_microservice_[lane]];
    load = at.damping == 1 ? newton_.loads()[lane] : at.law->LoadOf(newton_.means()[lane]);
    load = std::clamp(load, bounds_[lane].lowest, bounds_[lane].highest);
    const bool turned = sign != 0 && signs_[lane] != 0 && sign != signs_[lane];
    at.damping = turned ? 0.6 * at.damping : std::min(1.25 * at.damping, 1.0);
    at.damping = std::max(at.damping, 0.02);
    if (sign != 0) signs_[lane] = sign;
  }

  // `checked`: the tail that ExactTail() has just found here, if it was asked.
  DermSolution Finish(std::optional<double> checked = std::nullopt) {
    DermSolution solution;
    const std::vector<double> beyond = beyond_;
    const double model = Evaluate(/*with_slopes=*/true);
    Describe(solution);
    solution.kkt_residual = KktResidual();
    if (checked) beyond_ = beyond;
    const double tail = checked ? *checked : (NeedsCheck() ? ExactTail() : model);
    solution.attainment = 1 - tail;
    solution.graph_attainment.resize(shares_.size());
    for (std::size_t g = 0; g < shares_.size(); ++g) solution.graph_attainment[g] = 1 - beyond_[g];
    for (std::size_t i = 0; i < laws_.size(); ++i) {
      const int most = problem_.microservices[i].most;
      if (demand_[i] > 0 && solution.containers[i] >= most * (1 - 1e-9)) {
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
      solution.containers[i] = demand_[i] > 0 ? std::max(fewest, demand_[i] / loads_[i]) : fewest;
      if (start_.lane_of[i] >= 0)
        solution.gains[i] = PriceAt(static_cast<std::size_t>(start_.lane_of[i]));
      solution.total += solution.containers[i];
    }
  }

  double KktResidual() const {
    double worst = 0;
    for (std::size_t lane = 0; lane < lanes_.size(); ++lane) {
      const DualLane& bounds = bounds_[lane];
      const double price = std::exp(level_) * PriceAt(lane);
      if (!(price > 0)) continue;
      const double best =
          bounds.law->Cheapest(bounds.demand, price, bounds.lowest, bounds.highest).load;
      worst = std::max(worst, std::fabs(best / loads_[lane_microservice_[lane]] - 1));
    }
    return worst;
  }

  DermSolution Infeasible() {
    SetAll(&DualLane::lowest);
    Evaluate(/*with_slopes=*/true);
    std::vector<double> cost(laws_.size(), 0);
    for (std::size_t g = 0; g < shares_.size(); ++g) {
      graph_prices_.resize(start_.call_of[g].size());
      tails_.Beyond(g, moments_, graph_prices_);
      const auto members = tails_.MicroservicesOf(g);
      for (std::size_t k = 0; k < members.size(); ++k) {
        const auto i = static_cast<std::size_t>(members[k]);
        cost[i] += shares_[g] * graph_prices_[k] * moments_[i].mean;
      }
    }
    DermSolution solution;
    for (std::size_t lane = 0; lane < lanes_.size(); ++lane) SetSpare(lane, kInfeasibleSpare);
    solution = Finish();
    solution.feasible = false;
    solution.binding = BindingOf(cost, start_.overloaded);
    return solution;
  }

  const DermProblem& problem_;
  const DermSolverOptions& options_;
  GraphTails tails_;
  std::vector<LoadLaw> laws_;
  std::vector<double> demand_;
  std::vector<double> shares_;
  std::vector<double> weights_;  // the shares, or the worst ones
  std::vector<double> beyond_;
  const DermLanes start_;
  std::vector<double> loads_;
  const std::vector<std::size_t>& lane_microservice_;
  std::vector<DualLane> lanes_;         // with the trust region
  const std::vector<DualLane> bounds_;  // with the bounds of the problem
  std::vector<DualCall> calls_;
  std::vector<LoadLaw::Moments> moments_;
  std::vector<double> graph_prices_;
  std::vector<double> shift_;  // by graph
  std::vector<double> idle_;   // by lane: the mean of an idle container
  std::vector<int> signs_;
  DualNewton newton_;
  double target_tail_ = 0.05;
  double model_tail_ = 0.05;
  double level_ = 0;
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
