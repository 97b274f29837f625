#include "trimtab/tracing/visits.h"

#include <algorithm>
#include <bit>

namespace trimtab {
namespace {

// Span ids are hashes or random numbers, yet other tracers number their spans: spread them.
std::size_t Spread(std::uint64_t id) {
  return static_cast<std::size_t>((id * 0x9e3779b97f4a7c15) >> 32);
}

}  // namespace

const TraceVisits* VisitBuilder::Build(std::span<const SpanRecord> spans, const NameTable& names) {
  CopyUnique(spans);
  if (!FindParents() || !FormVisits()) return nullptr;
  ++counts_.whole_traces;
  counts_.duplicate_spans += trace_duplicates_;
  if (spans_[top_[0]].parent != 0) ++counts_.missing_parents;
  trace_.argument_classes = spans_[top_[0]].argument_classes;
  trace_.is_error = spans_[top_[0]].is_error;
  OrderCallees(names);
  MeasureOwnLatencies();
  return &trace_;
}

void VisitBuilder::CopyUnique(std::span<const SpanRecord> spans) {
  const std::size_t places = std::bit_ceil(std::max<std::size_t>(8, 2 * spans.size()));
  table_.assign(places, kNone);
  spans_.clear();
  spans_.reserve(spans.size());
  trace_duplicates_ = 0;
  has_kinds_ = false;
  for (const SpanRecord& span : spans) {
    std::size_t place = Spread(span.id) & (places - 1);
    while (table_[place] != kNone && spans_[table_[place]].id != span.id) {
      place = (place + 1) & (places - 1);
    }
    if (table_[place] == kNone) {
      table_[place] = static_cast<std::uint32_t>(spans_.size());
      spans_.push_back(span);
      has_kinds_ |= span.kind != SpanKind::kUnspecified;
      continue;
    }
    SpanRecord& known = spans_[table_[place]];
    if (known.implied) {
      if (!span.implied) known = span;
    } else if (!span.implied) {
      ++trace_duplicates_;
    }
  }
}

std::uint32_t VisitBuilder::Find(std::uint64_t id) const {
  const std::size_t mask = table_.size() - 1;
  for (std::size_t place = Spread(id) & mask;; place = (place + 1) & mask) {
    if (table_[place] == kNone || spans_[table_[place]].id == id) return table_[place];
  }
}

bool VisitBuilder::FindParents() {
  const std::size_t count = spans_.size();
  parent_.resize(count);
  child_count_.assign(count, 0);
  std::size_t roots = 0;
  for (std::size_t span = 0; span < count; ++span) {
    parent_[span] = spans_[span].parent == 0 ? kNone : Find(spans_[span].parent);
    if (parent_[span] == kNone) {
      ++roots;
    } else {
      ++child_count_[parent_[span]];
    }
  }
  if (roots == 1) return true;
  ++(roots == 0 ? counts_.without_root : counts_.several_roots);
  return false;
}

bool VisitBuilder::FormVisits() {
  trace_.visits.clear();
  top_.clear();
  level_.clear();
  visit_of_.assign(spans_.size(), kNone);
  for (std::uint32_t span = 0; span < spans_.size(); ++span) {
    // Climb to the first span whose visit is known, then place the path from the top down.
    path_.clear();
    std::uint32_t at = span;
    while (at != kNone && visit_of_[at] == kNone) {
      visit_of_[at] = kInProgress;
      path_.push_back(at);
      at = parent_[at];
    }
    if (at != kNone && visit_of_[at] == kInProgress) {
      ++counts_.without_root;
      return false;
    }
    for (; !path_.empty(); path_.pop_back()) {
      if (!PlaceSpan(path_.back())) {
        ++counts_.too_deep;
        return false;
      }
    }
  }
  return true;
}

bool VisitBuilder::PlaceSpan(std::uint32_t index) {
  const SpanRecord& span = spans_[index];
  const std::uint32_t parent = parent_[index];
  int level = 1;
  std::uint32_t caller = 0;
  if (parent != kNone) {
    caller = visit_of_[parent];
    Visit& same = trace_.visits[caller];
    if (span.service == NameId() || span.service == same.service) {
      visit_of_[index] = caller;
      ++same.spans;
      return true;
    }
    level = level_[caller] + 1;
    if (level > options_.most_levels) return false;
  }
  visit_of_[index] = static_cast<std::uint32_t>(trace_.visits.size());
  trace_.visits.push_back({.service = span.service,
                           .operation = span.operation,
                           .pod = span.pod,
                           .caller = caller,
                           .spans = 1,
                           .start = span.start,
                           .end = span.end()});
  top_.push_back(index);
  level_.push_back(level);
  return true;
}

void VisitBuilder::OrderCallees(const NameTable& names) {
  const std::size_t count = trace_.visits.size();
  std::vector<std::uint32_t>& begin = trace_.callee_begin;
  begin.assign(count + 1, 0);
  for (std::size_t visit = 1; visit < count; ++visit) ++begin[trace_.visits[visit].caller + 1];
  for (std::size_t visit = 0; visit < count; ++visit) begin[visit + 1] += begin[visit];
  trace_.callees.resize(count - 1);
  path_.assign(begin.begin(), begin.end() - 1);
  for (std::uint32_t visit = 1; visit < count; ++visit) {
    trace_.callees[path_[trace_.visits[visit].caller]++] = visit;
  }
  path_.clear();
  const auto before = [&](std::uint32_t left, std::uint32_t right) {
    const Visit& a = trace_.visits[left];
    const Visit& b = trace_.visits[right];
    if (a.start != b.start) return a.start < b.start;
    if (a.end != b.end) return a.end < b.end;
    // By name, not by number: the order of the file must not show.
    return names.Hash(a.service) < names.Hash(b.service);
  };
  for (std::size_t visit = 0; visit < count; ++visit) {
    if (begin[visit + 1] - begin[visit] < 2) continue;
    std::sort(trace_.callees.begin() + begin[visit], trace_.callees.begin() + begin[visit + 1],
              before);
  }
}

bool VisitBuilder::IsClientSpan(std::uint32_t span, std::uint32_t visit) const {
  const SpanKind kind = spans_[span].kind;
  if (kind == SpanKind::kClient || kind == SpanKind::kProducer) return true;
  return !has_kinds_ && span != top_[visit] && child_count_[span] == 1;
}

std::optional<std::pair<Instant, Instant>> VisitBuilder::Interval(std::uint32_t visit) {
  const Visit& callee = trace_.visits[visit];
  const Visit& caller = trace_.visits[callee.caller];
  const SpanRecord& top = spans_[top_[visit]];
  const std::uint32_t hung_on = parent_[top_[visit]];
  const SpanRecord& parent = spans_[hung_on];
  const bool at_client = IsClientSpan(hung_on, callee.caller);
  ++counts_.calls;
  counts_.calls_at_client += at_client ? 1 : 0;

  const bool is_asynchronous =
      top.follows_from || top.kind == SpanKind::kConsumer || callee.start >= parent.end();
  if (is_asynchronous && callee.duration() > Duration(0)) {
    ++counts_.calls_asynchronous;
    if (!at_client) return std::nullopt;
  } else if (callee.start < parent.start) {
    ++counts_.calls_before_caller;
  } else if (callee.end > parent.end()) {
    ++counts_.calls_outliving;
  }
  Instant from = at_client ? parent.start : std::max(callee.start, parent.start);
  Instant to = at_client ? parent.end() : from + callee.duration();
  from = std::max(from, caller.start);
  to = std::min(to, caller.end);
  if (from >= to) return std::nullopt;
  return std::pair(from, to);
}

void VisitBuilder::MeasureOwnLatencies() {
  for (std::size_t index = 0; index < trace_.visits.size(); ++index) {
    Visit& visit = trace_.visits[index];
    intervals_.clear();
    for (const std::uint32_t callee : trace_.CalleesOf(index)) {
      visit.responses += trace_.visits[callee].duration();
      const auto interval = Interval(callee);
      if (!interval) continue;
      trace_.visits[callee].waited = interval->second - interval->first;
      intervals_.push_back(*interval);
    }
    // Callees come in order of their own start, and client spans start in that order too, mostly.
    if (!std::ranges::is_sorted(intervals_)) std::ranges::sort(intervals_);
    Duration covered{0};
    Instant covered_to = visit.start;
    for (const auto& [from, to] : intervals_) {
      if (to <= covered_to) continue;
      covered += to - std::max(from, covered_to);
      covered_to = to;
    }
    visit.own_latency = visit.duration() - covered;
  }
}

}  // namespace trimtab
