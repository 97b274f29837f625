// End-to-end latencies of the present window, operation by operation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "trimtab/probability/log_histogram.h"
#include "trimtab/simulation/event_queue.h"

namespace trimtab {

enum class Outcome : std::uint8_t { kAnswered, kFailed, kTimedOut };

// The end-to-end record of one entry operation in one window. A request counts in the window in
// which it ends. A timeout is in the histogram at its deadline; a failure has no latency and is not
// in it.
struct OperationRecord {
  std::uint64_t requests = 0;  // ended, whatever the outcome
  std::uint64_t timeouts = 0;
  std::uint64_t failures = 0;
  LogHistogram latency;
};

// Takes notes only: nothing here reaches the simulation. Thread-safety: none.
class RequestLog {
 public:
  // `bins_per_octave` as in LogHistogram.
  RequestLog(std::size_t entries, int bins_per_octave)
      : operations_(entries, {0, 0, 0, LogHistogram(bins_per_octave)}) {}

  void OnRequest() { ++arrivals_; }
  void OnRequestDone(std::uint16_t entry, SimNanos latency, Outcome outcome) {
    OperationRecord& record = operations_[entry];
    ++record.requests;
    record.timeouts += outcome == Outcome::kTimedOut ? 1U : 0U;
    record.failures += outcome == Outcome::kFailed ? 1U : 0U;
    if (outcome != Outcome::kFailed) record.latency.Add(latency);
    ++ended_;
    digest_ = (digest_ ^ static_cast<std::uint64_t>(latency)) * 0x9E3779B97F4A7C15U + entry;
  }

  // The present window so far; Clear() begins the next.
  const std::vector<OperationRecord>& operations() const { return operations_; }
  void Clear();

  // Over the whole run.
  std::uint64_t arrivals() const { return arrivals_; }
  std::uint64_t ended() const { return ended_; }
  // A hash of every latency in order: equal runs have equal digests.
  std::uint64_t digest() const { return digest_; }

 private:
  std::vector<OperationRecord> operations_;
  std::uint64_t arrivals_ = 0;
  std::uint64_t ended_ = 0;
  std::uint64_t digest_ = 0;
};

}  // namespace trimtab
