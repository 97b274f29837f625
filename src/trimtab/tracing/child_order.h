// The order in which a trace's spans are handed out.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "trimtab/tracing/span_record.h"

namespace trimtab {

// Indices of `spans`, children before parents, then by end, start and id; repetitions of an id are
// left out. Spans whose parents form a circle come in the second order alone. Cost: O(n log n).
std::vector<std::uint32_t> ChildrenFirst(std::span<const SpanRecord> spans);

// Spans whose parent is not among `spans`.
std::uint32_t CountRoots(std::span<const SpanRecord> spans);

// A span as the port TraceSource hands it out.
Span Named(const TraceId& trace, const SpanRecord& record, const NameTable& names);

}  // namespace trimtab
