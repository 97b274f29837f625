// One span as every reader and the simulated cluster hand it on.
#pragma once

#include <compare>
#include <cstdint>
#include <string>

#include "trimtab/quantity/time.h"

namespace trimtab {

// A trace id: 128 bits; shorter ids are extended, longer text is hashed.
struct TraceId {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  friend auto operator<=>(const TraceId&, const TraceId&) = default;
};

enum class SpanKind : std::uint8_t {
  kUnspecified,
  kInternal,
  kServer,
  kClient,
  kProducer,
  kConsumer
};

// A span, with its names as text: the form at the port. Readers and assembly keep names interned.
struct Span {
  TraceId trace;
  std::uint64_t id = 0;      // unique only inside its trace
  std::uint64_t parent = 0;  // 0: a root
  std::string service;
  std::string pod;
  std::string operation;
  SpanKind kind = SpanKind::kUnspecified;
  Instant start;
  Duration duration{0};
  // Of an entry: the classes of the request's arguments, "distance=4-6;seats=1". Values themselves
  // are never recorded.
  std::string argument_classes = {};
  bool is_error = false;  // the work that the span stands for has failed
};

}  // namespace trimtab
