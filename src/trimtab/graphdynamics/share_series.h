// How the mixes of arguments and of graph classes went over time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"

namespace trimtab {

// What the columns of a step mean. A step is one row of doubles: the share of each argument class,
// the share of each graph class, and the application load in requests per second (Derm V-A:
// s_t = <a_t, g_t, w_t>).
struct ShareSpace {
  std::vector<std::string> argument_classes;  // may be empty
  std::vector<std::string> graph_classes;

  std::size_t arguments() const { return argument_classes.size(); }
  std::size_t graphs() const { return graph_classes.size(); }
  std::size_t width() const { return arguments() + graphs() + 1; }

  friend bool operator==(const ShareSpace&, const ShareSpace&) = default;
};

// The newest steps, oldest first: rows.size() / space.width() of them. A view.
struct ShareWindow {
  const ShareSpace* space = nullptr;
  std::span<const double> rows;

  std::size_t steps() const { return rows.size() / space->width(); }
  std::span<const double> arguments(std::size_t step) const {
    return rows.subspan(step * space->width(), space->arguments());
  }
  std::span<const double> graphs(std::size_t step) const {
    return rows.subspan(step * space->width() + space->arguments(), space->graphs());
  }
  double load(std::size_t step) const { return rows[(step + 1) * space->width() - 1]; }
  // The newest `steps`. REQUIRES: there are as many.
  ShareWindow Newest(std::size_t steps) const { return {space, rows.last(steps * space->width())}; }
};

// Consecutive steps without a gap: a day, a run.
struct ShareBlock {
  std::vector<double> rows;
  // What the graph shares of each step would be on average, given the true state of the
  // application: [steps][graphs], or empty where nobody knows it.
  std::vector<double> expected;
};

struct ShareSeries {
  ShareSpace space;
  std::vector<ShareBlock> blocks;

  std::size_t steps() const;
  // The `steps` steps before step `at` of a block. REQUIRES: at >= steps.
  ShareWindow Before(std::size_t block, std::size_t at, std::size_t steps) const;
  std::span<const double> graphs(std::size_t block, std::size_t at) const;
  std::size_t StepsOf(std::size_t block) const { return blocks[block].rows.size() / space.width(); }
  // Only the blocks named, in that order.
  ShareSeries Select(std::span<const std::size_t> which) const;

  // kInvalidArgument names the block, step and class of a share outside [0, 1], of shares whose sum
  // is further than 1e-3 from one (argument shares may also be all zero: no request), of a load
  // that is negative or not finite.
  absl::Status Validate() const;
};

// The step that is predicted at place i of a block needs `window` steps before it.
struct SharePlace {
  std::size_t block = 0;
  std::size_t step = 0;
};
// All places with `window` steps before them, in order.
std::vector<SharePlace> PlacesOf(const ShareSeries& series, std::size_t window);

// Scales shares to sum to one; shares that sum to nothing become equal.
void NormaliseShares(std::span<double> shares);

}  // namespace trimtab
