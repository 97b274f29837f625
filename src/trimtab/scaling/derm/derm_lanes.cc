#include "trimtab/scaling/derm/derm_lanes.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace trimtab {
namespace {

// Loads stay this far below the load at which a rate would be 0, relative to it.
constexpr double kBarrier = 1e-7;
// A table may be used up to its last point, where its spare capacity is 0: what a factor of 0 leads
// out of.
constexpr double kTableSlack = 0.05;
constexpr double kBindingShare = 0.1;

void AddLanes(const DermProblem& problem, std::span<const LoadLaw> laws,
              std::span<const double> demand, DermLanes& made) {
  made.loads.assign(laws.size(), 0);
  made.lane_of.assign(laws.size(), -1);
  for (std::size_t i = 0; i < laws.size(); ++i) {
    if (demand[i] <= 0) continue;
    const DermMicroservice& of = problem.microservices[i];
    const double highest = std::min(demand[i] / of.fewest, laws[i].limit() * (1 - kBarrier));
    const double lowest = demand[i] / of.most;
    made.loads[i] = std::max(highest, lowest);
    if (lowest > highest) made.overloaded.push_back(static_cast<int>(i));
    if (!laws[i].answers() || lowest >= highest) continue;
    made.lane_of[i] = static_cast<int>(made.lanes.size());
    made.microservice.push_back(i);
    made.lanes.push_back(
        {.law = &laws[i], .demand = demand[i], .lowest = lowest, .highest = highest});
  }
}

// Calls in the order of their lanes.
void AddCalls(const GraphTails& tails, DermLanes& made) {
  std::vector<std::size_t> counts(made.lanes.size(), 0);
  const auto lane_of = [&made](int microservice) {
    return made.lane_of[static_cast<std::size_t>(microservice)];
  };
  for (std::size_t g = 0; g < tails.size(); ++g) {
    for (const int i : tails.MicroservicesOf(g)) {
      if (lane_of(i) >= 0) ++counts[static_cast<std::size_t>(lane_of(i))];
    }
  }
  std::size_t begin = 0;
  for (std::size_t lane = 0; lane < made.lanes.size(); ++lane) {
    made.lanes[lane].first_call = begin;
    made.lanes[lane].last_call = begin;
    begin += counts[lane];
  }
  made.calls.resize(begin);
  made.call_of.resize(tails.size());
  for (std::size_t g = 0; g < tails.size(); ++g) {
    for (const int i : tails.MicroservicesOf(g)) {
      int call = -1;
      if (lane_of(i) >= 0) {
        call = static_cast<int>(made.lanes[static_cast<std::size_t>(lane_of(i))].last_call++);
        made.calls[static_cast<std::size_t>(call)].graph = static_cast<int>(g);
      }
      made.call_of[g].push_back(call);
    }
  }
}

}  // namespace

DermLanes MakeDermLanes(const DermProblem& problem, const GraphTails& tails,
                        std::span<const LoadLaw> laws, std::span<const double> demand) {
  DermLanes made;
  AddLanes(problem, laws, demand, made);
  AddCalls(tails, made);
  return made;
}

void TrustRegion(const DualLane& bounds, double load, double trust, DualLane& lane) {
  const double limit = bounds.law->limit();
  const double spare = limit / load - 1;
  const double slack = bounds.law->exponential() ? 0 : kTableSlack;
  const double more = (spare + slack) * std::exp(trust);
  const double less = std::max(spare * std::exp(-trust) - slack, 0.0);
  lane.lowest = std::clamp(limit / (1 + more), bounds.lowest, bounds.highest);
  lane.highest = std::clamp(limit / (1 + less), bounds.lowest, bounds.highest);
  lane.mean = bounds.law->Mean(load);
}

std::vector<int> BindingOf(std::span<const double> cost, std::vector<int> first) {
  const auto cost_of = [cost](int i) { return cost[static_cast<std::size_t>(i)]; };
  std::vector<int> order(cost.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::stable_sort(order, [&](int a, int b) { return cost_of(a) > cost_of(b); });
  for (const int i : order) {
    if (!(cost_of(i) > 0) || cost_of(i) < kBindingShare * cost_of(order.front())) break;
    if (std::ranges::find(first, i) == first.end()) first.push_back(i);
  }
  return first;
}

}  // namespace trimtab
