#include "trimtab/tracing/child_order.h"

#include <algorithm>
#include <bit>
#include <tuple>

#include "trimtab/tracing/text_hash.h"

namespace trimtab {
namespace {

std::size_t Spread(std::uint64_t id) {
  return static_cast<std::size_t>(MixWords(id ^ 0x6a09e667f3bcc909, 0x9e3779b97f4a7c15));
}

}  // namespace

std::span<const std::uint32_t> ChildOrder::Arrange(std::span<const SpanRecord> spans) {
  FindParents(spans);
  FindDepths();
  const auto key = [&](std::uint32_t i) {
    return std::tuple(~depths_[i], spans[i].end(), spans[i].start, spans[i].id);
  };
  std::ranges::sort(order_, {}, key);
  return order_;
}

std::uint32_t ChildOrder::Find(std::span<const SpanRecord> spans, std::uint64_t id) const {
  const std::size_t mask = table_.size() - 1;
  for (std::size_t place = Spread(id) & mask;; place = (place + 1) & mask) {
    if (table_[place] == kNone || spans[table_[place]].id == id) return table_[place];
  }
}

void ChildOrder::FindParents(std::span<const SpanRecord> spans) {
  table_.assign(std::bit_ceil(std::max<std::size_t>(8, 2 * spans.size())), kNone);
  const std::size_t mask = table_.size() - 1;
  order_.clear();
  for (std::size_t i = 0; i < spans.size(); ++i) {
    std::size_t place = Spread(spans[i].id) & mask;
    while (table_[place] != kNone && spans[table_[place]].id != spans[i].id) {
      place = (place + 1) & mask;
    }
    if (table_[place] != kNone) continue;
    table_[place] = static_cast<std::uint32_t>(i);
    order_.push_back(static_cast<std::uint32_t>(i));
  }
  parents_.clear();
  roots_ = 0;
  for (const SpanRecord& span : spans) {
    parents_.push_back(span.parent == 0 ? kNone : Find(spans, span.parent));
    roots_ += parents_.back() == kNone ? 1 : 0;
  }
}

void ChildOrder::FindDepths() {
  constexpr std::uint32_t kInProgress = kNone - 1;
  depths_.assign(parents_.size(), kNone);
  for (std::size_t from = 0; from < parents_.size(); ++from) {
    path_.clear();
    auto at = static_cast<std::uint32_t>(from);
    while (at != kNone && depths_[at] == kNone) {
      depths_[at] = kInProgress;
      path_.push_back(at);
      at = parents_[at];
    }
    const bool is_circle = at != kNone && depths_[at] == kInProgress;
    std::uint32_t depth = at == kNone || is_circle ? 0 : depths_[at] + 1;
    for (auto span = path_.rbegin(); span != path_.rend(); ++span) {
      depths_[*span] = depth;
      if (!is_circle) ++depth;
    }
  }
}

void NameSpan(const TraceId& trace, const SpanRecord& record, const NameTable& names, Span& span) {
  span.trace = trace;
  span.id = record.id;
  span.parent = record.parent;
  span.service = names.Name(record.service);
  span.pod = names.Name(record.pod);
  span.operation = names.Name(record.operation);
  span.kind = record.kind;
  span.start = record.start;
  span.duration = record.duration;
  span.argument_classes = names.ArgumentClasses(record.argument_classes);
  span.is_error = record.is_error;
}

}  // namespace trimtab
