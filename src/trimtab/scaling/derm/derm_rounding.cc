#include "trimtab/scaling/derm/derm_rounding.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numeric>
#include <optional>
#include <utility>

#include "trimtab/scaling/derm/counted_tails.h"

namespace trimtab {
namespace {

// Of the slack that bulk removal plans to use: predictions are of first order.
constexpr double kBulkShare = 0.8;
// A single removal is tried when its predicted loss is at most this many slacks.
constexpr double kOptimism = 2;
constexpr int kTargetShifts = 5;
// Candidates of the exchange of two for one, on each side. Up to kExhaustive microservices all are
// tried.
constexpr std::size_t kCandidates = 12;
constexpr std::size_t kExhaustive = 8;
// What trimming may cost, in evaluations: this, and at first one more for each microservice.
constexpr int kTrimBudget = 120;
constexpr int kMostAdded = 100'000;

// `feasible` is left true.
DermCounts CountsOf(CountedTails& at) {
  const double tail = at.CheckedTail();
  DermCounts counts;
  counts.containers = at.counts();
  counts.total = std::accumulate(at.counts().begin(), at.counts().end(), 0LL);
  counts.attainment = 1 - tail;
  for (const double beyond : at.graph_tails()) counts.graph_attainment.push_back(1 - beyond);
  counts.evaluations = at.evaluations();
  return counts;
}

class Rounding {
 public:
  Rounding(const DermProblem& problem, const DermSolution& solution)
      : problem_(problem), solution_(solution), at_(problem) {}

  DermCounts Run() {
    const double limit = 1 - problem_.target;
    target_ = at_.exact() ? limit : std::max(solution_.model_tail, 1e-9);
    std::optional<std::pair<long long, std::vector<int>>> best;
    for (int shift = 0; shift < kTargetShifts; ++shift) {
      // What the grid then refuses lacks little: it is mended, not made anew.
      if (!(shift == 0 ? RoundUp() : AddUntil(target_))) break;
      Trim(shift == 0 ? at_.size() : 0);
      const double tail = at_.CheckedTail();
      if (tail <= limit) {
        const auto total = std::accumulate(at_.counts().begin(), at_.counts().end(), 0LL);
        if (!best || total < best->first) best = {total, at_.counts()};
        break;
      }
      target_ *= std::min(limit / tail, 0.999);
    }
    if (!best && !MakeFeasible(limit)) return Result(/*feasible=*/false);
    if (best) SetAll(best->second);
    return Result(/*feasible=*/true);
  }

  DermCounts Up() {
    for (std::size_t i = 0; i < at_.size(); ++i) at_.Set(i, Ceiling(i));
    return Result(at_.CheckedTail() <= 1 - problem_.target);
  }

 private:
  int Ceiling(std::size_t i) const {
    const double n = solution_.containers[i];
    const double up = std::ceil(n - 1e-9 * n);
    return static_cast<int>(
        std::clamp(up, static_cast<double>(at_.least(i)), static_cast<double>(at_.most(i))));
  }

  void SetAll(const std::vector<int>& counts) {
    for (std::size_t i = 0; i < counts.size(); ++i) {
      if (at_.count(i) != counts[i]) at_.Set(i, counts[i]);
    }
  }

