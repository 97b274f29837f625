// Rare graph classes, and classes never seen, counted as the frequent class that is most like them.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "trimtab/callgraph/call_tree.h"
#include "trimtab/callgraph/graph_class.h"

namespace trimtab {

// Calls of each caller and callee pair in one request, multiplicities multiplied along the path.
using CallCounts = std::map<std::pair<std::string, std::string>, double>;
CallCounts CountCalls(const CallTree& tree);

// 1 - sum of the smaller counts / sum of the larger counts over all pairs (weighted Jaccard): 0 for
// equal counts, 1 when no pair is common. The entry counts as a call of nobody.
double GraphDistance(const CallCounts& a, const CallCounts& b);

struct WeightedClass {
  ClassId id;
  std::uint64_t traces = 0;
  CallTree tree;
};

// A retry, a cache hit or a clock that jumps makes a class of its own out of a request that is like
// thousands of others (Derm's classes are equal or different). Classes with at least `rare_share`
// of the traces stand for themselves; any other tree is counted as the nearest of them, the more
// frequent one of two that are equally near, unless it is farther than `farthest`.
// Thread-safety: const methods from any thread. Cost of NearestTo(): frequent classes x pairs.
class ClassClusters {
 public:
  struct Options {
    double rare_share = 0.01;
    double farthest = 0.5;
  };

  ClassClusters(std::vector<WeightedClass> classes, Options options);

  // By descending number of traces. The most frequent class is always one of them.
  const std::vector<WeightedClass>& frequent() const { return frequent_; }
  // Nothing when the tree is like none of them: what to do then is the caller's to decide.
  std::optional<ClassId> NearestTo(const CallTree& tree) const;
  // The same for a class that was given, by its id; nothing too for an id that was not.
  std::optional<ClassId> ClusterOf(ClassId id) const;
  // Traces of each frequent class with those of the rare ones that are counted as it.
  std::uint64_t TracesOf(ClassId frequent) const;
  // Traces like none.
  std::uint64_t other_traces() const { return other_traces_; }

 private:
  Options options_;
  std::vector<WeightedClass> frequent_;
  std::vector<CallCounts> counts_;  // of the frequent ones
  std::map<ClassId, std::optional<ClassId>> cluster_of_;
  std::map<ClassId, std::uint64_t> traces_;
  std::uint64_t other_traces_ = 0;
};

}  // namespace trimtab
