#include "trimtab/controller/commit_watch.h"

#include <algorithm>
#include <utility>

namespace trimtab {

void CommitWatch::Committed(std::int64_t decision, Instant at, std::vector<MicroserviceId> changed,
                            std::optional<Latency> predicted) {
  const bool in_series = missed_ > 0;
  if (in_series) ++rounds_;
  waiting_.push_back({.decision = decision,
                      .at = at,
                      .changed = std::move(changed),
                      .predicted = predicted,
                      .effective = std::nullopt,
                      .in_series = in_series});
}

void CommitWatch::Observe(Instant now, const std::vector<MicroserviceState>& states) {
  for (Waiting& commit : waiting_) {
    if (commit.effective) continue;
    const bool done = std::ranges::all_of(commit.changed, [&states](MicroserviceId id) {
      return id.value() >= states.size() || states[id.value()].Effective();
    });
    const Instant stuck = commit.at + options_.longest_start;
    if (done || now >= stuck) commit.effective = std::min(now, stuck);
  }
}

std::vector<Verification> CommitWatch::Measured(const TimeWindow& window, Latency tail,
                                                Latency sla) {
  std::vector<Verification> verified;
  std::vector<Waiting> still;
  for (Waiting& commit : waiting_) {
    if (!commit.effective || *commit.effective > window.begin) {
      still.push_back(std::move(commit));
    } else if (window.begin - *commit.effective > options_.longest_wait) {
      ++unverified_;
    } else {
      verified.push_back(Verify(commit, window, tail, sla));
    }
  }
  waiting_ = std::move(still);
  if (missed_ > 0 && tail <= sla) {
    CountCommits(rounds_, missed_);
    missed_ = 0;
  }
  return verified;
}

Verification CommitWatch::Verify(const Waiting& commit, const TimeWindow& window, Latency tail,
                                 Latency sla) {
  const bool met = tail <= sla;
  if (met) {
    if (!commit.in_series) CountCommits(0, 1);
  } else {
    ++reversions_;
    if (missed_ == 0) rounds_ = 0;
    if (!commit.in_series || missed_ == 0) ++missed_;
  }
  return {.decision = commit.decision,
          .effective = *commit.effective,
          .window = window,
          .measured = tail,
          .predicted = commit.predicted,
          .met = met};
}

void CommitWatch::CountCommits(std::size_t rounds, std::int64_t commits) {
  if (prepare_rounds_.size() <= rounds) prepare_rounds_.resize(rounds + 1);
  prepare_rounds_[rounds] += commits;
}

void CommitWatch::Clear() {
  unverified_ += static_cast<std::int64_t>(waiting_.size());
  waiting_.clear();
}

}  // namespace trimtab
