// P(Z_g <= SLA) of every graph of a Derm problem, with its slopes: the constraint of eq. 9.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "trimtab/probability/sequence_tail.h"
#include "trimtab/scaling/derm/derm_problem.h"
#include "trimtab/scaling/derm/load_law.h"
#include "trimtab/scaling/derm/tree_tail.h"

namespace trimtab {

// Evaluates one problem at changing moments. Sequences of exponentials by the saddle-point contour,
// exactly; graphs with parallel calls or tabulated laws by three cumulants, fast and with slopes,
// and by the grid, slowly, as the reference that checks them.
// Thread-safety: one caller at a time. No allocation after the first call of each kind.
class GraphTails {
 public:
  // `problem` must outlive it and be valid.
  explicit GraphTails(const DermProblem& problem);

  std::size_t size() const { return graphs_.size(); }
  // The distinct microservices of graph g, rising.
  std::span<const int> MicroservicesOf(std::size_t g) const { return graphs_[g].microservices; }
  // Whether Beyond() of this graph is exact and needs no Check().
  bool exact(std::size_t g) const { return graphs_[g].sequence; }

  // P(Z_g > SLA). `moments` by microservice. 1 when a mean is infinite. With `prices` of the size
  // of MicroservicesOf(g), also the rise of it with the mean of each, in 1/s.
  double Beyond(std::size_t g, std::span<const LoadLaw::Moments> moments,
                std::span<double> prices = {});
  // The same by the grid, of so many cells, where Beyond() is not exact; by the contour for a
  // sequence of tabulated laws.
  double Check(std::size_t g, std::span<const LoadLaw::Moments> moments, std::size_t cells = 256);

  // The time by which `level` of all requests are done, by Beyond().
  double QuantileOfAll(double level, std::span<const LoadLaw::Moments> moments);

 private:
  struct Graph {
    bool sequence = true;
    std::vector<int> microservices;
    std::vector<Stage> stages;     // of a sequence, by microservice of the list
    std::optional<TreeTail> tree;  // otherwise
  };
  double BeyondAt(Graph& graph, double time, std::span<const LoadLaw::Moments> moments,
                  std::span<double> prices);

  const DermProblem* problem_;
  std::vector<Graph> graphs_;
  SequenceWorkspace workspace_;
  std::vector<double> slopes_;
};

// The shares under which the constraint is worst inside a total-variation ball (D15): `error` moves
// from the graphs with the highest attainment to those with the lowest. With a temperature > 0 the
// lowest are taken softly, in proportion to exp(-attainment / temperature), so that the shares
// change smoothly with the attainments.
std::vector<double> WorstShares(std::span<const double> shares, std::span<const double> beyond,
                                double error, double temperature);

}  // namespace trimtab
