// Which commits still wait for the tail that is measured after them, and which missed.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "trimtab/application/ids.h"
#include "trimtab/deployment/actuator.h"
#include "trimtab/monitoring/series.h"
#include "trimtab/quantity/time.h"

namespace trimtab {

// What the first full window after a commit said of it.
struct Verification {
  std::int64_t decision = 0;
  Instant effective;  // when the world had done what it was asked for
  TimeWindow window;
  Latency measured{0};
  std::optional<Latency> predicted;
  bool met = false;
};

// The second half of Grad's Commit: "the actual tail latency ... verifies if it aligns with the
// SLA; otherwise the process returns to the Prepare phase". A commit is verified by the first
// measured window that begins no earlier than its changes are effective; one that misses is a
// reversion. Commits may overlap; each is verified by itself.
//
// Prepare rounds (figure 14b): a commit that meets the SLA needed none. One that misses opens a
// series, every commit from then on is one more round of it, and the first measured window that
// meets the SLA closes it. Thread-safety: one caller at a time.
class CommitWatch {
 public:
  struct Options {
    Duration longest_start{0};  // effective no later than this after the commit: a start is stuck
    Duration longest_wait{0};   // given up when no window was measured for so long after that
  };
  explicit CommitWatch(Options options) : options_(options) {}

  void Committed(std::int64_t decision, Instant at, std::vector<MicroserviceId> changed,
                 std::optional<Latency> predicted);
  // Notes which commits have become effective.
  void Observe(Instant now, const std::vector<MicroserviceState>& states);
  // The verifications that this measured window completes, oldest first.
  std::vector<Verification> Measured(const TimeWindow& window, Latency tail, Latency sla);
  // Gives up what waits: the windows mean nothing any more.
  void Clear();

  std::int64_t reversions() const { return reversions_; }
  std::int64_t unverified() const { return unverified_; }
  // Entry i: how many commits needed i further Prepare rounds.
  const std::vector<std::int64_t>& prepare_rounds() const { return prepare_rounds_; }

 private:
  struct Waiting {
    std::int64_t decision = 0;
    Instant at;
    std::vector<MicroserviceId> changed;
    std::optional<Latency> predicted;
    std::optional<Instant> effective;
    bool in_series = false;  // a further round of an earlier miss
  };
  Verification Verify(const Waiting& commit, const TimeWindow& window, Latency tail, Latency sla);
  void CountCommits(std::size_t rounds, std::int64_t commits);

  Options options_;
  std::vector<Waiting> waiting_;  // oldest first
  std::int64_t missed_ = 0;       // commits that missed in the open series; 0: none is open
  std::size_t rounds_ = 0;        // commits since it was opened
  std::int64_t reversions_ = 0;
  std::int64_t unverified_ = 0;
  std::vector<std::int64_t> prepare_rounds_;
};

}  // namespace trimtab
