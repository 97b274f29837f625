// Keeps the spans that a controller reads.
#pragma once

#include <functional>

#include "absl/status/status.h"
#include "trimtab/tracing/span_csv_writer.h"
#include "trimtab/tracing/trace_source.h"

namespace trimtab {

// Hands every span on and writes it down as well. Thread-safety: none.
class SpanRecorder : public TraceSource {
 public:
  // Both must outlive it.
  SpanRecorder(TraceSource& source, SpanCsvWriter& writer) : source_(source), writer_(writer) {}

  absl::Status Read(Instant now, const std::function<void(const Span&)>& sink) override {
    return source_.Read(now, [&](const Span& span) {
      writer_.Write(span);
      sink(span);
    });
  }
  double sampling_share() const override { return source_.sampling_share(); }

 private:
  TraceSource& source_;
  SpanCsvWriter& writer_;
};

}  // namespace trimtab
