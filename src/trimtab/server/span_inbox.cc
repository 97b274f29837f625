#include "trimtab/server/span_inbox.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "trimtab/tracing/otlp_protobuf.h"

namespace trimtab {
namespace {

void AppendReason(std::uint64_t spans, std::string_view reason, SpanInbox::Receipt& receipt) {
  if (spans == 0) return;
  receipt.lost += spans;
  fmt::format_to(std::back_inserter(receipt.reasons), "{}{}: {}",
                 receipt.reasons.empty() ? "" : "; ", spans, reason);
}

}  // namespace

SpanInbox::SpanInbox(Options options)
    : options_(options),
      assembler_({.settle_delay = options.settle_delay,
                  .memory_bound = options.memory_bound,
                  .longest_open = options.longest_trace,
                  .most_spans = options.most_spans,
                  .closes_early = false},
                 *this) {}

void SpanInbox::Begin(Instant now) {
  const std::scoped_lock lock(mutex_);
  has_ended_ = false;
  whole_from_ = now + options_.longest_hold + options_.settle_delay;
}

void SpanInbox::End() {
  const std::scoped_lock lock(mutex_);
  has_ended_ = true;
  whole_from_ = Instant::max();
  assembler_.Flush();
}

void SpanInbox::SetArguments(ArgumentBins arguments) {
  const std::scoped_lock lock(mutex_);
  options_.arguments = std::move(arguments);
  intake_.SetArguments(&options_.arguments);
}

SpanInbox::Receipt SpanInbox::Take(std::string body, Encoding encoding, Instant now) {
  const std::scoped_lock lock(mutex_);
  Receipt receipt;
  if (has_ended_) {
    ++account_.deferred_requests;
    receipt.status = absl::UnavailableError("spans are not taken here now: send the request again");
    return receipt;
  }
  if (assembler_.held().value() > options_.memory_bound.value() / 4 * 3) {
    ++account_.deferred_requests;
    receipt.status = absl::UnavailableError(
        fmt::format("{} bytes of spans wait, of {} at most: send the request again",
                    assembler_.held().value(), options_.memory_bound.value()));
    return receipt;
  }
  intake_.Clear();
  if (encoding == Encoding::kProtobuf) {
    receipt.status = DecodeOtlpProtobuf(body, intake_);
  } else {
    const std::size_t size = body.size();
    body.append(OtlpJsonDecoder::kPadding, ' ');
    receipt.status = json_.Decode(std::string_view(body).substr(0, size), intake_);
  }
  if (!receipt.status.ok()) {
    ++account_.bad_requests;
    return receipt;
  }
  const AssemblerCounts before = assembler_.counts();
  assembler_.Add(intake_.spans(), now);
  const std::uint64_t late = assembler_.counts().late_spans - before.late_spans;
  const std::uint64_t dropped = assembler_.counts().excess_spans - before.excess_spans;

  for (std::size_t fault = 0; fault < kOtlpFaults; ++fault) {
    refused_[fault] += intake_.refused()[fault].spans;
    AppendReason(intake_.refused()[fault].spans, ToString(static_cast<OtlpFault>(fault)), receipt);
  }
  AppendReason(late, "a span that came after its trace was closed", receipt);
  AppendReason(dropped, "a span for which there is no room", receipt);
  receipt.accepted = intake_.spans().size() - late - dropped;
  account_.received += intake_.spans().size() + intake_.refused_spans();
  account_.refused += intake_.refused_spans();
  account_.late += late;
  account_.dropped += dropped;
  return receipt;
}

void SpanInbox::BeginRead(Instant now, const std::function<void(const Span&)>& sink) {
  unfinished_ages_.clear();
  sink_ = &sink;
  now_ = now;
}

absl::Status SpanInbox::Read(Instant now, const std::function<void(const Span&)>& sink) {
  const std::scoped_lock lock(mutex_);
  BeginRead(now, sink);
  assembler_.Settle(now);
  return absl::OkStatus();
}

void SpanInbox::ReadRest(Instant now, const std::function<void(const Span&)>& sink) {
  const std::scoped_lock lock(mutex_);
  BeginRead(now, sink);
  assembler_.Flush();
}

void SpanInbox::AcceptTrace(const TraceId& trace, std::span<const SpanRecord> spans) {
  if (spans.empty()) return;
  if (assembler_.opened() < whole_from_) {
    account_.dropped += spans.size();
    return;
  }
  ++account_.traces;
  Instant first = Instant::max();
  Instant last = Instant::min();
  bool has_root = false;
  for (const SpanRecord& span : spans) {
    first = std::min(first, span.start);
    last = std::max(last, span.end());
    has_root |= span.parent == 0;
  }
  has_seen_root_ |= has_root;
  // Where what calls the entry is never traced, no trace has a root, and one top is all there is.
  const std::span<const std::uint32_t> order = order_.Arrange(spans);
  if (order_.roots() != 1 || (!has_root && has_seen_root_)) {
    ++account_.unfinished;
    // A recording that is sent again has no age that our clock could tell, and a request whose root
    // has come is over.
    constexpr Duration kOldest = std::chrono::hours(1);
    const Duration reached = has_root ? Duration(0) : now_ - first;
    unfinished_ages_.push_back(std::max(last - first, reached <= kOldest ? reached : Duration(0)));
  }
  account_.handed_out += order.size();
  for (const std::uint32_t index : order) {
    NameSpan(trace, spans[index], names_, span_);
    (*sink_)(span_);
  }
}

SpanAccount SpanInbox::account() const {
  const std::scoped_lock lock(mutex_);
  return account_;
}

std::vector<Duration> SpanInbox::unfinished_ages() const {
  const std::scoped_lock lock(mutex_);
  return unfinished_ages_;
}

std::map<std::string, std::uint64_t> SpanInbox::refused_by_reason() const {
  const std::scoped_lock lock(mutex_);
  std::map<std::string, std::uint64_t> reasons;
  for (std::size_t fault = 0; fault < kOtlpFaults; ++fault) {
    if (refused_[fault] == 0) continue;
    reasons.emplace(ToString(static_cast<OtlpFault>(fault)), refused_[fault]);
  }
  return reasons;
}

std::size_t SpanInbox::open_traces() const {
  const std::scoped_lock lock(mutex_);
  return assembler_.open_traces();
}

}  // namespace trimtab
