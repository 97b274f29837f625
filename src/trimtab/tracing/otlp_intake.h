// From the fields of OTLP spans to span records: what both encodings of OTLP share.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "trimtab/tracing/argument_bins.h"
#include "trimtab/tracing/name_table.h"
#include "trimtab/tracing/span_record.h"

namespace trimtab {

// Why a span is refused.
enum class OtlpFault : std::uint8_t {
  kTraceId,   // not 16 bytes, or zero
  kSpanId,    // not 8 bytes, or zero
  kParentId,  // neither absent nor 8 bytes
  kStart,     // missing, zero or not below 2^63 ns
  kEnd,       // missing, or before the start
  kLength,    // longer than OtlpIntake::kLongestSpan
  kService,   // no service.name and no workload in the resource, or one that nobody has set
  kNameSize,  // a service or pod name longer than OtlpIntake::kLongestName
};
inline constexpr std::size_t kOtlpFaults = 8;

// "a span whose trace id is not 16 bytes or is zero" and so on.
std::string_view ToString(OtlpFault fault);

// The fields of one span as a decoder finds them.
struct OtlpSpan {
  std::optional<TraceId> trace;             // nothing: not 16 bytes
  std::optional<std::uint64_t> id;          // nothing: not 8 bytes
  std::optional<std::uint64_t> parent = 0;  // 0: a root; nothing: not 8 bytes
  std::string_view name;
  std::int64_t kind = 0;                // the number of the enumeration SpanKind of OTLP
  std::uint64_t start_nanoseconds = 0;  // since 1970
  std::uint64_t end_nanoseconds = 0;
  bool is_error = false;  // its status is STATUS_CODE_ERROR
};

// Gathers the spans of one request. A decoder calls BeginResource(), then AddResourceAttribute()
// and AddSpan() in any order, each span behind its attributes, then EndResource(); texts must live
// until then.
//
// A span that cannot be used is refused and counted; the rest of its trace is kept. Operation names
// longer than kLongestName bytes are cut there: they tell operations apart, no more.
// Thread-safety: none. Memory: 72 bytes a span.
class OtlpIntake {
 public:
  static constexpr std::size_t kLongestName = 1024;
  static constexpr Duration kLongestSpan = std::chrono::hours(24);

  // Spans that were refused for one reason, and what the first of them was.
  struct Refused {
    std::uint64_t spans = 0;
    std::string first;
  };

  // Both must outlive the object; null: no attribute of a span is an argument.
  explicit OtlpIntake(NameTable& names, const ArgumentBins* arguments = nullptr);

  // From the next span on; null: no attribute is an argument. It must outlive its use.
  void SetArguments(const ArgumentBins* arguments);

  // Forgets the spans and refusals of the request before.
  void Clear();

  void BeginResource();
  // An attribute of the resource whose value is a string.
  void AddResourceAttribute(std::string_view key, std::string_view value);
  // Whether attributes of spans are wanted at all.
  bool wants_attributes() const { return request_.has_value(); }
  // An attribute of the span that comes next; numbers as text.
  void AddSpanAttribute(std::string_view key, std::string_view value);
  void AddSpan(const OtlpSpan& span);
  void EndResource();

  // Valid until the next change.
  std::span<const TracedSpan> spans() const { return spans_; }
  // By OtlpFault.
  const std::array<Refused, kOtlpFaults>& refused() const { return refused_; }
  std::uint64_t refused_spans() const;

 private:
  // A name of the resource under the best attribute so far.
  struct RankedName {
    int rank = 0;
    std::string_view text;
  };

  void Refuse(OtlpFault fault, std::string_view what, std::uint64_t value, std::uint64_t spans = 1);
  std::optional<OtlpFault> FaultOfResource() const;

  NameTable& names_;
  std::optional<ArgumentBins::Request> request_;  // of the span that comes next
  std::vector<TracedSpan> spans_;
  std::array<Refused, kOtlpFaults> refused_;
  std::size_t resource_begin_ = 0;  // in spans_
  RankedName service_;
  RankedName pod_;
};

}  // namespace trimtab
