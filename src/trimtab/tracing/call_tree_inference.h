// Call trees of an application, inferred from the visits of many traces.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "trimtab/callgraph/graph_class.h"
#include "trimtab/tracing/visits.h"

namespace trimtab {

// What was seen of two callees of one caller, in all traces of one unordered tree.
struct SiblingPair {
  std::string caller;
  std::string first;  // the two callees, in the order of their mean place
  std::string second;
  std::uint64_t count = 0;     // times consecutive by start
  std::uint64_t parallel = 0;  // of them, the second started before the first ended
  bool is_parallel = false;    // what was decided

  double parallel_share() const {
    return static_cast<double>(parallel) / static_cast<double>(count);
  }
};

struct InferredClass {
  ClassId id;
  std::uint64_t traces = 0;
  CallTree tree;  // of its most frequent unordered tree
  std::vector<SiblingPair> pairs;
};

// Groups traces by their unordered tree of visits with multiplicities, and decides for each tree
// which calls are sequential and which parallel.
//
// A sibling pair is two visits of one caller, consecutive by start; it is parallel when the second
// starts before the first ends. Visits whose subtrees are equal are one place of the unordered
// tree. For two places of one caller (or one place that is called more than once) all pairs of all
// traces of the tree are counted; they are parallel when more than half of the pairs are. A pair
// seen in less than 1 % of the traces of its tree decides nothing: one clock that jumps must not.
// Places that are parallel, directly or through others, form one parallel step. Steps and branches
// stand in the order of their mean place among their siblings.
//
// Thread-safety: none. Memory: by the number of different trees, at most `most_trees` of them with
// `most_places` places in all; traces of further trees are counted as unclassified.
// Cost of Add(): about 15 ns a visit.
class CallTreeInference {
 public:
  struct Options {
    std::size_t most_trees = 50'000;
    std::size_t most_places = 2'000'000;
  };

  // `names` must outlive the object.
  explicit CallTreeInference(const NameTable& names) : CallTreeInference(names, Options{}) {}
  CallTreeInference(const NameTable& names, Options options) : names_(names), options_(options) {}

  // The number of the trace's unordered tree, in order of first appearance; nothing when it is
  // unclassified.
  std::optional<std::uint32_t> Add(const TraceVisits& trace);

  // What is known by now of one unordered tree; its id is that of the multiplicity class.
  // REQUIRES: Add() has returned `tree`.
  InferredClass ClassAt(std::size_t tree) const;
  // Classes by descending number of traces, then id.
  std::vector<InferredClass> Classes(ClassKey key) const;
  // The class of each unordered tree, by its number.
  std::vector<ClassId> ClassOfTrees(ClassKey key) const;

  std::uint64_t sibling_pairs() const { return sibling_pairs_; }
  std::uint64_t parallel_pairs() const { return parallel_pairs_; }
  std::uint64_t classified_traces() const { return classified_traces_; }
  std::uint64_t unclassified_traces() const { return unclassified_traces_; }

 private:
  // A set of equal visits below one place, or the entry.
  struct Place {
    NameId service;
    std::uint32_t caller = 0;
    std::uint32_t visits = 0;    // in one trace
    std::uint64_t rank_sum = 0;  // of its visits among their siblings, over all traces
    std::uint64_t rank_count = 0;
  };
  struct PairCount {
    std::uint64_t count = 0;
    std::uint64_t parallel = 0;
  };
  struct Tree {
    std::uint64_t traces = 0;
    std::vector<Place> places;                                 // callers before callees
    absl::flat_hash_map<std::uint64_t, std::uint32_t> by_key;  // caller's place and shape
    absl::flat_hash_map<std::uint64_t, PairCount> pairs;       // lower place, higher place
  };
  class Decider;

  void ComputeShapes(const TraceVisits& trace);
  Tree* FindTree(const TraceVisits& trace);
  void AddSiblings(const TraceVisits& trace, std::size_t caller, Tree& tree);
  InferredClass Decide(const Tree& tree) const;

  const NameTable& names_;
  Options options_;
  std::vector<Tree> trees_;
  absl::flat_hash_map<std::uint64_t, std::uint32_t> tree_by_shape_;
  std::size_t place_count_ = 0;
  std::uint64_t sibling_pairs_ = 0;
  std::uint64_t parallel_pairs_ = 0;
  std::uint64_t classified_traces_ = 0;
  std::uint64_t unclassified_traces_ = 0;
  // Of the trace at hand, by visit.
  std::vector<std::uint64_t> shape_;
  std::vector<std::uint32_t> place_;
};

}  // namespace trimtab