  // Down everywhere, then up for the first k by gain, k by bisection.
  bool RoundUp() {
    struct Choice {
      std::size_t i;
      double gain;
    };
    std::vector<Choice> choices;
    double fractions = 0;
    for (std::size_t i = 0; i < at_.size(); ++i) {
      const int up = Ceiling(i);
      const int down = std::clamp(static_cast<int>(solution_.containers[i]), at_.least(i), up);
      at_.Set(i, down);
      if (down == up) continue;
      choices.push_back({i, solution_.gains[i] * (at_.Mean(i, down) - at_.Mean(i, up))});
      fractions += solution_.containers[i] - down;
    }
    std::ranges::stable_sort(choices,
                             [](const Choice& a, const Choice& b) { return a.gain > b.gain; });
    std::size_t raised = 0;
    const auto raise_to = [&](std::size_t k) {
      for (; raised < k; ++raised) at_.Set(choices[raised].i, at_.count(choices[raised].i) + 1);
      for (; raised > k; --raised) {
        at_.Set(choices[raised - 1].i, at_.count(choices[raised - 1].i) - 1);
      }
    };
    std::size_t low = 0;  // the smallest k that is enough lies in [low, high]
    std::size_t high = choices.size();
    std::size_t probe = std::min(high, static_cast<std::size_t>(std::llround(fractions)));
    while (low < high) {
      probe = std::clamp(probe, low, high - 1);
      raise_to(probe);
      (at_.Tail() <= target_ ? high : low) = at_.Tail() <= target_ ? probe : probe + 1;
      probe = low + (high - low) / 2;
    }
    raise_to(high);
    return AddUntil(target_);
  }

  // One more where it is predicted to help most, until the fast model is within `target`.
  bool AddUntil(double target) {
    for (int added = 0; at_.Tail() > target; ++added) {
      if (added >= kMostAdded) return false;
      at_.Prices();
      double best = 0;
      std::size_t where = at_.size();
      for (std::size_t i = 0; i < at_.size(); ++i) {
        if (at_.count(i) >= at_.most(i)) continue;
        const double change = at_.Predicted(i, 1);
        if (change < best) {
          best = change;
          where = i;
        }
      }
      if (where == at_.size()) return false;
      at_.Set(where, at_.count(where) + 1);
    }
    return true;
  }

  bool MakeFeasible(double limit) {
    for (int shift = 0; shift < kTargetShifts; ++shift) {
      if (!AddUntil(target_)) return false;
      const double tail = at_.CheckedTail();
      if (tail <= limit) return true;
      target_ *= 0.95 * limit / tail;
    }
    return false;
  }

  // Microservices that can give one, by what is lost.
  std::vector<std::pair<double, std::size_t>> Losses() {
    at_.Prices();
    std::vector<std::pair<double, std::size_t>> losses;
    for (std::size_t i = 0; i < at_.size(); ++i) {
      if (at_.count(i) > at_.least(i)) losses.emplace_back(at_.Predicted(i, -1), i);
    }
    std::ranges::sort(losses);
    return losses;
  }

  // `singles`: what single removals may cost beyond kTrimBudget, in evaluations.
  void Trim(std::size_t singles) {
    while (RemoveInBulk()) {
    }
    budget_ = at_.size() <= kExhaustive
                  ? std::numeric_limits<int>::max()
                  : at_.evaluations() + kTrimBudget + static_cast<int>(singles);
    RemoveSingly();
    while (Exchange()) RemoveSingly();
  }

  bool RemoveInBulk() {
    const double slack = target_ - at_.Tail();
    const auto losses = Losses();
    std::size_t count = 0;
    double lost = 0;
    while (count < losses.size() && lost + losses[count].first <= kBulkShare * slack) {
      lost += losses[count++].first;
    }
    if (count < 2) return false;
    std::size_t removed = 0;
    for (; count > 1; count /= 2) {
      for (; removed < count; ++removed) Change(losses[removed].second, -1);
      for (; removed > count; --removed) Change(losses[removed - 1].second, 1);
      if (at_.Tail() <= target_) return true;
    }
    for (; removed > 0; --removed) Change(losses[removed - 1].second, 1);
    return false;
  }

  void Change(std::size_t i, int by) { at_.Set(i, at_.count(i) + by); }

  void RemoveSingly() {
    bool removed = true;
    while (removed) {
      removed = false;
      const double slack = target_ - at_.Tail();
      for (const auto& [loss, i] : Losses()) {
        if (at_.size() > kExhaustive && loss > kOptimism * slack) break;
        if (at_.evaluations() >= budget_) return;
        Change(i, -1);
        if (at_.Tail() <= target_) {
          removed = true;
          break;
        }
        Change(i, 1);
      }
    }
  }

