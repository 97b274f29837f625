#include "trimtab/tracing/otlp_intake.h"

#include <fmt/format.h>

#include <limits>

#include "trimtab/tracing/resource_names.h"

namespace trimtab {
namespace {

SpanKind KindOf(std::int64_t number) {
  switch (number) {
    case 1:
      return SpanKind::kInternal;
    case 2:
      return SpanKind::kServer;
    case 3:
      return SpanKind::kClient;
    case 4:
      return SpanKind::kProducer;
    case 5:
      return SpanKind::kConsumer;
    default:
      return SpanKind::kUnspecified;
  }
}

// At most `bytes` of a text, not ending inside a character of UTF-8.
std::string_view CutText(std::string_view text, std::size_t bytes) {
  if (text.size() <= bytes) return text;
  while (bytes > 0 && (static_cast<unsigned char>(text[bytes]) & 0xc0) == 0x80) --bytes;
  return text.substr(0, bytes);
}

}  // namespace

std::string_view ToString(OtlpFault fault) {
  switch (fault) {
    case OtlpFault::kTraceId:
      return "a span whose trace id is not 16 bytes or is zero";
    case OtlpFault::kSpanId:
      return "a span whose span id is not 8 bytes or is zero";
    case OtlpFault::kParentId:
      return "a span whose parent's id is not 8 bytes";
    case OtlpFault::kStart:
      return "a span whose start is missing, 0 or not below 2^63 ns";
    case OtlpFault::kEnd:
      return "a span whose end is missing or before its start";
    case OtlpFault::kLength:
      return "a span longer than 24 h";
    case OtlpFault::kService:
      return "a span without a service.name that somebody has set";
    case OtlpFault::kNameSize:
      return "a span whose service or pod name is longer than 1024 bytes";
  }
  return "";
}

OtlpIntake::OtlpIntake(NameTable& names, const ArgumentBins* arguments) : names_(names) {
  SetArguments(arguments);
}

void OtlpIntake::SetArguments(const ArgumentBins* arguments) {
  request_.reset();
  if (arguments != nullptr && !arguments->empty()) request_.emplace(*arguments);
}

void OtlpIntake::Clear() {
  spans_.clear();
  refused_ = {};
  resource_begin_ = 0;
}

void OtlpIntake::BeginResource() {
  resource_begin_ = spans_.size();
  service_ = {};
  pod_ = {};
}

void OtlpIntake::AddResourceAttribute(std::string_view key, std::string_view value) {
  if (value.empty()) return;
  const int as_service = ServiceNameRank(key);
  if (as_service > service_.rank && !(key == "service.name" && IsUnsetServiceName(value))) {
    service_ = {.rank = as_service, .text = value};
  }
  if (const int as_pod = PodNameRank(key); as_pod > pod_.rank) {
    pod_ = {.rank = as_pod, .text = value};
  }
}

void OtlpIntake::AddSpanAttribute(std::string_view key, std::string_view value) {
  if (request_) request_->Add(key, value);
}

void OtlpIntake::AddSpan(const OtlpSpan& span) {
  const std::string classes = request_ ? request_->Take() : std::string();
  constexpr auto kMostTime = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  constexpr auto kMostLength = static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(kLongestSpan).count());
  if (!span.trace || *span.trace == TraceId{}) return Refuse(OtlpFault::kTraceId, span.name, 0);
  if (!span.id || *span.id == 0) return Refuse(OtlpFault::kSpanId, span.name, 0);
  if (!span.parent) return Refuse(OtlpFault::kParentId, span.name, 0);
  if (span.start_nanoseconds == 0 || span.start_nanoseconds > kMostTime) {
    return Refuse(OtlpFault::kStart, span.name, span.start_nanoseconds);
  }
  if (span.end_nanoseconds < span.start_nanoseconds) {
    return Refuse(OtlpFault::kEnd, span.name, span.end_nanoseconds);
  }
  const std::uint64_t length = span.end_nanoseconds - span.start_nanoseconds;
  if (length > kMostLength || span.end_nanoseconds > kMostTime) {
    return Refuse(OtlpFault::kLength, span.name, length);
  }
  TracedSpan& traced = spans_.emplace_back();
  traced.trace = *span.trace;
  traced.span.id = *span.id;
  traced.span.parent = *span.parent;
  traced.span.start =
      Instant(std::chrono::nanoseconds(static_cast<std::int64_t>(span.start_nanoseconds)));
  traced.span.duration = std::chrono::nanoseconds(static_cast<std::int64_t>(length));
  traced.span.operation = names_.Intern(CutText(span.name, kLongestName));
  traced.span.kind = KindOf(span.kind);
  traced.span.is_error = span.is_error;
  if (!classes.empty()) traced.span.argument_classes = names_.InternArgumentClasses(classes);
}

std::optional<OtlpFault> OtlpIntake::FaultOfResource() const {
  if (service_.rank == 0) return OtlpFault::kService;
  if (service_.text.size() > kLongestName || pod_.text.size() > kLongestName) {
    return OtlpFault::kNameSize;
  }
  return std::nullopt;
}

void OtlpIntake::EndResource() {
  const std::span<TracedSpan> added = std::span(spans_).subspan(resource_begin_);
  if (added.empty()) return;
  if (const std::optional<OtlpFault> fault = FaultOfResource()) {
    const std::size_t size =
        *fault == OtlpFault::kNameSize ? std::max(service_.text.size(), pod_.text.size()) : 0;
    Refuse(*fault, names_.Name(added.front().span.operation), size, added.size());
    spans_.resize(resource_begin_);
    return;
  }
  const NameId service = names_.Intern(service_.text);
  const NameId pod = names_.Intern(pod_.text);
  for (TracedSpan& traced : added) {
    traced.span.service = service;
    traced.span.pod = pod;
  }
}

void OtlpIntake::Refuse(OtlpFault fault, std::string_view what, std::uint64_t value,
                        std::uint64_t spans) {
  Refused& refused = refused_[static_cast<std::size_t>(fault)];
  if (refused.spans == 0) {
    refused.first = value == 0 ? std::string(CutText(what, 60))
                               : fmt::format("{} ({})", CutText(what, 60), value);
  }
  refused.spans += spans;
}

std::uint64_t OtlpIntake::refused_spans() const {
  std::uint64_t spans = 0;
  for (const Refused& refused : refused_) spans += refused.spans;
  return spans;
}

}  // namespace trimtab
