#include "trimtab/experiment/graph_floors.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"

namespace trimtab {
namespace {

constexpr int kMostRounds = 120;
// A tail may miss its floor by this part of it.
constexpr double kTolerance = 2e-3;
// A weight below this, or one whose graph is off its floor by less than kTolerance, is at rest.
constexpr double kNoWeight = 1e-7;
constexpr double kMostFactor = 4;
// A share error so close to 1 moves all requests to the graph that fares worst.
constexpr double kAllError = 1 - 1e-9;

// The same demand whatever the shares are, so that these can be weights.
DermProblem WithDemandFixed(const DermProblem& problem) {
  DermProblem fixed = problem;
  const std::vector<double> demand = DemandOf(problem);
  for (std::size_t i = 0; i < demand.size(); ++i) fixed.microservices[i].other_demand = demand[i];
  fixed.application_load = 0;
  fixed.share_error = 0;
  return fixed;
}

void SetWeights(DermProblem& problem, std::span<const double> tails, std::vector<double> weights) {
  double sum = 0;
  for (const double weight : weights) sum += weight;
  double allowed = 0;
  for (std::size_t g = 0; g < weights.size(); ++g) {
    problem.graphs[g].share = weights[g] / sum;
    allowed += weights[g] / sum * tails[g];
  }
  problem.target = 1 - allowed;
}

// How far the graphs are from where their weights would rest.
struct Distance {
  double missed = 0;  // largest part by which a tail exceeds its floor's
  bool rests = true;  // nothing is missed, and no weighted graph has more than its floor
};

Distance DistanceOf(const DermProblem& weighted, const DermSolution& solution,
                    std::span<const double> tails) {
  Distance distance;
  for (std::size_t g = 0; g < tails.size(); ++g) {
    const double off = (1 - solution.graph_attainment[g]) / tails[g] - 1;
    distance.missed = std::max(distance.missed, off);
    if (off > kTolerance || (weighted.graphs[g].share > kNoWeight && off < -4 * kTolerance)) {
      distance.rests = false;
    }
  }
  return distance;
}

std::vector<double> NextWeights(const DermProblem& weighted, const DermSolution& solution,
                                std::span<const double> tails, double power) {
  std::vector<double> weights;
  for (std::size_t g = 0; g < tails.size(); ++g) {
    const double ratio = (1 - solution.graph_attainment[g]) / tails[g];
    const double factor =
        std::clamp(std::pow(std::max(ratio, 1e-12), power), 1 / kMostFactor, kMostFactor);
    weights.push_back(std::max(weighted.graphs[g].share * factor, 0.01 * kNoWeight));
  }
  return weights;
}

}  // namespace

absl::StatusOr<DermSolution> SolveFloors(const DermProblem& problem,
                                         std::span<const double> floors) {
  if (const absl::Status valid = ValidateDermProblem(problem); !valid.ok()) return valid;
  if (floors.size() != problem.graphs.size()) {
    return absl::InvalidArgumentError(
        fmt::format("{} floors for {} graphs", floors.size(), problem.graphs.size()));
  }
  std::vector<double> tails;
  std::vector<double> weights;
  for (std::size_t g = 0; g < floors.size(); ++g) {
    if (!(floors[g] > 0 && floors[g] < 1)) {
      return absl::InvalidArgumentError(
          fmt::format("the floor of graph '{}' is {}, expected between 0 and 1",
                      problem.graphs[g].id, floors[g]));
    }
    tails.push_back(1 - floors[g]);
    weights.push_back(std::max(problem.graphs[g].share, 1e-3));
  }
  DermProblem weighted = WithDemandFixed(problem);
  SetWeights(weighted, tails, std::move(weights));
  auto solution = SolveDerm(weighted);
  if (!solution.ok()) return solution.status();
  // Shorter steps in turn: the weights of graphs that share their microservices hang together.
  double power = 1;
  double nearest = 1e9;
  for (int round = 0; round < kMostRounds && solution->feasible; ++round) {
    const Distance distance = DistanceOf(weighted, *solution, tails);
    if (distance.rests) break;
    if (distance.missed > 0.9 * nearest) power = std::max(0.9 * power, 0.2);
    nearest = std::min(nearest, distance.missed);
    SetWeights(weighted, tails, NextWeights(weighted, *solution, tails, power));
    auto next = SolveDerm(weighted, {}, &*solution);
    if (!next.ok()) return next.status();
    solution = std::move(next);
  }
  return solution;
}

absl::StatusOr<UniformPlan> PlanUniform(const DermProblem& problem) {
  const std::vector<double> floors(problem.graphs.size(), problem.target);
  auto solution = SolveFloors(problem, floors);
  if (!solution.ok()) return solution.status();
  DermProblem worst = problem;
  worst.share_error = kAllError;
  DermCounts counts = RoundDerm(worst, *solution);
  return UniformPlan{.solution = *std::move(solution), .counts = std::move(counts)};
}

double AttainmentOf(const DermProblem& problem, std::span<const double> graph_attainment) {
  double sum = 0;
  for (std::size_t g = 0; g < graph_attainment.size(); ++g) {
    sum += problem.graphs[g].share * graph_attainment[g];
  }
  return sum;
}

}  // namespace trimtab
