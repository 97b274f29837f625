#include "trimtab/scaling/testing/nlopt_reference.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <memory>

#include "trimtab/probability/random_stream.h"
#include "trimtab/scaling/derm/graph_tails.h"

namespace trimtab::testing {
namespace {

// What both callbacks read.
class Reference {
 public:
  explicit Reference(const DermProblem& problem, double tail)
      : problem_(problem), tails_(problem), tail_(tail), laws_(LawsOf(problem)) {
    const std::vector<double> demand = DemandOf(problem);
    for (std::size_t i = 0; i < demand.size(); ++i) {
      const auto& law = std::get<RateLaw>(problem.microservices[i].law);
      intercept_.push_back(law.intercept);
      weight_.push_back(-law.slope * demand[i] / law.intercept);
    }
    moments_.resize(demand.size());
  }

  std::size_t size() const { return weight_.size(); }

  // Containers of x_i = rate_i / b_i, no fewer than the fewest.
  double Total(const double* x, double* slopes) const {
    double total = 0;
    for (std::size_t i = 0; i < size(); ++i) {
      total += weight_[i] / (1 - x[i]);
      if (slopes != nullptr) slopes[i] = weight_[i] / ((1 - x[i]) * (1 - x[i]));
    }
    return total;
  }

  // ln(tail of the model / tail allowed).
  double Excess(const double* x, double* slopes) {
    SetMoments(x);
    double tail = 0;
    std::vector<double> prices;
    std::vector<double> gains(size(), 0);
    for (std::size_t g = 0; g < tails_.size(); ++g) {
      const auto members = tails_.MicroservicesOf(g);
      prices.resize(members.size());
      const double share = problem_.graphs[g].share;
      tail += share * tails_.Beyond(g, moments_, prices);
      for (std::size_t k = 0; k < members.size(); ++k) {
        gains[static_cast<std::size_t>(members[k])] += share * prices[k];
      }
    }
    for (std::size_t i = 0; slopes != nullptr && i < size(); ++i) {
      slopes[i] = -gains[i] / (x[i] * x[i] * intercept_[i]) / tail;  // dz/dx = -1 / (x^2 b)
    }
    return std::log(tail / tail_);
  }

  double Checked(const double* x) {
    SetMoments(x);
    double tail = 0;
    for (std::size_t g = 0; g < tails_.size(); ++g) {
      tail += problem_.graphs[g].share * tails_.Check(g, moments_);
    }
    return 1 - tail;
  }

  double Fewest(std::size_t i) const { return 1 - weight_[i] / problem_.microservices[i].fewest; }
  double intercept(std::size_t i) const { return intercept_[i]; }

 private:
  void SetMoments(const double* x) {
    for (std::size_t i = 0; i < size(); ++i) {
      moments_[i] = laws_[i].At(laws_[i].limit() * (1 - x[i]));
    }
  }

  const DermProblem& problem_;
  GraphTails tails_;
  double tail_;
  std::vector<LoadLaw> laws_;
  std::vector<double> intercept_;
  std::vector<double> weight_;  // containers at saturation
  std::vector<LoadLaw::Moments> moments_;
};

double Objective(unsigned /*n*/, const double* x, double* slopes, void* data) {
  return static_cast<Reference*>(data)->Total(x, slopes);
}
double Constraint(unsigned /*n*/, const double* x, double* slopes, void* data) {
  return static_cast<Reference*>(data)->Excess(x, slopes);
}

}  // namespace

std::optional<ReferenceSolution> SolveByNlopt(const DermProblem& problem,
                                              const ReferenceOptions& options) {
  Reference reference(problem, options.tail);
  const std::size_t count = reference.size();
  std::vector<double> low(count);
  std::vector<double> high(count, 1 - 1e-5);
  std::vector<double> x(count);
  RandomStream random(options.seed, "nlopt-start");
  for (std::size_t i = 0; i < count; ++i) {
    low[i] = std::clamp(reference.Fewest(i), 1e-4, 1 - 2e-5);
    const double scatter = options.seed > 0 ? 0.6 * (random.Uniform() - 0.5) : 0;
    x[i] = std::clamp(options.start + scatter, low[i], high[i]);
  }
  const std::unique_ptr<nlopt_opt_s, decltype(&nlopt_destroy)> optimiser(
      nlopt_create(options.algorithm, static_cast<unsigned>(count)), &nlopt_destroy);
  nlopt_set_lower_bounds(optimiser.get(), low.data());
  nlopt_set_upper_bounds(optimiser.get(), high.data());
  nlopt_set_min_objective(optimiser.get(), Objective, &reference);
  nlopt_add_inequality_constraint(optimiser.get(), Constraint, &reference, 1e-9);
  nlopt_set_ftol_rel(optimiser.get(), options.tolerance);
  nlopt_set_maxeval(optimiser.get(), options.most_evaluations);
  double total = 0;
  if (nlopt_optimize(optimiser.get(), x.data(), &total) < 0) return std::nullopt;
  if (reference.Excess(x.data(), nullptr) > 1e-7) return std::nullopt;
  ReferenceSolution solution;
  solution.total = total;
  solution.attainment = 1 - options.tail * std::exp(reference.Excess(x.data(), nullptr));
  solution.checked = reference.Checked(x.data());
  for (std::size_t i = 0; i < count; ++i) solution.rates.push_back(x[i] * reference.intercept(i));
  return solution;
}

}  // namespace trimtab::testing
