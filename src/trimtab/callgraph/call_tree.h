// What one visit of a microservice calls, one after the other or at the same time.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace trimtab {

struct CallTree;

// One step of a visit: the calls that it waits for before it goes on.
//
// Not parallel: exactly one branch, called `calls` times, one after the other. Parallel: all
// branches, each `calls` times, at the same time.
struct TreeStep {
  bool parallel = false;
  std::vector<CallTree> branches;

  friend bool operator==(const TreeStep&, const TreeStep&);
};

// A visit of a microservice and everything that it causes: a series-parallel tree with
// multiplicities (Grad III; Derm III calls it the call graph of a request).
//
// Steps run one after the other. Their order is kept for display, but two trees are equal when
// their structure is: the names of siblings, the order of the steps and the way in which equal
// calls are grouped do not count. Equality costs a canonical text of both sides.
// Thread-safety: a value type.
struct CallTree {
  std::string microservice;
  std::int64_t calls = 1;
  std::vector<TreeStep> steps;

  friend bool operator==(const CallTree& a, const CallTree& b);
};

// A single call, and calls at the same time, as a step.
TreeStep Sequential(CallTree call);
TreeStep Parallel(std::vector<CallTree> branches);

// The simplest tree of equal structure: equal calls are merged into one with the sum of their
// numbers, a parallel step of one call becomes a sequential one, steps and branches are sorted.
CallTree Canonical(const CallTree& tree);

// The structure as text, equal for equal trees and only for them. The microservice of each visit
// is preceded by its length, so that no name can imitate structure.
std::string CanonicalText(const CallTree& tree);

// The same without what is sequential and what parallel: an unordered tree of visits.
std::string MultiplicityText(const CallTree& tree);

// The set of caller and callee pairs, the entry among them as the callee of nobody.
std::string AdjacencyText(const CallTree& tree);

// Visits on the longest path from the entry; 1 for a leaf.
int Depth(const CallTree& tree);

// Calls that one request makes below its entry, multiplicities multiplied along each path.
// Saturates at the largest int64.
std::int64_t TotalCalls(const CallTree& tree);

}  // namespace trimtab
