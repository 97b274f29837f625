// What Derm's authors fitted to TrainTicket, in their own formula and in ours. Their table is no
// part of this repository: the tests are skipped where the folder of measured data is absent.
#include <nlopt.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "trimtab/probability/paper_tail.h"
#include "trimtab/probability/sequence_tail.h"
#include "trimtab/scaling/derm/derm_paper.h"
#include "trimtab/scaling/derm/derm_problem.h"
#include "trimtab/scaling/derm/derm_solver.h"

namespace trimtab {
namespace {

constexpr const char* kTable = TRIMTAB_SOURCE_DIR "/../shared/data/derm_artifact/all_pars.csv";
constexpr double kLoad = 10;  // requests/s, as the authors' own program takes

// One microservice in one of the two graphs, simple and complex; times in ms.
struct AuthorsRow {
  std::size_t graph = 0;
  std::size_t microservice = 0;
  int calls = 0;
  double slope = 0;
  double intercept = 0;
  double offset = 0;
  double pods = 0;
  double rate = 0;  // with all pods, as they computed it
  double offsets = 0;
};

std::vector<AuthorsRow> ReadTable() {
  std::ifstream file(kTable);
  std::vector<AuthorsRow> rows;
  std::string line;
  std::getline(file, line);
  while (std::getline(file, line)) {
    std::vector<double> fields;
    std::istringstream stream(line);
    for (std::string field; std::getline(stream, field, ',');) fields.push_back(std::stod(field));
    rows.push_back({.graph = static_cast<std::size_t>(fields.at(1)) - 1,
                    .microservice = static_cast<std::size_t>(fields.at(2)),
                    .calls = static_cast<int>(fields.at(3)),
                    .slope = fields.at(5),
                    .intercept = fields.at(6),
                    .offset = fields.at(9),
                    .pods = fields.at(10),
                    .rate = fields.at(13),
                    .offsets = fields.at(15)});
  }
  return rows;
}

DermProblem AuthorsProblem(const std::vector<AuthorsRow>& rows, double sla, double simple_share) {
  DermProblem problem;
  problem.application_load = kLoad;
  problem.sla = sla;
  problem.microservices.resize(12);
  std::array<std::vector<DermNode>, 2> visits;
  for (const AuthorsRow& row : rows) {
    DermMicroservice& of = problem.microservices[row.microservice];
    of.name = "ms" + std::to_string(row.microservice);
    of.law = RateLaw{
        .offset = 1e-3 * row.offset, .slope = 1e3 * row.slope, .intercept = 1e3 * row.intercept};
    visits[row.graph].push_back(DermNode::Visit(static_cast<int>(row.microservice), row.calls));
  }
  problem.graphs = {
      {.id = "simple", .share = simple_share, .tree = DermNode::Sequence(visits[0])},
      {.id = "complex", .share = 1 - simple_share, .tree = DermNode::Sequence(visits[1])}};
  return problem;
}

// The stages of one graph in their formula: all calls of a microservice are one exponential of
// their mean (D11); the program leaves out the offsets, the paper has them (D6).
std::vector<Stage> AuthorsStages(const std::vector<AuthorsRow>& rows, std::size_t graph,
                                 const std::vector<double>& loads, bool with_offsets) {
  std::vector<Stage> stages;
  for (const AuthorsRow& row : rows) {
    if (row.graph != graph) continue;
    stages.push_back(
        {.rate = 1e3 * (row.intercept + row.slope * loads[row.microservice]) / row.calls,
         .visits = 1,
         .offset = with_offsets ? 1e-3 * row.offset * row.calls : 0});
  }
  return stages;
}

// Their problem: their formula and their bounds, rates of at least 0.8 / ms and at most their pods.
struct AuthorsOptimum {
  const std::vector<AuthorsRow>& rows;
  std::vector<double> demand;
  std::array<double, 2> shares;
  double sla;

  double Attainment(const std::vector<double>& loads, bool with_offsets,
                    std::vector<double>* slopes = nullptr) const {
    double within = 0;
    SequenceWorkspace workspace;
    if (slopes != nullptr) slopes->assign(demand.size(), 0);
    for (std::size_t graph = 0; graph < 2; ++graph) {
      const std::vector<Stage> stages = AuthorsStages(rows, graph, loads, with_offsets);
      std::vector<double> by_rate(stages.size());
      within += shares[graph] * SequenceTailAt(stages, sla, workspace, by_rate).within;
      std::size_t k = 0;
      for (const AuthorsRow& row : rows) {
        if (row.graph != graph || slopes == nullptr) continue;
        (*slopes)[row.microservice] += shares[graph] * by_rate[k++] * 1e3 * row.slope / row.calls;
      }
    }
    return within;
  }

