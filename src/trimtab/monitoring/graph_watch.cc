#include "trimtab/monitoring/graph_watch.h"

namespace trimtab {
namespace {

constexpr double kJoins = 0.05;
constexpr double kLeaves = 0.01;

}  // namespace

void GraphWatch::Add(const TraceVisits& trace) {
  std::set<Pair> pairs;
  for (std::size_t i = 1; i < trace.visits.size(); ++i) {
    const Visit& visit = trace.visits[i];
    pairs.emplace(trace.visits[visit.caller].service, visit.service);
  }
  for (const Pair& pair : pairs) ++seen_[pair];
  if (++traces_ == traces_per_look_) Look();
}

void GraphWatch::Look() {
  std::set<Pair> now;
  for (const auto& [pair, traces] : seen_) {
    const double share = static_cast<double>(traces) / traces_;
    if (share >= (pairs_.contains(pair) ? kLeaves : kJoins)) now.insert(pair);
  }
  seen_.clear();
  traces_ = 0;
  if (!known_ || now == candidate_) {
    if (known_ && now != pairs_) ++version_;
    pairs_ = now;
    known_ = true;
  }
  candidate_ = now;
}

}  // namespace trimtab
