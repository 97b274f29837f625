// A span as assembly keeps it: 48 bytes, names interned, ids hashed.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "trimtab/tracing/name_table.h"
#include "trimtab/tracing/span.h"

namespace trimtab {

// Start and duration are integers of nanoseconds; the clock is whatever the tracer used.
struct SpanRecord {
  std::uint64_t id = 0;      // unique only inside its trace
  std::uint64_t parent = 0;  // 0: a root
  Instant start;
  Duration duration{0};
  NameId service;  // the empty name: the same service as the parent's
  NameId operation;
  NameId pod;
  SpanKind kind = SpanKind::kUnspecified;
  // Nobody waits for this span: its reference to the parent is FOLLOWS_FROM.
  bool follows_from : 1 = false;
  // A reader concluded that this span exists from a record of its other side; the real record of
  // the same id replaces it.
  bool implied : 1 = false;
  bool is_error : 1 = false;           // the work that the span stands for has failed
  std::uint16_t argument_classes = 0;  // of NameTable; of an entry

  Instant end() const { return start + duration; }
};

struct TracedSpan {
  TraceId trace;
  SpanRecord span;
};

// Takes spans in batches. The batch is valid during the call only.
class SpanSink {
 public:
  virtual ~SpanSink() = default;
  virtual void Accept(std::span<const TracedSpan> batch) = 0;
};

// "client", "server" and so on; kUnspecified for anything else.
SpanKind SpanKindFromString(std::string_view name);

// The record of a span of the port TraceSource.
TracedSpan Interned(const Span& span, NameTable& names);

}  // namespace trimtab
