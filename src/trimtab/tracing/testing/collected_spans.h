// A sink that keeps what it is given, and the reading of a text into it.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "trimtab/tracing/span_reader.h"

namespace trimtab::testing {

// Spans as a test looks at them: with names as text.
struct CollectedSpan {
  TraceId trace;
  SpanRecord record;
  std::string service;
  std::string operation;
  std::string pod;
};

class CollectedSpans : public SpanSink {
 public:
  explicit CollectedSpans(const NameTable& names) : names_(names) {}
  void Accept(std::span<const TracedSpan> batch) override {
    for (const TracedSpan& traced : batch) {
      spans.push_back({.trace = traced.trace,
                       .record = traced.span,
                       .service = names_.Name(traced.span.service),
                       .operation = names_.Name(traced.span.operation),
                       .pod = names_.Name(traced.span.pod)});
    }
  }

  std::vector<CollectedSpan> spans;

 private:
  const NameTable& names_;
};

// Everything that came of reading one text.
struct Reading {
  absl::Status status;
  ReadCounts counts;
  SkipLog skipped;
  std::vector<CollectedSpan> spans;
};

using Reader = std::function<absl::Status(InputFile&, ReadContext, ReadCounts&)>;

inline Reading ReadText(std::string_view text, const Reader& read) {
  NameTable names;
  CollectedSpans sink(names);
  Reading reading;
  const auto input = InputFile::OverText("test", text);
  reading.status =
      read(*input, {.names = names, .skipped = reading.skipped, .sink = sink}, reading.counts);
  reading.spans = std::move(sink.spans);
  return reading;
}

}  // namespace trimtab::testing
