#include "trimtab/tracing/child_order.h"

#include <algorithm>
#include <tuple>

#include "absl/container/flat_hash_map.h"

namespace trimtab {
namespace {

constexpr std::uint32_t kNone = 0xffffffff;

absl::flat_hash_map<std::uint64_t, std::uint32_t> IndexById(std::span<const SpanRecord> spans) {
  absl::flat_hash_map<std::uint64_t, std::uint32_t> index;
  index.reserve(spans.size());
  for (std::size_t i = 0; i < spans.size(); ++i) {
    index.try_emplace(spans[i].id, static_cast<std::uint32_t>(i));
  }
  return index;
}

// How many spans stand above each one; 0 in a circle, where nobody stands above.
std::vector<std::uint32_t> Depths(std::span<const SpanRecord> spans,
                                  const absl::flat_hash_map<std::uint64_t, std::uint32_t>& index) {
  constexpr std::uint32_t kInProgress = kNone - 1;
  std::vector<std::uint32_t> depths(spans.size(), kNone);
  std::vector<std::uint32_t> path;
  for (std::size_t from = 0; from < spans.size(); ++from) {
    path.clear();
    auto at = static_cast<std::uint32_t>(from);
    while (at != kNone && depths[at] == kNone) {
      depths[at] = kInProgress;
      path.push_back(at);
      const auto parent = spans[at].parent == 0 ? index.end() : index.find(spans[at].parent);
      at = parent == index.end() ? kNone : parent->second;
    }
    const bool is_circle = at != kNone && depths[at] == kInProgress;
    std::uint32_t depth = at == kNone || is_circle ? 0 : depths[at] + 1;
    for (auto span = path.rbegin(); span != path.rend(); ++span) {
      depths[*span] = depth;
      if (!is_circle) ++depth;
    }
  }
  return depths;
}

}  // namespace

std::vector<std::uint32_t> ChildrenFirst(std::span<const SpanRecord> spans) {
  const auto index = IndexById(spans);
  const std::vector<std::uint32_t> depths = Depths(spans, index);
  std::vector<std::uint32_t> order;
  order.reserve(index.size());
  for (std::size_t i = 0; i < spans.size(); ++i) {
    if (index.at(spans[i].id) == i) order.push_back(static_cast<std::uint32_t>(i));
  }
  const auto key = [&](std::uint32_t i) {
    return std::tuple(~depths[i], spans[i].end(), spans[i].start, spans[i].id);
  };
  std::ranges::sort(order, {}, key);
  return order;
}

std::uint32_t CountRoots(std::span<const SpanRecord> spans) {
  const auto index = IndexById(spans);
  std::uint32_t roots = 0;
  for (const SpanRecord& span : spans) {
    if (span.parent == 0 || !index.contains(span.parent)) ++roots;
  }
  return roots;
}

Span Named(const TraceId& trace, const SpanRecord& record, const NameTable& names) {
  return {.trace = trace,
          .id = record.id,
          .parent = record.parent,
          .service = names.Name(record.service),
          .pod = names.Name(record.pod),
          .operation = names.Name(record.operation),
          .kind = record.kind,
          .start = record.start,
          .duration = record.duration,
          .argument_classes = names.ArgumentClasses(record.argument_classes)};
}

}  // namespace trimtab
