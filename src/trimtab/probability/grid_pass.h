// One evaluation of a latency tree on one grid: what GridWithin() and GridQuantile() extrapolate.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "trimtab/probability/cumulants.h"
#include "trimtab/probability/grid_law.h"
#include "trimtab/probability/grid_tail.h"
#include "trimtab/probability/latency_curve.h"
#include "trimtab/probability/latency_tree.h"
#include "trimtab/probability/sequence_tail.h"

namespace trimtab {

// Runs over the nodes, children first. The curve of a node lives until it has been folded into its
// parent's: into a series by convolution, into a block by multiplication. The leaves of a series
// are folded in last, those of a block where they are exact, at the block's own times.
// Keeps references to the tree and to tables in the laws. Thread-safety: none.
// REQUIRES: ValidateLaws(tree, laws) is OK.
class GridPass {
 public:
  GridPass(const LatencyTree& tree, std::span<const StageLaw> laws);

  // Nothing comes before the floor, and next to nothing after the ceiling.
  double floor() const { return floor_.back(); }
  double ceiling() const { return ceiling_.back(); }
  // Of the whole, up to `time` at least; `coarsening` is 2 on the finer grid of two.
  LatencyCurve Evaluate(double time, std::size_t cells, double coarsening = 1.0);

 private:
  std::span<const std::uint32_t> ChildrenOf(std::size_t node) const {
    return std::span(children_).subspan(first_child_[node], nodes_[node].children);
  }
  const GridLaw& LawOf(std::uint32_t leaf) const { return leaves_[leaf_of_[leaf]]; }
  void Bound();
  void Extend(double time);
  double StepOf(std::size_t node) const {
    return (std::min(ceiling_[node], end_[node]) - floor_[node]) / static_cast<double>(cells_);
  }
  LatencyCurve EmptyCurve(std::size_t node) const;
  LatencyCurve LeafCurve(std::uint32_t leaf) const;
  LatencyCurve Repeat(std::size_t node, const LatencyCurve& one, double repeats) const;
  void Begin(std::size_t series, const LatencyCurve* block, double variance);
  void AddToSeries(std::size_t series, const LatencyCurve& part, double repeats, double variance);
  bool IsNarrow(std::size_t series, const GridLaw& law) const;
  bool AddNarrowStages(std::size_t series);
  void FinishSeries(std::size_t series);
  void AddToBlock(std::size_t block, std::uint32_t branch, const LatencyCurve* curve);
  void Deliver(std::size_t node, LatencyCurve curve);

  std::span<const LatencyNode> nodes_;
  std::vector<std::uint32_t> first_child_;
  std::vector<std::uint32_t> children_;
  std::vector<std::uint32_t> leaf_of_;
  std::vector<GridLaw> leaves_;
  std::vector<Cumulants> cumulants_;  // of a node with its repeats, approximately
  std::vector<double> floor_;         // the same, exactly
  std::vector<double> ceiling_;
  std::vector<double> end_;  // nobody looks further
  std::size_t cells_ = 0;
  double coarsening_ = 1.0;  // step of the coarser grid of the two, in steps of this one
  std::vector<std::optional<LatencyCurve>> sums_;  // of the nodes that have finished children
  std::vector<std::uint32_t> carrier_;             // the leaf that a series began with
  std::vector<Stage> narrow_;
  std::vector<double> branch_;  // of a block, at its times
  SequenceWorkspace workspace_;
  LatencyCurve root_;
};

}  // namespace trimtab
