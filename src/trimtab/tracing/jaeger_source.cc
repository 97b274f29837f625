#include "trimtab/tracing/jaeger_source.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

namespace trimtab {
namespace {

constexpr Duration kShortestWindow = std::chrono::milliseconds(1);
// How long a trace that was handed out is known; a longer one may come twice.
constexpr Duration kRemembered = std::chrono::minutes(10);
constexpr std::size_t kMostRemembered = 1'000'000;

Instant CutToMicroseconds(Instant time) {
  return Instant(std::chrono::floor<std::chrono::microseconds>(time.time_since_epoch()));
}

}  // namespace

JaegerSource::JaegerSource(JaegerQuery query, JaegerSourceOptions options, Instant begin)
    : query_(std::move(query)),
      options_(options),
      begin_(CutToMicroseconds(begin)),
      read_until_(begin_) {}

absl::Status JaegerSource::Read(Instant now, const SpanFunction& sink) {
  unfinished_ages_.clear();
  const Instant end = CutToMicroseconds(now - options_.settle_delay);
  if (end <= read_until_) return absl::OkStatus();
  const std::uint64_t traces_before = counts_.traces + counts_.repeated;
  if (const absl::Status read = ReadWindows(now, end, sink); !read.ok()) return read;
  Forget(now);
  const bool saw_traces = counts_.traces + counts_.repeated > traces_before || !unfinished_.empty();
  knows_service_ |= saw_traces;
  return saw_traces || knows_service_ ? absl::OkStatus() : CheckService();
}

SpanAccount JaegerSource::account() const {
  return {.received = counts_.spans + counts_.late_spans + query_.skipped().total(),
          .handed_out = counts_.spans,
          .traces = counts_.traces,
          .refused = query_.skipped().total(),
          .late = counts_.late_spans,
          .unfinished = counts_.unfinished};
}

absl::Status JaegerSource::ReadWindows(Instant now, Instant end, const SpanFunction& sink) {
  Instant begin = read_until_;
  for (auto& [trace, unfinished] : unfinished_) {
    begin = std::min(begin, unfinished.start);
    unfinished.is_there = false;
  }
  begin = CutToMicroseconds(std::max(begin, begin_));
  std::vector<JaegerWindow> pending;  // the earliest last
  for (Instant to = end; to > begin;) {
    const Instant from = std::max(begin, to - options_.longest_window);
    pending.push_back({from, to});
    to = from;
  }
  for (int requests = 0; !pending.empty(); ++requests) {
    const JaegerWindow window = pending.back();
    if (requests == options_.most_requests) {
      return absl::ResourceExhaustedError(
          fmt::format("more than {} requests to Jaeger for {:.3f} s of traces of '{}'",
                      options_.most_requests, InSeconds(end - begin), query_.options().service));
    }
    ++counts_.requests;
    const absl::StatusOr<JaegerPage> page = query_.Traces(window);
    const bool is_too_large = absl::IsResourceExhausted(page.status());
    if (!page.ok() && !is_too_large) return page.status();
    pending.pop_back();
    if (is_too_large || page->is_full) {
      if (window.end - window.begin <= kShortestWindow) {
        if (is_too_large) return page.status();
        return absl::ResourceExhaustedError(
            fmt::format("{} traces of '{}' or more start within {:.3f} ms, the limit of a page",
                        query_.options().limit, query_.options().service,
                        1e3 * InSeconds(window.end - window.begin)));
      }
      ++counts_.halved;
      const Instant middle = CutToMicroseconds(window.begin + (window.end - window.begin) / 2);
      pending.push_back({middle, window.end});
      pending.push_back({window.begin, middle});
      continue;
    }
    Take(*page, now, sink);
    read_until_ = std::max(read_until_, window.end);
  }
  // What Jaeger no longer has is not waited for.
  std::erase_if(unfinished_, [](const auto& entry) { return !entry.second.is_there; });
  return absl::OkStatus();
}

absl::Status JaegerSource::CheckService() {
  ++counts_.requests;
  const absl::StatusOr<std::vector<std::string>> services = query_.Services();
  if (!services.ok()) return services.status();
  knows_service_ = std::ranges::binary_search(*services, query_.options().service);
  if (knows_service_) return absl::OkStatus();
  constexpr std::size_t kMostNamed = 10;
  const std::span<const std::string> named(services->data(),
                                           std::min(services->size(), kMostNamed));
  return absl::NotFoundError(fmt::format(
      "Jaeger knows no service '{}'; it knows {}: {}{}", query_.options().service, services->size(),
      fmt::join(named, ", "), services->size() > kMostNamed ? ", ..." : ""));
}

void JaegerSource::Take(const JaegerPage& page, Instant now, const SpanFunction& sink) {
  for (const auto& [trace, spans] : page.traces) {
    if (const auto known = handed_out_.find(trace); known != handed_out_.end()) {
      ++counts_.repeated;
      if (spans.size() > known->second.spans) {
        counts_.late_spans += spans.size() - known->second.spans;
        known->second.spans = spans.size();
      }
      continue;
    }
    Instant first = spans.front().start;
    Instant last = spans.front().end();
    for (const SpanRecord& span : spans) {
      first = std::min(first, span.start);
      last = std::max(last, span.end());
    }
    const std::span<const std::uint32_t> order = order_.Arrange(spans);
    const bool is_finished = order_.roots() == 1;
    if (!is_finished && now - last < options_.unfinished_delay) {
      unfinished_[trace] = {.start = first};
      continue;
    }
    if (!is_finished) {
      ++counts_.unfinished;
      // A request whose root is there is over: spans are missing, no time.
      const bool has_root =
          std::ranges::any_of(spans, [](const SpanRecord& span) { return span.parent == 0; });
      unfinished_ages_.push_back((has_root ? last : now) - first);
    }
    unfinished_.erase(trace);
    handed_out_[trace] = {.seen = now, .spans = spans.size()};
    handed_out_order_.push_back(trace);
    ++counts_.traces;
    counts_.spans += order.size();
    for (const std::uint32_t index : order) {
      NameSpan(trace, spans[index], query_.names(), span_);
      sink(span_);
    }
  }
}

void JaegerSource::Forget(Instant now) {
  while (!handed_out_order_.empty()) {
    const auto oldest = handed_out_.find(handed_out_order_.front());
    const bool is_known = oldest != handed_out_.end();
    if (is_known && handed_out_.size() <= kMostRemembered &&
        oldest->second.seen + kRemembered > now) {
      return;
    }
    if (is_known) handed_out_.erase(oldest);
    handed_out_order_.pop_front();
  }
}

}  // namespace trimtab
