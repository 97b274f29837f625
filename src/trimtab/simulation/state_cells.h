// A state of the application: the numbers in its cells, restocked as time passes.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <vector>

#include "trimtab/simulation/cpu_group.h"
#include "trimtab/simulation/event_queue.h"
#include "trimtab/simulation/request_model.h"

namespace trimtab {

// Restocking needs no events: a cell is brought up to date when it is looked at. Instants must not
// go backwards. Thread-safety: none.
class StateCells {
 public:
  // REQUIRES: a spec that Validate() of the scenario accepts, and at least one cell.
  StateCells(const StateSpec& spec, std::size_t cells)
      : spec_(spec), left_(cells, spec.initial), due_(cells, kNever) {
    if (!spec.restock) return;
    for (std::size_t i = 0; i < cells; ++i) {
      due_[i] = spec.restock->first.count() +
                static_cast<SimNanos>(static_cast<double>(spec.restock->stagger.count()) *
                                      static_cast<double>(i) / static_cast<double>(cells));
    }
  }

  std::int64_t& At(std::size_t cell, SimNanos now) {
    if (now >= due_[cell]) {
      const SimNanos every = spec_.restock->every.count();
      due_[cell] += ((now - due_[cell]) / every + 1) * every;
      left_[cell] = spec_.restock->level;
    }
    return left_[cell];
  }
  std::int64_t Total(SimNanos now) {
    for (std::size_t i = 0; i < left_.size(); ++i) At(i, now);
    return std::accumulate(left_.begin(), left_.end(), std::int64_t{0});
  }
  std::int64_t CountAtLeast(std::int64_t units, SimNanos now) {
    for (std::size_t i = 0; i < left_.size(); ++i) At(i, now);
    return std::ranges::count_if(left_, [units](std::int64_t left) { return left >= units; });
  }
  std::int64_t most() const { return spec_.most; }

 private:
  StateSpec spec_;
  std::vector<std::int64_t> left_;
  std::vector<SimNanos> due_;  // the next restocking of each cell
};

}  // namespace trimtab
