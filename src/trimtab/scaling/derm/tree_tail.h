// P(Z > t) of a graph with parallel calls or tabulated laws.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "trimtab/probability/cumulant_tail.h"
#include "trimtab/probability/grid_tail.h"
#include "trimtab/probability/latency_tree.h"
#include "trimtab/probability/sequence_tail.h"
#include "trimtab/scaling/derm/derm_problem.h"
#include "trimtab/scaling/derm/load_law.h"

namespace trimtab {

// Thread-safety: one caller at a time. Beyond() does not allocate.
class TreeTail {
 public:
  // `members`: the microservices of `node`, rising; `laws` by microservice. REQUIRES: a valid
  // graph.
  TreeTail(const DermNode& node, std::span<const int> members, std::span<const LoadLaw> laws);

  // By three cumulants. `moments` by microservice; `prices`, empty or by member: the rise of it
  // with the mean of each member, along its law.
  double Beyond(double time, std::span<const LoadLaw::Moments> moments, std::span<double> prices);
  // The reference, each law as it is: a rate law exactly, a table as the shifted gamma with its
  // three cumulants. By the grid, or, where nothing is parallel, by the contour, which is exact.
  double Check(double time, std::span<const LoadLaw::Moments> moments, std::size_t cells);

 private:
  struct Member {
    std::size_t microservice = 0;
    bool exponential = true;
    double offset = 0;
  };

  // The stages of a sequence with those gammas; false where the contour does not take one.
  bool SetStages(std::span<const LoadLaw::Moments> moments);

  std::vector<Member> members_;
  LatencyTree tree_;
  CumulantEvaluator evaluator_;
  std::vector<Cumulants> cumulants_;  // by member
  std::vector<Cumulants> slopes_;
  std::vector<StageLaw> laws_;
  std::vector<Stage> stages_;
  SequenceWorkspace workspace_;
};

}  // namespace trimtab
