#include "trimtab/scaling/derm/derm_policy.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "fmt/format.h"
#include "trimtab/monitoring/mean_interference.h"
#include "trimtab/scaling/derm/adjacency_classes.h"
#include "trimtab/scaling/derm/derm_graphs.h"
#include "trimtab/scaling/derm/derm_out_of_reach.h"
#include "trimtab/scaling/derm/derm_paper.h"
#include "trimtab/scaling/derm/derm_plan.h"
#include "trimtab/scaling/derm/rare_graphs.h"

namespace trimtab {
namespace {

// The correction by measurement stays within these: a world that is further off is not the one
// that was profiled.
constexpr double kLeastCorrection = 0.5;
constexpr double kMostCorrection = 4;
// `paper`: measured arrivals this much above what the graphs explain are demand of another kind.
constexpr double kUnexplained = 1.15;
// A start, or a backlog that drains, moves arrivals by more than any mix: such changes must not be
// foreseen for long.
constexpr double kMostDrift = 1.15;
// Arrivals beyond this are nonsense of a counter.
constexpr double kMostArrivals = 1e9;
// Above this, a plan that ignores interference says so.
constexpr double kFelt = 0.1;
constexpr int kMostShown = 4;
constexpr std::size_t kMostPaperGraphs = 1000;
// Rounding hides what is finer.
constexpr DermSolverOptions kSolver = {
    .cost_tolerance = 1e-4, .tail_tolerance = 1e-4, .check_tolerance = 3e-4};
// A share error so close to 1 moves all requests to the graph that fares worst.
constexpr double kEveryGraph = 1 - 1e-9;

std::optional<double> Finite(const std::optional<RequestsPerSecond>& rate) {
  if (!rate || !std::isfinite(rate->value()) || rate->value() < 0) return std::nullopt;
  return rate->value();
}

// A visit as its caller waits for it: on the way there and back as well.
std::vector<LoadPoint> WithTransit(std::vector<LoadPoint> curve, std::optional<Latency> transit) {
  if (!transit || !std::isfinite(transit->count())) return curve;
  for (LoadPoint& point : curve) point.mean += std::max(InSeconds(*transit), 0.0);
  return curve;
}

double TotalVariation(const DermProblem& a, const DermProblem& b) {
  if (a.graphs.size() != b.graphs.size()) return 1;
  double distance = 0;
  for (std::size_t g = 0; g < a.graphs.size(); ++g) {
    if (a.graphs[g].id != b.graphs[g].id) return 1;
    distance += 0.5 * std::fabs(a.graphs[g].share - b.graphs[g].share);
  }
  return distance;
}

}  // namespace

absl::StatusOr<std::unique_ptr<DermPolicy>> DermPolicy::Create(
    const Application& application, DermModels models, DermOptions options,
    std::shared_ptr<const ShareKnowledge> shares) {
  if (absl::Status status = options.Validate(); !status.ok()) return status;
  if (absl::Status status = models.Check(application); !status.ok()) return status;
  if (shares != nullptr) {
    if (absl::Status status = shares->Validate(); !status.ok()) return status;
  }
  return std::unique_ptr<DermPolicy>(
      new DermPolicy(application, std::move(models), options, std::move(shares)));
}

DermPolicy::DermPolicy(Application application, DermModels models, DermOptions options,
                       std::shared_ptr<const ShareKnowledge> shares)
    : application_(std::move(application)),
      models_(std::move(models)),
      options_(options),
      forecast_(options, std::move(shares)) {}

// Derm VI: the mix that is predicted, the fewest containers for it, whole ones, asked for.
absl::StatusOr<Plan> DermPolicy::MakePlan(const PlanningInput& input) {
  if (absl::Status status = CheckPlanningInput(input); !status.ok()) return status;
  if (input.application.size() != application_.size()) {
    return absl::InvalidArgumentError(
        fmt::format("application '{}' has {} microservices, policy 'derm' was made for {}",
                    input.application.name(), input.application.size(), application_.size()));
  }
  const std::optional<double> observed = LoadOf(input.observation);
  forecast_.Note(input.observation, observed);
  const std::optional<double> load =
      corrected() ? forecast_.LoadQuantile(options_.load_quantile) : forecast_.LastLoad();
  if (!load) return Keep(input, "no load has been measured yet");
  if (!observed) return Keep(input, "the load of this window is unknown");
  std::string notes;
  DermProblem problem = ProblemFor(input, *load, notes);
  if (problem.graphs.empty()) return Keep(input, "no call graph has been seen yet");
  auto solved = corrected() ? SolveFor(std::move(problem)) : SolveAsPaper(std::move(problem));
  if (!solved.ok()) return solved.status();
  Plan plan = PlanFrom(input, *solved, std::move(notes));
  if (!solved->scaled) last_ = *std::move(solved);
  return plan;
}

// As counted for the application; otherwise the arrivals at the entry of its most frequent graph.
std::optional<double> DermPolicy::LoadOf(const Observation& seen) const {
  if (const auto load = Finite(seen.application_load)) return load;
  if (seen.graph_classes.empty()) return std::nullopt;
  const auto entry = application_.Find(seen.graph_classes.front().tree.microservice);
  if (!entry) return std::nullopt;
  return Finite(seen.microservices[entry->value()].arrival_rate);
}

Plan DermPolicy::Keep(const PlanningInput& input, std::string why) const {
  Plan plan;
  plan.target = input.desired;
  plan.summary.message = std::move(why) + ": everything stays";
  return plan;
}

DermProblem DermPolicy::ProblemFor(const PlanningInput& input, double load,
                                   std::string& notes) const {
  DermProblem problem;
  problem.application_load = load;
  problem.target = input.sla.quantile.level();
  const double correction =
      corrected() ? std::clamp(input.tail_correction, kLeastCorrection, kMostCorrection) : 1;
  problem.sla = InSeconds(input.sla.latency) / correction;
  if (corrected()) {
    problem.share_error = options_.every_graph ? kEveryGraph : options_.share_error;
  }
  double ignored = 0;
  for (std::size_t i = 0; i < models_.microservices.size(); ++i) {
    const Microservice& of = application_.microservice(MicroserviceId(i));
    const Interference interference =
        MeanInterference(input.observation.microservices[i].containers);
    const std::size_t level = corrected() ? models_.LevelFor(interference) : 0;
    ignored = std::max(ignored, models_.Excess(interference, level));
    DermMicroservice& each = problem.microservices.emplace_back();
    each.name = of.name;
    each.fewest = of.bounds.fewest_replicas;
    each.most = of.bounds.most_replicas;
    const DermLaws& laws = models_.microservices[i].laws[level];
    if (corrected()) {
      each.law = WithTransit(laws.curve, input.observation.microservices[i].transit);
    } else {
      each.law = laws.rate;
    }
  }
  AddGraphs(problem, notes);
  if (const std::string words = forecast_.Words(); !words.empty()) notes += "; shares: " + words;
  AddOtherDemand(input, problem);
  if (ignored > kFelt) {
    notes += fmt::format(
        "; interference up to {:.0f} % of a host is above what was profiled and "
        "ignored",
        100 * ignored);
  }
  return problem;
}

void DermPolicy::AddGraphs(DermProblem& problem, std::string& notes) const {
  const std::vector<ForecastClass> classes =
      corrected() ? forecast_.Classes() : MergedByAdjacency(forecast_.Classes());
  std::vector<std::string> unknown;
  std::vector<CandidateGraph> candidates;
  double sum = 0;
  for (const ForecastClass& each : classes) {
    DermNode tree = GraphOf(each.tree, application_, unknown);
    if (tree.children.empty()) continue;
    sum += each.share;
    candidates.push_back({.graph = {.id = each.id, .share = each.share, .tree = std::move(tree)},
                          .calls = CountCalls(each.tree)});
  }
  if (!(sum > 0)) return;
  for (CandidateGraph& each : candidates) each.graph.share /= sum;
  AddClusteredGraphs(std::move(candidates), corrected() ? options_.most_graphs : kMostPaperGraphs,
                     problem);
  if (!unknown.empty()) {
    notes += fmt::format(
        "; {} outside the application took no part: {}", unknown.size(),
        fmt::join(unknown.begin(),
                  unknown.begin() + std::min<std::ptrdiff_t>(kMostShown, std::ssize(unknown)),
                  ", "));
  }
}

// Calls that no graph explains, at the load that is planned for. `corrected` foresees the calls to
// each microservice as it does the load: the mix is minutes old when it drifts.
void DermPolicy::AddOtherDemand(const PlanningInput& input, DermProblem& problem) const {
  const double observed = LoadOf(input.observation).value_or(0);
  if (!(observed > 0) || problem.graphs.empty()) return;
  const std::vector<double> demand = DemandOf(problem);
  const double scale = problem.application_load / observed;
  for (std::size_t i = 0; i < demand.size(); ++i) {
    const auto measured = Finite(input.observation.microservices[i].arrival_rate);
    if (!measured || *measured > kMostArrivals) continue;
    double foreseen = *measured * scale;
    if (corrected()) {
      const double quantile = forecast_.ArrivalQuantile(i, options_.load_quantile).value_or(0);
      foreseen = std::max(foreseen, std::min(quantile, kMostDrift * *measured));
    }
    const double other = foreseen - demand[i];
    const double unexplained = corrected() ? 0 : (kUnexplained - 1) * demand[i];
    if (other > unexplained) problem.microservices[i].other_demand += other;
  }
}

absl::StatusOr<DermPolicy::Solved> DermPolicy::SolveFor(DermProblem problem) {
  const DermSolution* warm = last_ && last_->solution.feasible ? &last_->solution : nullptr;
  auto solution = SolveDerm(problem, kSolver, warm);
  if (!solution.ok()) return solution.status();
  if (solution->feasible && !solution->converged && warm != nullptr) {
    solution = SolveDerm(problem, kSolver);
    if (!solution.ok()) return solution.status();
  }
  std::string without;
  if (!solution->feasible && problem.share_error > 0 && !options_.every_graph) {
    // A margin that cannot be had must not cost the promise that can.
    DermProblem bare = problem;
    bare.share_error = 0;
    auto held = SolveDerm(bare, kSolver);
    if (!held.ok()) return held.status();
    if (held->feasible) {
      without = fmt::format("; out of reach with the share error of {:.3g}, left out",
                            problem.share_error);
      problem = std::move(bare);
      solution = std::move(held);
    }
  }
  Solved solved{.problem = std::move(problem),
                .solution = *std::move(solution),
                .counts = {},
                .scaled = false,
                .how = {}};
  if (!solved.solution.feasible) {
    auto nearly = PlanOutOfReach(solved.problem, std::move(solved.solution), kSolver);
    if (!nearly.ok()) return nearly.status();
    solved.solution = std::move(nearly->solution);
    solved.counts = std::move(nearly->counts);
    solved.how = "no allocation holds the promise";
    return solved;
  }
  solved.counts = RoundDerm(solved.problem, solved.solution);
  solved.how = fmt::format("{} in {} iterations{}", warm == nullptr ? "solved" : "solved again",
                           solved.solution.iterations, without);
  return solved;
}

absl::StatusOr<DermPolicy::Solved> DermPolicy::SolveAsPaper(DermProblem problem) {
  if (last_ && last_->solution.feasible &&
      TotalVariation(problem, last_->problem) <= options_.linear_share_change) {
    Solved scaled = *last_;
    scaled.counts.containers =
        ScaleLinearly(last_->problem, last_->solution, problem.application_load);
    if (last_->problem.application_load > 0) {
      scaled.solution.total *= problem.application_load / last_->problem.application_load;
    }
    scaled.problem = std::move(problem);
    scaled.scaled = true;
    scaled.how = "scaled linearly: the shares are those solved for";
    return scaled;
  }
  auto paper = PlanAsPaper(problem, {.rare_total = options_.rare_total});
  if (!paper.ok()) return paper.status();
  return Solved{.problem = std::move(problem),
                .solution = std::move(paper->solution),
                .counts = std::move(paper->counts),
                .scaled = false,
                .how = fmt::format("{} iterations{}", paper->iterations,
                                   paper->solution.converged ? "" : ", not converged")};
}

Plan DermPolicy::PlanFrom(const PlanningInput& input, const Solved& solved,
                          std::string notes) const {
  return MakeDermPlan({.application = application_,
                       .input = input,
                       .models = models_,
                       .problem = solved.problem,
                       .solution = solved.solution,
                       .counts = solved.counts,
                       .words = solved.how + notes});
}

}  // namespace trimtab
