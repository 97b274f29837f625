#include "trimtab/tracing/class_windows.h"

namespace trimtab {

void ClassWindows::Add(Instant start, std::uint32_t tree, std::uint16_t arguments) {
  Instant at;
  if (window_ > Duration(0)) {
    at += start.time_since_epoch() / window_ * window_;
  }
  if (counters_ >= most_counts_) {
    const auto known = counts_.find(at);
    if (known == counts_.end() || !known->second.by_tree.contains(tree) ||
        !known->second.by_arguments.contains(arguments)) {
      ++left_out_;
      return;
    }
  }
  Count& count = counts_[at];
  ++count.traces;
  counters_ += ++count.by_tree[tree] == 1 ? 1U : 0U;
  counters_ += ++count.by_arguments[arguments] == 1 ? 1U : 0U;
}

}  // namespace trimtab