  // Loads of a container by the logarithm of them.
  static double Containers(unsigned n, const double* x, double* slopes, void* data) {
    const auto& self = *static_cast<const AuthorsOptimum*>(data);
    double total = 0;
    for (unsigned i = 0; i < n; ++i) {
      const double containers = self.demand[i] / std::exp(x[i]);
      total += containers;
      if (slopes != nullptr) slopes[i] = -containers;
    }
    return total;
  }
  static double Missing(unsigned n, const double* x, double* slopes, void* data) {
    const auto& self = *static_cast<const AuthorsOptimum*>(data);
    std::vector<double> loads(n);
    for (unsigned i = 0; i < n; ++i) loads[i] = std::exp(x[i]);
    std::vector<double> by_load;
    const double within = self.Attainment(loads, /*with_offsets=*/false, &by_load);
    for (unsigned i = 0; slopes != nullptr && i < n; ++i) slopes[i] = -by_load[i] * loads[i];
    return 0.95 - within;
  }

  std::vector<double> Solve() const {
    const auto n = static_cast<unsigned>(demand.size());
    std::vector<double> low(n);
    std::vector<double> high(n);
    for (const AuthorsRow& row : rows) {
      low[row.microservice] = std::log(demand[row.microservice] / row.pods);
      high[row.microservice] = std::log((0.8 - row.intercept) / row.slope);
    }
    const std::unique_ptr<nlopt_opt_s, decltype(&nlopt_destroy)> optimiser(
        nlopt_create(NLOPT_LD_MMA, n), &nlopt_destroy);
    nlopt_set_lower_bounds(optimiser.get(), low.data());
    nlopt_set_upper_bounds(optimiser.get(), high.data());
    void* self = const_cast<AuthorsOptimum*>(this);
    nlopt_set_min_objective(optimiser.get(), Containers, self);
    nlopt_add_inequality_constraint(optimiser.get(), Missing, self, 1e-9);
    nlopt_set_ftol_rel(optimiser.get(), 1e-10);
    nlopt_set_maxeval(optimiser.get(), 5000);
    std::vector<double> x = low;
    double total = 0;
    if (nlopt_optimize(optimiser.get(), x.data(), &total) < 0) return {};
    for (double& value : x) value = std::exp(value);
    return x;
  }
};

double ContainersOf(const std::vector<double>& demand, const std::vector<double>& loads) {
  double total = 0;
  for (std::size_t i = 0; i < demand.size(); ++i) total += demand[i] / loads[i];
  return total;
}

class DermAuthorsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    rows_ = ReadTable();
    if (rows_.empty()) GTEST_SKIP() << "no parameters of the authors at " << kTable;
    ASSERT_EQ(rows_.size(), 20U);
  }
  AuthorsOptimum Optimum(double sla, double simple_share) const {
    return {rows_,
            DemandOf(AuthorsProblem(rows_, sla, simple_share)),
            {simple_share, 1 - simple_share},
            sla};
  }
  std::vector<AuthorsRow> rows_;
};

// D10, D11, D12: what they call lambdaValue_fit is eq. 3 at the load of one of their pods, the
// calls of both graphs together in their shares 0.9 and 0.1.
TEST_F(DermAuthorsTest, DemandAndRatesAreTheirs) {
  const DermProblem problem = AuthorsProblem(rows_, 0.55, 0.9);
  ASSERT_TRUE(ValidateDermProblem(problem).ok()) << ValidateDermProblem(problem);
  const std::vector<double> demand = DemandOf(problem);
  std::array<double, 2> offsets{};
  for (const AuthorsRow& row : rows_) {
    const auto& law = std::get<RateLaw>(problem.microservices[row.microservice].law);
    const double rate = law.intercept + law.slope * demand[row.microservice] / row.pods;
    EXPECT_NEAR(rate, 1e3 * row.rate, 1e-9 * rate) << row.microservice;
    EXPECT_NEAR(row.offset * row.calls, row.offsets, 1e-9) << row.microservice;
    offsets[row.graph] += row.offsets;
  }
  // D6: 43 and 201 ms, which their program leaves out.
  EXPECT_NEAR(offsets[0], 43.336, 1e-3);
  EXPECT_NEAR(offsets[1], 200.854, 1e-3);
}

