// Notices that a deployment has changed who calls whom.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <utility>

#include "trimtab/tracing/name_table.h"
#include "trimtab/tracing/visits.h"

namespace trimtab {

// A version number of the application's call graph. What was learned about predictions on one graph
// says nothing about another, so the controller forgets it when the version rises.
//
// The graph is the set of caller-callee pairs, looked at every `traces_per_look` traces: a pair
// joins when at least 5 % of the traces have it and leaves below 1 %, so that a rare branch at the
// edge of one share does not flap. A different set in two looks in a row is a new version.
// Thread-safety: none.
class GraphWatch {
 public:
  explicit GraphWatch(int traces_per_look = 200) : traces_per_look_(traces_per_look) {}

  void Add(const TraceVisits& trace);

  // 0 until the graph has changed for the first time.
  int version() const { return version_; }

 private:
  using Pair = std::pair<NameId, NameId>;
  void Look();

  int traces_per_look_;
  int traces_ = 0;
  std::map<Pair, int> seen_;  // traces of this look that have the pair
  std::set<Pair> pairs_;      // the graph
  std::set<Pair> candidate_;  // another graph, seen in the last look
  bool known_ = false;
  int version_ = 0;
};

}  // namespace trimtab
