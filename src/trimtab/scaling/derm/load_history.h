// How one load changes from step to step, and an upper quantile of what it will be.
#pragma once

#include <cstddef>
#include <deque>

namespace trimtab {

// Loads in requests/s, one step apart, measured over windows that may overlap. Deterministic.
// Thread-safety: none. Memory: the last 240.
class LoadHistory {
 public:
  // How far ahead a quantile is, in steps: the step that a plan is made for, and the one in which
  // its containers start while the measured window lies behind.
  static constexpr std::size_t kHorizon = 2;

  // REQUIRES: load >= 0.
  void Note(double load);
  bool empty() const { return logarithms_.empty(); }
  double last() const { return last_; }

  // The last load times the quantile of how it changes within the horizon, given how it has changed
  // within the horizon before; never below the last load. REQUIRES: not empty.
  // Cost: linear in the loads remembered.
  double Quantile(double level) const;

 private:
  double ChangeTo(std::size_t i) const { return logarithms_[i] - logarithms_[i - kHorizon]; }

  std::deque<double> logarithms_;  // the last at the back
  double last_ = 0;
};

}  // namespace trimtab
