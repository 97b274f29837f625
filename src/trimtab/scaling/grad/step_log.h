// The steps of one search, kept without allocating.
#pragma once

#include <array>
#include <cstddef>
#include <vector>

#include "trimtab/application/allocation.h"
#include "trimtab/quantity/time.h"
#include "trimtab/scaling/plan.h"

namespace trimtab {

// One candidate of a search: a microservice, what is done to it, and what that is worth.
struct Candidate {
  std::size_t microservice = 0;
  ScalingAction action = ScalingAction::kCpu;
  MicroserviceAllocation after;
  double gain = 0;   // in ms, as its search ranks it
  double cost = 0;   // at the policy's prices
  double score = 0;  // higher is better
};

struct LoggedStep {
  static constexpr std::size_t kMostAlternatives = 4;

  Candidate taken;
  MicroserviceAllocation before;
  Latency tail_before{0};  // as predicted, not corrected
  Latency tail_after{0};
  bool raising = true;
  std::size_t alternative_count = 0;
  std::array<Candidate, kMostAlternatives> alternatives{};  // best first
};

// How a search ended.
struct SearchResult {
  bool meets_target = false;
  PlanTermination termination = PlanTermination::kKept;
  int iterations = 0;
};

// The best few candidates, kept in order. Not thread-safe.
class BestFew {
 public:
  static constexpr std::size_t kMost = 16;

  // REQUIRES: limit <= kMost.
  explicit BestFew(std::size_t limit) : limit_(limit) {}

  bool Wants(double score) const {
    return count_ < limit_ || (limit_ > 0 && score > best_[count_ - 1].score);
  }
  // The first of equals stays ahead. REQUIRES: limit > 0.
  void Add(const Candidate& candidate) {
    std::size_t at = count_ < limit_ ? count_++ : limit_ - 1;
    while (at > 0 && best_[at - 1].score < candidate.score) {
      best_[at] = best_[at - 1];
      --at;
    }
    best_[at] = candidate;
  }
  std::size_t size() const { return count_; }
  Candidate& operator[](std::size_t i) { return best_[i]; }
  const Candidate& operator[](std::size_t i) const { return best_[i]; }

 private:
  std::size_t limit_;
  std::size_t count_ = 0;
  std::array<Candidate, kMost> best_;
};

}  // namespace trimtab
