// P(Z <= t) of a series-parallel tree from three cumulants a stage, with reverse-mode slopes.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "trimtab/probability/latency_tree.h"

namespace trimtab {

// Mean (s), variance (s^2) and third central moment (s^3) of one visit.
struct Cumulants {
  double mean = 0.0;
  double variance = 0.0;
  double third = 0.0;
};

// Of offset + Exp(rate): offset + 1 / rate, 1 / rate^2, 2 / rate^3.
Cumulants ShiftedExponentialCumulants(double rate, double offset);

// kInvalidArgument with the stage's index, value and bound: everything finite, variance >= 0, and
// a third cumulant of 0 where the variance is.
absl::Status ValidateCumulants(std::span<const Cumulants> stages);

// The tail of any composition of sums and maxima, three cumulants at a time (derm-math 1.3).
// Cumulants add along a series. The moments of a parallel block are integrals of 1 - prod F_child
// by Gauss-Legendre nodes; F of a child is the shifted exponential where its cumulants are those
// of one, else Pearson III (a shifted gamma) by Wilson and Hilferty. P at the root likewise.
// Errors for probabilities of 0.9 to 0.99: 2e-3 rms, 1e-2 at worst; GridEvaluator is the check.
//
// Owns the scratch memory: evaluations do not allocate. Keeps no reference to the tree.
// Thread-safety: one an evaluating thread. Cost: O(nodes) with 16 nodes of quadrature a child of
// a block; about 70 ns a node with slopes.
class CumulantEvaluator {
 public:
  explicit CumulantEvaluator(const LatencyTree& tree);

  // REQUIRES: ValidateCumulants(stages) is OK; stages.size() >= the tree's stage_count().
  double Within(std::span<const Cumulants> stages, double time);

  // The same, and d P / d mean, variance and third of every stage, summed over its visits.
  // REQUIRES: slopes.size() == stages.size().
  double WithinAndSlopes(std::span<const Cumulants> stages, double time,
                         std::span<Cumulants> slopes);

  // The cumulants of the whole at the last evaluation.
  const Cumulants& total() const { return cumulants_.back(); }

 private:
  struct Block;

  void Forward(std::span<const Cumulants> stages);
  void ForwardBlock(std::size_t node);
  void Backward();
  void BackwardBlock(std::size_t node);
  double AtRoot(double time, bool slopes);

  std::vector<LatencyNode> nodes_;
  std::vector<std::size_t> first_child_;  // into children_
  std::vector<std::uint32_t> children_;
  std::vector<Cumulants> cumulants_;  // of one repeat of each node
  std::vector<Cumulants> slopes_;     // d P / d cumulants_
};

}  // namespace trimtab