// Eq. 10 by partial fractions is the distribution that the contour gives, where rates are apart.
TEST_F(DermAuthorsTest, TheirFormulaIsEquationTenOfOneExponentialAMicroservice) {
  const std::vector<double> demand = DemandOf(AuthorsProblem(rows_, 0.55, 0.9));
  std::vector<double> loads(demand.size());
  for (const AuthorsRow& row : rows_) {
    loads[row.microservice] = demand[row.microservice] / row.pods;
  }
  SequenceWorkspace workspace;
  for (const std::size_t graph : {0U, 1U}) {
    for (const bool with_offsets : {false, true}) {
      const auto stages = AuthorsStages(rows_, graph, loads, with_offsets);
      for (const double time : {0.25, 0.35, 0.55}) {
        const auto within = PaperWithin(stages, time);
        ASSERT_TRUE(within.ok()) << within.status();
        EXPECT_NEAR(*within, SequenceTailAt(stages, time, workspace).within, 1e-7) << time;
      }
    }
  }
}

// Known answers, worked out apart from this program: the fewest containers in their formula under
// their bounds, both graphs alike, by SLA. The plan that their formula calls just good enough keeps
// the promise for far fewer requests when the offsets of the same table are counted (D6).
TEST_F(DermAuthorsTest, TheFewestContainersOfTheirFormula) {
  struct Known {
    double sla;
    double containers;
  };
  for (const Known known :
       {Known{0.55, 28.64}, Known{0.35, 33.66}, Known{0.30, 37.8}, Known{0.25, 50.1}}) {
    const AuthorsOptimum optimum = Optimum(known.sla, 0.5);
    const std::vector<double> loads = optimum.Solve();
    ASSERT_FALSE(loads.empty()) << known.sla;
    EXPECT_NEAR(optimum.Attainment(loads, /*with_offsets=*/false), 0.95, 1e-5) << known.sla;
    EXPECT_NEAR(ContainersOf(optimum.demand, loads), known.containers, 0.002 * known.containers)
        << known.sla;
    const double kept = optimum.Attainment(loads, /*with_offsets=*/true);
    RecordProperty("attainmentWithOffsetsAt" + std::to_string(known.sla), std::to_string(kept));
    EXPECT_LT(kept, 0.80) << known.sla;
  }
}

// The same table through `paper`: pairs share one rate, calls are visits, offsets count. Containers
// of it and of the optimum as measured here; the optimum of their own formula has 33.66 and 28.64.
TEST_F(DermAuthorsTest, PaperModeBesideTheirFormula) {
  struct Measured {
    double sla;
    double paper;
    double optimum;
  };
  for (const Measured measured : {Measured{0.35, 54.77, 49.99}, Measured{0.55, 32.24, 31.63}}) {
    const DermProblem problem = AuthorsProblem(rows_, measured.sla, 0.5);
    const auto plan = PlanAsPaper(problem);
    ASSERT_TRUE(plan.ok()) << plan.status();
    ASSERT_TRUE(plan->solution.feasible && plan->solution.converged) << measured.sla;
    const auto best = SolveDerm(problem);
    ASSERT_TRUE(best.ok()) << best.status();
    EXPECT_NEAR(plan->solution.attainment, 0.95, 1e-5) << measured.sla;
    EXPECT_NEAR(best->attainment, 0.95, 1e-5) << measured.sla;
    EXPECT_NEAR(plan->solution.total, measured.paper, 0.005 * measured.paper);
    EXPECT_NEAR(best->total, measured.optimum, 0.005 * measured.optimum);
    EXPECT_GE(plan->solution.total, best->total);
    EXPECT_LE(plan->iterations, 5);  // VI-B: five for 50 microservices

    // D6: offsets cost containers. D11: one exponential for all calls of a microservice makes more
    // of what was planned late.
    DermProblem without = problem;
    for (DermMicroservice& of : without.microservices) std::get<RateLaw>(of.law).offset = 0;
    const auto unfloored = SolveDerm(without);
    ASSERT_TRUE(unfloored.ok()) << unfloored.status();
    EXPECT_LT(unfloored->total, best->total) << measured.sla;
    const AuthorsOptimum theirs = Optimum(measured.sla, 0.5);
    EXPECT_LT(theirs.Attainment(plan->solution.loads, /*with_offsets=*/true), 0.85);
    EXPECT_GT(theirs.Attainment(plan->solution.loads, /*with_offsets=*/false), 0.95);
  }
}

}  // namespace
}  // namespace trimtab
