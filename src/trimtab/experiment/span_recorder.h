// Keeps the spans that a controller reads.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "trimtab/tracing/span_csv_writer.h"
#include "trimtab/tracing/trace_source.h"

namespace trimtab {

// Hands every span on and writes down whole traces: one whose root was never reported, since the
// run ended first, is left out. The root is the last span of its trace to be reported, so memory is
// that of the requests in flight. Thread-safety: none.
class SpanRecorder : public TraceSource {
 public:
  // Both must outlive it.
  SpanRecorder(TraceSource& source, SpanCsvWriter& writer) : source_(source), writer_(writer) {}

  absl::Status Read(Instant now, const std::function<void(const Span&)>& sink) override {
    return source_.Read(now, [&](const Span& span) {
      Keep(span);
      sink(span);
    });
  }
  double sampling_share() const override { return source_.sampling_share(); }
  std::optional<Duration> whole_after() const override { return source_.whole_after(); }
  SpanAccount account() const override { return source_.account(); }
  std::vector<Duration> unfinished_ages() const override { return source_.unfinished_ages(); }

 private:
  void Keep(const Span& span) {
    std::vector<Span>& trace = open_[span.trace];
    trace.push_back(span);
    if (span.parent != 0) return;
    for (const Span& each : trace) writer_.Write(each);
    open_.erase(span.trace);
  }

  TraceSource& source_;
  SpanCsvWriter& writer_;
  std::map<TraceId, std::vector<Span>> open_;
};

}  // namespace trimtab
