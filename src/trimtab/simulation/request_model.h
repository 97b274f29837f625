// What makes the call graphs of an application differ: arguments of requests and its own state.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "trimtab/quantity/time.h"

namespace trimtab {

// How often each value of an argument is asked for, from one instant on.
struct ArgumentMix {
  Duration at{0};
  std::vector<double> weights;  // by value, relative to their sum; empty: by `zipf`
  double zipf = 0;              // the k-th value has the weight k^-zipf; 0: all alike
};

// An argument that comes with every request: a whole number from `first` to `last`.
struct ArgumentSpec {
  std::string name;
  std::int64_t first = 1;
  std::int64_t last = 1;
  // Ascending, the first at 0. Before the first value holds what `period` says: the mixes repeat
  // with it, or the last one holds for ever when it is 0.
  std::vector<ArgumentMix> mixes{ArgumentMix{}};
  bool gradual = false;  // from one mix to the next: in a straight line, not at once
  Duration period{0};
  // What tracing may know of it: the largest value of each class, ascending up to `last`. Empty:
  // nothing is recorded. Values themselves never are.
  std::vector<std::int64_t> classes;
};

// Brings the cells of a state to `level`, first at `first`, then `every`; the cells follow one
// another over `stagger`.
struct RestockSpec {
  Duration every{0};
  Duration first{0};
  Duration stagger{0};
  std::int64_t level = 0;
};

// A number that the application keeps, such as remaining tickets: one cell, or one for each value
// of an argument. Between 0 and `most`.
struct StateSpec {
  std::string name;
  std::string argument;  // picks the cell; empty: one cell
  std::int64_t initial = 0;
  std::int64_t most = 0;
  std::optional<RestockSpec> restock;
};

// Bounds on a state, in the cell that the request picks, or on an argument. One of the two is
// named.
struct ConditionSpec {
  std::string state;
  std::string argument;
  std::optional<std::int64_t> at_least;
  std::optional<std::int64_t> at_most;
  friend bool operator==(const ConditionSpec&, const ConditionSpec&) = default;
};

// What a request does to a state. Possible when all conditions hold and the cell stays within 0 and
// its most.
struct EffectSpec {
  std::string state;
  std::int64_t change = -1;
  std::vector<ConditionSpec> when;
};

// plus + times * argument, rounded, between 0 and kMostRepeats; without an argument: plus.
struct RepeatCountSpec {
  std::string argument;
  double times = 1;
  double plus = 0;
  friend bool operator==(const RepeatCountSpec&, const RepeatCountSpec&) = default;
};
inline constexpr int kMostRepeats = 1000;

}  // namespace trimtab
