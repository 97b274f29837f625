// How often each class of call graphs and of arguments was seen, window by window.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "trimtab/quantity/time.h"

namespace trimtab {

// Counts traces by the window in which they start, their unordered tree and their argument classes.
// Thread-safety: none. Memory: at most `most_counts` counters; traces that would need more are
// counted as left out.
class ClassWindows {
 public:
  struct Count {
    std::uint64_t traces = 0;
    std::map<std::uint32_t, std::uint64_t> by_tree;
    std::map<std::uint16_t, std::uint64_t> by_arguments;
  };

  // A window of 0: all traces are in one.
  explicit ClassWindows(Duration window, std::size_t most_counts = 1'000'000)
      : window_(window), most_counts_(most_counts) {}

  void Add(Instant start, std::uint32_t tree, std::uint16_t arguments);

  Duration window() const { return window_; }
  // By the start of the window; windows without a trace are not there.
  const std::map<Instant, Count>& counts() const { return counts_; }
  std::uint64_t left_out() const { return left_out_; }

 private:
  Duration window_;
  std::size_t most_counts_;
  std::size_t counters_ = 0;
  std::map<Instant, Count> counts_;
  std::uint64_t left_out_ = 0;
};

}  // namespace trimtab
