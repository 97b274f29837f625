// The requests of an application as they arrive: when, of which operation, and of which kind.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "trimtab/probability/random_stream.h"
#include "trimtab/simulation/argument_draw.h"
#include "trimtab/simulation/arrivals.h"
#include "trimtab/simulation/cpu_group.h"
#include "trimtab/simulation/event_queue.h"
#include "trimtab/simulation/request_rules.h"
#include "trimtab/simulation/scenario.h"
#include "trimtab/simulation/state_cells.h"
#include "trimtab/workload/load_series.h"

namespace trimtab {

struct Request {
  SimNanos time = 0;        // kNever: there are no more
  std::uint16_t entry = 0;  // of the scenario
  std::uint32_t kind = 0;
};

// Everything by which two requests of one operation can differ, as far as programs and tracing can
// see it: which conditions hold, how often steps repeat, and the classes of the arguments.
struct RequestKind {
  std::uint64_t conditions = 0;        // bit i: rule i holds
  std::vector<std::uint16_t> repeats;  // by rule
  std::vector<std::uint16_t> classes;  // by argument; 0 for one without classes
};

// Arrivals, arguments and state, and nothing else: no queue, no container, no latency. The event
// loop takes its requests from here, so a series of request kinds made alone is that of a whole run
// with the same seed.
//
// A request draws its arguments, reads the state and changes it in the instant of its arrival, and
// keeps what it saw to its end. So two policies see the same kinds in the same order; that a change
// takes effect before the request that makes it has been served is the price. Each argument has a
// random stream of its own.
// Cost: some 100 ns a request without arguments or state, 20-30 ns more for each of them.
// Memory: the kinds seen so far, at most the product of argument values and conditions.
// Thread-safety: none; distinct processes are independent.
class RequestProcess {
 public:
  // `scenario` must be valid and outlive it. `load` in requests per second from the start.
  RequestProcess(const ClusterScenario& scenario, StepSeries load, std::uint64_t seed);

  Request Next();

  // Takes over the present instant and the state of another process of the same scenario; what
  // comes from there on is drawn anew: one of the futures that its state leaves open. Kinds keep
  // the indices that they have here.
  void StartFrom(const RequestProcess& present, std::uint64_t seed);

  bool Holds(std::uint32_t kind, std::uint32_t condition) const {
    return (kinds_[kind].conditions >> condition & 1U) != 0;
  }
  std::uint16_t Repeats(std::uint32_t kind, std::uint32_t count) const {
    return kinds_[kind].repeats[count];
  }
  // The kinds seen so far; indices stay.
  std::span<const RequestKind> kinds() const { return kinds_; }
  // "distance=4-6", several with a ';' between them; empty when no argument has classes.
  const std::string& ArgumentClasses(std::uint32_t kind) const { return class_texts_[kind]; }
  const RequestRules& rules() const { return rules_; }

  // Units left in all cells of a state, by its place in the scenario, as the last request left it.
  std::int64_t Left(std::size_t state) { return states_[state].Total(now_); }
  // Cells of it that hold at least `units`.
  std::int64_t CellsWith(std::size_t state, std::int64_t units) {
    return states_[state].CountAtLeast(units, now_);
  }

 private:
  struct Bound {
    bool of_state;
    std::uint32_t index;  // of the state or argument
    std::int64_t at_least;
    std::int64_t at_most;
  };
  struct Effect {
    std::uint32_t state;
    std::int64_t change;
    std::vector<Bound> when;
  };

  std::vector<Bound> Compiled(const std::vector<ConditionSpec>& conditions) const;
  std::int64_t& Cell(std::uint32_t state);
  bool AllHold(const std::vector<Bound>& bounds);
  void CountRepeats();
  void Apply(const std::vector<Effect>& effects);
  std::uint32_t Settle(std::uint16_t entry);
  std::uint32_t Intern();
  std::string ClassText(const std::vector<std::uint16_t>& classes) const;

  const ClusterScenario& scenario_;
  StepSeries load_;
  RequestRules rules_;
  Arrivals arrivals_;
  std::vector<ArgumentDraw> arguments_;
  std::vector<StateCells> states_;
  std::vector<std::uint32_t> cell_argument_;  // by state; the number of arguments: none
  std::vector<std::vector<Bound>> conditions_;
  std::vector<std::uint32_t> count_argument_;  // by count; the number of arguments: none
  std::vector<std::vector<Effect>> effects_;   // by entry
  bool has_kinds_;
  SimNanos now_ = 0;

  std::vector<std::int64_t> values_;  // of the present request, by argument
  RequestKind present_;
  std::vector<std::uint64_t> key_;
  absl::flat_hash_map<std::vector<std::uint64_t>, std::uint32_t> index_;
  std::vector<RequestKind> kinds_;
  std::vector<std::string> class_texts_;
};

}  // namespace trimtab
