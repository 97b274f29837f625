// The port `TraceSource` over Jaeger's query service.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <span>
#include <vector>

#include "trimtab/tracing/child_order.h"
#include "trimtab/tracing/jaeger_query.h"
#include "trimtab/tracing/trace_source.h"

namespace trimtab {

struct JaegerSourceOptions {
  // How long after it has started a trace is asked for: its spans are reported by then.
  Duration settle_delay = std::chrono::seconds(10);
  // A trace with no root, or with several, is asked for again until its last span is this old. Then
  // it is handed out as it is, and counted.
  Duration unfinished_delay = std::chrono::seconds(30);
  // Longest window of a first question; a page that is full is asked for again in halves.
  Duration longest_window = std::chrono::seconds(60);
  // Of one Read(), which ends with an error beyond.
  int most_requests = 500;
  double sampling_share = 1;
};

struct JaegerSourceCounts {
  std::uint64_t requests = 0;
  std::uint64_t halved = 0;  // windows whose page was full or too large
  std::uint64_t traces = 0;
  std::uint64_t spans = 0;
  std::uint64_t repeated = 0;    // traces that had been handed out before
  std::uint64_t late_spans = 0;  // dropped: their trace had been handed out before they came
  std::uint64_t unfinished = 0;  // traces handed out with no root, or with several
};

// Reads every trace with a span of one service, window by window. Jaeger gives the newest traces of
// a window up to a limit and does not say when it has left some out: a window with as many traces
// as the limit, or with more bytes than the bound, is halved until it is not. Traces in more than
// one window are handed out once. What was handed out before an error stays handed out, and the
// next Read() goes on behind it.
//
// No traces are an answer only when Jaeger knows the service; otherwise kNotFound with the services
// that it does know. Other errors as JaegerQuery; kResourceExhausted when more traces than the
// limit start within a millisecond, or a Read() takes more than most_requests.
// Thread-safety: one caller at a time. Memory: the traces of a page, and 64 bytes for each trace of
// the last ten minutes.
class JaegerSource : public TraceSource {
 public:
  // Hands out traces that start at `begin` or later.
  JaegerSource(JaegerQuery query, JaegerSourceOptions options, Instant begin);

  absl::Status Read(Instant now, const std::function<void(const Span&)>& sink) override;
  double sampling_share() const override { return options_.sampling_share; }
  // A trace is asked for by its start.
  std::optional<Duration> whole_after() const override { return options_.settle_delay; }
  SpanAccount account() const override;
  std::vector<Duration> unfinished_ages() const override { return unfinished_ages_; }

  const JaegerSourceCounts& counts() const { return counts_; }
  const SkipLog& skipped() const { return query_.skipped(); }

 private:
  using SpanFunction = std::function<void(const Span&)>;
  struct Unfinished {
    Instant start;
    bool is_there = true;  // in what the current Read() has seen
  };
  struct HandedOut {
    Instant seen;
    std::size_t spans = 0;
  };

  absl::Status ReadWindows(Instant now, Instant end, const SpanFunction& sink);
  absl::Status CheckService();
  void Take(const JaegerPage& page, Instant now, const SpanFunction& sink);
  void Forget(Instant now);

  JaegerQuery query_;
  JaegerSourceOptions options_;
  Instant begin_;
  Instant read_until_;
  bool knows_service_ = false;
  std::map<TraceId, Unfinished> unfinished_;
  std::vector<Duration> unfinished_ages_;  // of the last Read()
  std::map<TraceId, HandedOut> handed_out_;
  std::deque<TraceId> handed_out_order_;
  ChildOrder order_;
  Span span_;  // that is handed out
  JaegerSourceCounts counts_;
};

}  // namespace trimtab
