// Whether a window of traces is the whole truth, and its requests are well: what must hold before
// anything is lowered because of it.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "trimtab/monitoring/metric_source.h"
#include "trimtab/monitoring/series.h"
#include "trimtab/monitoring/tail_tracker.h"
#include "trimtab/quantity/time.h"
#include "trimtab/tracing/trace_source.h"

namespace trimtab {

// What a counter has counted between any two moments that it was seen at, over many readings of the
// last minutes of it, each of which may begin from a zero of its own.
// Thread-safety: none. Memory: the points of `kept`.
class CounterHistory {
 public:
  explicit CounterHistory(Duration kept) : kept_(kept) {}

  void Append(const MetricSeries& series);

  struct Increase {
    TimeWindow span;
    double amount = 0;
  };
  // Between the first and the last point in [window.begin, window.end]; nothing without two.
  std::optional<Increase> IncreaseWithin(const TimeWindow& window) const;

 private:
  Duration kept_;
  std::deque<MetricPoint> points_;  // counted since the first
};

struct WindowRulesOptions {
  double most_disagreement = 0.1;  // of traces and request counter
  double most_unfinished = 0.01;   // share of the traces
  // Failed requests are compared with the best window that ended within this long.
  Duration error_memory = std::chrono::minutes(10);

  // kInvalidArgument lists every violation.
  absl::Status Validate() const;
};

// The window that ends with a decision, and what is known of its traces and requests.
struct WindowEvidence {
  Instant now;
  TimeWindow window;
  std::function<TraceCounts(const TimeWindow&)> counts_in;  // of any part of the window
  SpanAccount account;                                      // of the source, so far
  double sampling_share = 1;
  const CounterHistory* requests = nullptr;
};

// Four rules, each a gap in words when it is broken:
//
// - No span was dropped, refused, late or sent in vain since the window began.
// - Unfinished traces are at most 1 % of all.
// - Requests do not fail more often than before. With k1 of n1 failed in this window and k0 of n0
// in
//   an earlier one, and one true share p, the difference of the shares has the standard error
//   sqrt(p (1 - p) (1 / n1 + 1 / n0)), p estimated by (k0 + k1) / (n0 + n1). More than 4 of them,
//   and more than one request, is a rise: against the best of some ten windows chance does so in
//   one of 3,000.
// - Traces and the entry's request counter agree within 10 %, compared between two scrapes, at
// which
//   the counter is exact. Of N requests a share s is traced, each by its own throw: n traces
//   estimate N as n / s with the standard error sqrt(N (1 - s) / s), 0 where all are traced. Three
//   of them, and a request at either end, are allowed on top. A counter that has not been seen over
//   half of the window is compared with nothing.
//
// They hold for sources that account for their spans: one that hands out every span as it happens,
// and has received none from anybody, cannot lose any.
// Thread-safety: none. Cost: linear in the windows of `error_memory`.
class WindowRules {
 public:
  explicit WindowRules(WindowRulesOptions options) : options_(options) {}

  std::vector<std::string> Check(const WindowEvidence& evidence);

  // Whether the source has lost anything since the last Check().
  bool HasLostSince(const SpanAccount& account) const;

 private:
  struct Loss {
    Instant at;
    std::string words;
  };
  struct ErrorShare {
    Instant end;
    TraceCounts counts;
  };
  void CheckLosses(const WindowEvidence& evidence, std::vector<std::string>& gaps);
  void CheckErrors(const WindowEvidence& evidence, const TraceCounts& counts,
                   std::vector<std::string>& gaps);
  void CheckAgreement(const WindowEvidence& evidence, std::vector<std::string>& gaps) const;

  WindowRulesOptions options_;
  SpanAccount last_;
  std::deque<Loss> losses_;
  std::deque<ErrorShare> errors_;
};

}  // namespace trimtab
