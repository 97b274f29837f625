// The constraint of a Derm problem at whole numbers of containers, kept while one changes.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "trimtab/scaling/derm/derm_problem.h"
#include "trimtab/scaling/derm/graph_tails.h"
#include "trimtab/scaling/derm/load_law.h"

namespace trimtab {

// Thread-safety: one caller at a time. Cost: a change evaluates the graphs of its microservice.
class CountedTails {
 public:
  // `problem` must be valid and outlive it. Starts at the fewest containers that carry the load.
  explicit CountedTails(const DermProblem& problem);

  std::size_t size() const { return counts_.size(); }
  int count(std::size_t i) const { return counts_[i]; }
  const std::vector<int>& counts() const { return counts_; }
  // The fewest of microservice i under which its law is below saturation, at most its most.
  int least(std::size_t i) const { return least_[i]; }
  int most(std::size_t i) const { return problem_->microservices[i].most; }
  void Set(std::size_t i, int count);

  // Share of requests beyond the SLA by the fast model; with a share error, of the worst mix.
  double Tail();
  // The same by the grid; graphs whose counts are those last checked are not evaluated again.
  double CheckedTail();
  // Whether Tail() is exact.
  bool exact() const { return exact_; }
  // Share beyond the SLA of each graph, as the last call of either left it.
  std::span<const double> graph_tails() const { return beyond_; }

  // d Tail() / d mean of every microservice, at the present counts.
  const std::vector<double>& Prices();
  // How much Tail() changes, to first order in the mean, when i gets `change` more containers.
  // REQUIRES: Prices() was called.
  double Predicted(std::size_t i, int change) const;
  double Mean(std::size_t i, int count) const;
  int evaluations() const { return evaluations_; }

 private:
  double Mixed();

  const DermProblem* problem_;
  GraphTails tails_;
  std::vector<LoadLaw> laws_;
  std::vector<double> demand_;
  std::vector<double> shares_;
  std::vector<std::vector<std::size_t>> graphs_of_;  // by microservice
  std::vector<int> counts_;
  std::vector<int> least_;
  std::vector<LoadLaw::Moments> moments_;
  std::vector<double> beyond_;
  std::vector<bool> stale_;      // by graph: beyond_ is not that of the fast model
  std::vector<double> checked_;  // by graph: share beyond the SLA by the grid
  std::vector<bool> unchecked_;  // by graph: checked_ is that of other counts
  std::vector<double> prices_;
  bool exact_ = true;
  int evaluations_ = 0;
};

}  // namespace trimtab
