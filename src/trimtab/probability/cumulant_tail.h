// P(Z <= t) of a series-parallel tree from three cumulants a stage, with reverse-mode slopes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "trimtab/probability/cumulant_kernels.h"
#include "trimtab/probability/cumulants.h"
#include "trimtab/probability/latency_tree.h"

namespace trimtab {

// Of offset + Exp(rate): offset + 1 / rate, 1 / rate^2, 2 / rate^3.
Cumulants ShiftedExponentialCumulants(double rate, double offset);

// kInvalidArgument with the stage's index (counted from first_index), value and bound: everything
// finite, variance >= 0, and a third cumulant of 0 where the variance is.
absl::Status ValidateCumulants(std::span<const Cumulants> stages, std::size_t first_index = 0);

// The tail of any composition of sums and maxima, three cumulants at a time (derm-math 1.3).
// Cumulants add along a series. The moments of a parallel block are integrals of 1 - prod F_child
// by Gauss-Legendre nodes; F of a child is the shifted exponential where its cumulants are those
// of one, else Pearson III (a shifted gamma) by Wilson and Hilferty. P at the root likewise; where
// one part has most of the variance of the root's series, that part's distribution is taken as it
// is and averaged over the sum of the others at two points.
// Errors for probabilities of 0.9 to 0.99: 2e-3 rms, 1e-2 at worst; GridEvaluator is the check.
//
// Owns the scratch memory: evaluations do not allocate. Keeps no reference to the tree.
// Thread-safety: one an evaluating thread. Cost: O(nodes) with 16 nodes of quadrature a child of
// a block; about 70 ns a node with slopes. Without slopes, blocks below which no stage has changed
// since the last evaluation cost nothing; the result is the same.
class CumulantEvaluator {
 public:
  explicit CumulantEvaluator(const LatencyTree& tree);

  // REQUIRES: ValidateCumulants(stages) is OK; stages.size() >= the tree's stage_count().
  double Within(std::span<const Cumulants> stages, double time);

  // The same, and d P / d mean, variance and third of every stage, summed over its visits.
  // REQUIRES: slopes.size() == stages.size().
  double WithinAndSlopes(std::span<const Cumulants> stages, double time,
                         std::span<Cumulants> slopes);

  // At the last evaluation: of the whole, and of one repeat of every node of the tree.
  const Cumulants& total() const { return total_; }
  std::span<const Cumulants> of_nodes() const { return cumulants_; }

 private:
  // A parallel block between the two passes.
  struct Block {
    alignas(64) double product[cumulant::kNodes] = {};  // of the branches, at each node
    double lowest = 0.0;                                // of the moments' integrals
    double range = 0.0;                                 // 0: the block takes a constant time
    std::uint32_t lowest_of = 0;                        // the branches that set the two ends
    std::uint32_t highest_of = 0;
    double moments[3] = {};  // of the block less `lowest`
  };

  std::span<const std::uint32_t> ChildrenOf(std::size_t node) const;
  // The laws of those of `nodes` that do not take a constant time, into laws_ and law_nodes_;
  // returns the largest of the constants.
  double SetLaws(std::span<const std::uint32_t> nodes);
  void Forward(std::span<const Cumulants> stages);
  void ForwardBlock(std::size_t node);
  // The nodes whose distributions, multiplied, are that of `node`.
  std::span<const std::uint32_t> BranchesOf(const std::uint32_t& node) const;
  // P(node <= time); with `density`, that too, and slopes of weight * P.
  double ProductAt(const std::uint32_t& node, double time, double weight, double* density);
  // The child of a series that has more than half of its variance.
  std::optional<std::uint32_t> DominantPart() const;
  double AtDominant(const std::uint32_t& part, double time, double weight, bool with_slopes);
  // Slopes by the cumulants of the sum of all children of the root but `part`.
  void AddRestSlopes(std::uint32_t part, const Cumulants& slopes);
  double AtRoot(double time, bool with_slopes);
  void Backward(std::span<Cumulants> slopes);
  void BackwardBlock(std::size_t node);
  // d P / d cumulants_ of `node` from those by its mean, deviation and skewness, repeats included.
  void AddSlopes(std::uint32_t node, double by_mean, double by_deviation, double by_skewness);

  std::vector<LatencyNode> nodes_;
  std::vector<std::uint32_t> first_child_;  // of each node, into children_
  std::vector<std::uint32_t> children_;
  std::vector<std::uint32_t> block_of_;  // of each node, into blocks_
  std::vector<Block> blocks_;
  std::vector<Cumulants> cumulants_;   // of one repeat of each node
  std::vector<std::uint8_t> changed_;  // by node: cumulants_ are not those of its children
  std::vector<Cumulants> slopes_;      // of P by cumulants_
  std::vector<std::uint32_t> law_nodes_;
  std::vector<cumulant::Law> laws_;
  std::vector<cumulant::LawAdjoint> adjoints_;
  Cumulants total_;
};

}  // namespace trimtab