  // One more of one microservice and one less of two (or two less of one): true when it holds.
  bool Exchange() {
    const bool all = at_.size() <= kExhaustive;
    auto losses = Losses();
    std::vector<std::pair<double, std::size_t>> gains;
    for (std::size_t i = 0; i < at_.size(); ++i) {
      if (at_.count(i) < at_.most(i)) gains.emplace_back(at_.Predicted(i, 1), i);
    }
    std::ranges::sort(gains);
    if (!all) {
      gains.resize(std::min(gains.size(), kCandidates));
      losses.resize(std::min(losses.size(), kCandidates));
    }
    const double slack = target_ - at_.Tail();
    for (const auto& [gain, more] : gains) {
      for (std::size_t a = 0; a < losses.size(); ++a) {
        for (std::size_t b = a; b < losses.size(); ++b) {
          const double predicted = losses[a].first + losses[b].first + gain;
          if (!all && predicted > kOptimism * slack) break;
          if (at_.evaluations() >= budget_) return false;
          if (TryExchange(more, losses[a].second, losses[b].second)) return true;
        }
      }
    }
    return false;
  }

  bool TryExchange(std::size_t more, std::size_t first, std::size_t second) {
    if (more == first || more == second) return false;
    if (first == second && at_.count(first) < at_.least(first) + 2) return false;
    Change(more, 1);
    Change(first, -1);
    Change(second, -1);
    if (at_.Tail() <= target_) return true;
    Change(second, 1);
    Change(first, 1);
    Change(more, -1);
    return false;
  }

  DermCounts Result(bool feasible) {
    DermCounts counts = CountsOf(at_);
    counts.feasible = feasible;
    return counts;
  }

  const DermProblem& problem_;
  const DermSolution& solution_;
  CountedTails at_;
  double target_ = 0;  // of the fast model
  int budget_ = 0;     // evaluations at which trimming ends
};

}  // namespace

DermCounts RoundDerm(const DermProblem& problem, const DermSolution& solution) {
  Rounding rounding(problem, solution);
  return solution.feasible ? rounding.Run() : rounding.Up();
}

DermCounts CeilDerm(const DermProblem& problem, const DermSolution& solution) {
  return Rounding(problem, solution).Up();
}

DermCounts CountedDerm(const DermProblem& problem, std::span<const int> containers) {
  CountedTails at(problem);
  for (std::size_t i = 0; i < at.size(); ++i) at.Set(i, containers[i]);
  DermCounts counts = CountsOf(at);
  counts.feasible = counts.attainment >= problem.target;
  return counts;
}

DermCounts FewestDerm(const DermProblem& problem) {
  return CountedDerm(problem, CountedTails(problem).counts());
}

DermNeighbours NeighboursOf(CountedTails& at, double attainment) {
  const double error = attainment - (1 - at.Tail());
  DermNeighbours neighbours;
  for (std::size_t i = 0; i < at.size(); ++i) {
    const int count = at.count(i);
    const auto with = [&](int other) {
      at.Set(i, other);
      const double of = std::clamp(1 - at.Tail() + error, 0.0, 1.0);
      at.Set(i, count);
      return of;
    };
    const bool may_fall = count > at.least(i);
    neighbours.with_one_more.push_back(with(count + 1));
    neighbours.with_one_less.push_back(may_fall ? with(count - 1)
                                                : std::numeric_limits<double>::quiet_NaN());
  }
  return neighbours;
}

void Neighbours(const DermProblem& problem, DermCounts& counts) {
  CountedTails at(problem);
  for (std::size_t i = 0; i < at.size(); ++i) at.Set(i, counts.containers[i]);
  DermNeighbours neighbours = NeighboursOf(at, counts.attainment);
  counts.with_one_more = std::move(neighbours.with_one_more);
  counts.with_one_less = std::move(neighbours.with_one_less);
}

}  // namespace trimtab
