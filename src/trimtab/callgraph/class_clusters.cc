#include "trimtab/callgraph/class_clusters.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace trimtab {
namespace {

void AddCalls(const CallTree& tree, double visits, CallCounts& counts) {
  for (const TreeStep& step : tree.steps) {
    for (const CallTree& branch : step.branches) {
      const double calls = visits * static_cast<double>(branch.calls);
      counts[{tree.microservice, branch.microservice}] += calls;
      AddCalls(branch, calls, counts);
    }
  }
}

}  // namespace

CallCounts CountCalls(const CallTree& tree) {
  CallCounts counts{{{std::string(), tree.microservice}, 1.0}};
  AddCalls(tree, 1.0, counts);
  return counts;
}

double GraphDistance(const CallCounts& a, const CallCounts& b) {
  double smaller = 0;
  double larger = 0;
  auto left = a.begin();
  auto right = b.begin();
  while (left != a.end() || right != b.end()) {
    const bool only_left = right == b.end() || (left != a.end() && left->first < right->first);
    const bool only_right = left == a.end() || (right != b.end() && right->first < left->first);
    if (only_left) {
      larger += (left++)->second;
    } else if (only_right) {
      larger += (right++)->second;
    } else {
      smaller += std::min(left->second, right->second);
      larger += std::max((left++)->second, (right++)->second);
    }
  }
  return larger > 0 ? 1 - smaller / larger : 0;
}

ClassClusters::ClassClusters(std::vector<WeightedClass> classes, Options options)
    : options_(options) {
  std::ranges::sort(classes, [](const WeightedClass& a, const WeightedClass& b) {
    return std::tie(b.traces, a.id) < std::tie(a.traces, b.id);
  });
  double traces = 0;
  for (const WeightedClass& of : classes) traces += static_cast<double>(of.traces);
  std::vector<WeightedClass> rare;
  for (WeightedClass& of : classes) {
    const bool is_frequent =
        frequent_.empty() || static_cast<double>(of.traces) >= options.rare_share * traces;
    (is_frequent ? frequent_ : rare).push_back(std::move(of));
  }
  for (const WeightedClass& of : frequent_) {
    counts_.push_back(CountCalls(of.tree));
    cluster_of_[of.id] = of.id;
    traces_[of.id] = of.traces;
  }
  for (const WeightedClass& of : rare) {
    const std::optional<ClassId> nearest = NearestTo(of.tree);
    cluster_of_[of.id] = nearest;
    (nearest ? traces_[*nearest] : other_traces_) += of.traces;
  }
}

std::optional<ClassId> ClassClusters::NearestTo(const CallTree& tree) const {
  const CallCounts counts = CountCalls(tree);
  std::optional<ClassId> nearest;
  double least = 0;
  for (std::size_t i = 0; i < frequent_.size(); ++i) {
    const double distance = GraphDistance(counts, counts_[i]);
    if (distance > options_.farthest || (nearest && distance >= least)) continue;
    nearest = frequent_[i].id;
    least = distance;
  }
  return nearest;
}

std::optional<ClassId> ClassClusters::ClusterOf(ClassId id) const {
  const auto found = cluster_of_.find(id);
  return found == cluster_of_.end() ? std::nullopt : found->second;
}

std::uint64_t ClassClusters::TracesOf(ClassId frequent) const {
  const auto found = traces_.find(frequent);
  return found == traces_.end() ? 0 : found->second;
}

}  // namespace trimtab
