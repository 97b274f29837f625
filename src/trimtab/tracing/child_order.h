// The order in which a trace's spans are handed out.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "trimtab/tracing/span_record.h"

namespace trimtab {

// Puts the spans of one trace after another into order. Thread-safety: none. Cost: O(n log n); no
// allocation once the buffers have grown.
class ChildOrder {
 public:
  // Indices of `spans`, children before parents, then by end, start and id; repetitions of an id
  // are left out. Spans whose parents form a circle come in the second order alone. Valid until the
  // next call.
  std::span<const std::uint32_t> Arrange(std::span<const SpanRecord> spans);

  // Of the trace that was arranged last: spans, repetitions included, whose parent is not in it.
  std::uint32_t roots() const { return roots_; }

 private:
  static constexpr std::uint32_t kNone = 0xffffffff;

  // The first span of this id; kNone without one.
  std::uint32_t Find(std::span<const SpanRecord> spans, std::uint64_t id) const;
  void FindParents(std::span<const SpanRecord> spans);
  void FindDepths();

  std::vector<std::uint32_t> table_;  // open addressing: span by hash of its id
  std::vector<std::uint32_t> parents_;
  std::vector<std::uint32_t> depths_;  // how many spans stand above; 0 in a circle
  std::vector<std::uint32_t> path_;
  std::vector<std::uint32_t> order_;
  std::uint32_t roots_ = 0;
};

// Makes of `span` the span as the port TraceSource hands it out; its texts keep their memory.
void NameSpan(const TraceId& trace, const SpanRecord& record, const NameTable& names, Span& span);

}  // namespace trimtab
