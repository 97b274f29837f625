#include "trimtab/tracing/jaeger_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <string_view>
#include <vector>

#include "trimtab/tracing/json_fields.h"
#include "trimtab/tracing/resource_names.h"
#include "trimtab/tracing/text_hash.h"
#include "trimtab/tracing/trace_cutter.h"

namespace trimtab {
namespace {

namespace ondemand = simdjson::ondemand;
using json::ForEachField;
using json::ForEachObject;
using json::GetText;
using json::Is;
using json::Unquoted;
using simdjson::error_code;

static_assert(TraceCutter::kPadding >= simdjson::SIMDJSON_PADDING);

// A token as text: what is between the quotes, or a number.
std::string_view ScalarText(std::string_view token) {
  return token.starts_with('"') ? Unquoted(token) : token.substr(0, token.find_first_of(" \t\r\n"));
}

std::string_view WithoutLeadingZeros(std::string_view id) {
  const std::size_t digits = id.find_first_not_of('0');
  return digits == std::string_view::npos ? std::string_view() : id.substr(digits);
}

// OpenTracing's tag, and what exporters of OpenTelemetry make of a status.
bool IsErrorTag(std::string_view name, std::string_view value) {
  return (name == "error" && value == "true") || (name == "otel.status_code" && value == "ERROR");
}

struct Process {
  std::uint64_t id = 0;  // hash of the processID
  NameId service;
  NameId pod;
};

// A span whose process may follow later in the trace.
struct PendingSpan {
  SpanRecord span;
  std::uint64_t process = 0;
  std::string_view missing;  // what the span lacks; empty when it is complete
};

class TraceParser {
 public:
  TraceParser(const std::string& path, ReadContext context) : path_(path), context_(context) {
    if (context.arguments != nullptr && !context.arguments->empty()) {
      request_.emplace(*context.arguments);
    }
  }

  void Parse(const TraceCutter::Piece& piece, ReadCounts& counts) {
    number_ = piece.number;
    trace_id_.reset();
    spans_.clear();
    processes_.clear();
    const simdjson::padded_string_view text(piece.text.data(), piece.text.size(),
                                            piece.text.size() + TraceCutter::kPadding);
    ondemand::document document;
    error_code error = parser_.iterate(text).get(document);
    if (error == simdjson::SUCCESS) error = ParseTrace(document);
    if (error != simdjson::SUCCESS) {
      Skip("a trace that is not the JSON of Jaeger", simdjson::error_message(error));
      return;
    }
    if (!trace_id_) {
      Skip("a trace without traceID", {});
      return;
    }
    HandOn(counts);
  }

  void Skip(std::string_view reason, std::string_view value) {
    context_.skipped.Add(path_, number_, reason, value);
  }

 private:
  error_code ParseTrace(ondemand::document& document) {
    ondemand::object trace;
    if (const auto error = document.get_object().get(trace)) return error;
    for (auto entry : trace) {
      ondemand::field field;
      if (const auto error = std::move(entry).get(field)) return error;
      if (Is(field.key(), "traceID")) {
        std::string_view id;
        if (const auto error = GetText(field.value(), id)) return error;
        trace_id_ = HashTraceId(WithoutLeadingZeros(id));
      } else if (Is(field.key(), "spans")) {
        if (const auto error = ParseSpans(field.value())) return error;
      } else if (Is(field.key(), "processes")) {
        if (const auto error = ParseProcesses(field.value())) return error;
      }
    }
    return simdjson::SUCCESS;
  }

  error_code ParseSpans(ondemand::value value) {
    ondemand::array spans;
    if (const auto error = value.get_array().get(spans)) return error;
    for (auto entry : spans) {
      ondemand::object span;
      if (const auto error = std::move(entry).get_object().get(span)) return error;
      if (const auto error = ParseSpan(span)) return error;
    }
    return simdjson::SUCCESS;
  }

  error_code ParseSpan(ondemand::object object) {
    PendingSpan& pending = spans_.emplace_back();
    SpanRecord& span = pending.span;
    std::optional<std::int64_t> start;
    std::optional<std::int64_t> duration;
    for (auto entry : object) {
      ondemand::field field;
      if (const auto error = std::move(entry).get(field)) return error;
      const ondemand::raw_json_string key = field.key();
      std::string_view text;
      error_code error = simdjson::SUCCESS;
      if (Is(key, "spanID")) {
        error = GetText(field.value(), text);
        if (!text.empty()) span.id = HashSpanId(WithoutLeadingZeros(text));
      } else if (Is(key, "operationName")) {
        error = GetText(field.value(), text);
        span.operation = context_.names.Intern(text);
      } else if (Is(key, "startTime")) {
        error = GetMicroseconds(field.value(), start);
      } else if (Is(key, "duration")) {
        error = GetMicroseconds(field.value(), duration);
      } else if (Is(key, "processID")) {
        error = GetText(field.value(), text);
        pending.process = HashText(text);
      } else if (Is(key, "references")) {
        error = ParseReferences(field.value(), span);
      } else if (Is(key, "parentSpanID")) {
        error = GetText(field.value(), text);
        if (span.parent == 0 && !WithoutLeadingZeros(text).empty()) {
          span.parent = HashSpanId(WithoutLeadingZeros(text));
        }
      } else if (Is(key, "tags")) {
        error =
            ParseTags(field.value(), [this, &span](std::string_view name, std::string_view tag) {
              if (name == "span.kind") span.kind = SpanKindFromString(tag);
              if (IsErrorTag(name, tag)) span.is_error = true;
              if (request_) request_->Add(name, tag);
            });
      } else if (Is(key, "traceID") && !trace_id_) {
        error = GetText(field.value(), text);
        trace_id_ = HashTraceId(WithoutLeadingZeros(text));
      }
      if (error != simdjson::SUCCESS) return error;
    }
    SetTimes(start, duration, pending);
    if (request_) span.argument_classes = context_.names.InternArgumentClasses(request_->Take());
    return simdjson::SUCCESS;
  }

  // Whole microseconds; nothing for a number that is none or lies outside of int64.
  static error_code GetMicroseconds(ondemand::value value, std::optional<std::int64_t>& result) {
    std::int64_t whole = 0;
    const error_code error = value.get_int64().get(whole);
    if (error == simdjson::SUCCESS) result = whole;
    return error == simdjson::NUMBER_ERROR || error == simdjson::INCORRECT_TYPE ? simdjson::SUCCESS
                                                                                : error;
  }

  static void SetTimes(std::optional<std::int64_t> start, std::optional<std::int64_t> duration,
                       PendingSpan& pending) {
    constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max() / 1000;
    if (pending.span.id == 0) {
      pending.missing = "a span without spanID";
    } else if (!start || *start < 0 || *start > kMost) {
      pending.missing = "a span whose startTime is no number from 0 to 2^63 ns";
    } else if (!duration || *duration < 0 || *duration > kMost - *start) {
      pending.missing = "a span whose duration is no number from 0 to 2^63 ns";
    } else {
      pending.span.start = Instant(std::chrono::microseconds(*start));
      pending.span.duration = std::chrono::microseconds(*duration);
    }
  }

  error_code ParseReferences(ondemand::value value, SpanRecord& span) {
    bool has_child_of = false;
    return ForEachObject(value, [&](ondemand::object reference) {
      std::string_view type;
      std::string_view trace;
      std::string_view parent;
      const error_code error =
          ForEachField(reference, [&](ondemand::raw_json_string key, ondemand::value member) {
            if (Is(key, "refType")) return GetText(member, type);
            if (Is(key, "traceID")) return GetText(member, trace);
            if (Is(key, "spanID")) return GetText(member, parent);
            return simdjson::SUCCESS;
          });
      if (error != simdjson::SUCCESS) return error;
      const bool is_of_this_trace =
          trace.empty() || !trace_id_ || HashTraceId(WithoutLeadingZeros(trace)) == *trace_id_;
      const bool is_child_of = type != "FOLLOWS_FROM";
      if (parent.empty() || !is_of_this_trace || has_child_of) return simdjson::SUCCESS;
      if (!is_child_of && span.parent != 0) return simdjson::SUCCESS;
      span.parent = HashSpanId(WithoutLeadingZeros(parent));
      span.follows_from = !is_child_of;
      has_child_of = is_child_of;
      return simdjson::SUCCESS;
    });
  }

  // Calls `use(key, text)` for each tag. Escapes in the value are left as they are: neither span
  // kinds nor pod names have any.
  template <class Use>
  error_code ParseTags(ondemand::value value, const Use& use) {
    return ForEachObject(value, [&](ondemand::object tag) {
      std::string_view name;
      std::string_view text;
      const error_code error =
          ForEachField(tag, [&](ondemand::raw_json_string key, ondemand::value member) {
            if (Is(key, "key")) return GetText(member, name);
            if (Is(key, "value")) text = ScalarText(member.raw_json_token());
            return simdjson::SUCCESS;
          });
      if (error == simdjson::SUCCESS && !text.empty()) use(name, text);
      return error;
    });
  }

  error_code ParseProcesses(ondemand::value value) {
    ondemand::object processes;
    if (const auto error = value.get_object().get(processes)) return error;
    for (auto entry : processes) {
      ondemand::field field;
      if (const auto error = std::move(entry).get(field)) return error;
      std::string_view id;
      if (const auto error = field.unescaped_key().get(id)) return error;
      Process& process = processes_.emplace_back();
      process.id = HashText(id);
      ondemand::object members;
      if (const auto error = field.value().get_object().get(members)) return error;
      if (const auto error = ParseProcess(members, process)) return error;
    }
    return simdjson::SUCCESS;
  }

  error_code ParseProcess(ondemand::object members, Process& process) {
    int pod_rank = 0;
    for (auto member : members) {
      ondemand::field field;
      if (const auto error = std::move(member).get(field)) return error;
      error_code error = simdjson::SUCCESS;
      if (Is(field.key(), "serviceName")) {
        std::string_view service;
        error = GetText(field.value(), service);
        process.service = context_.names.Intern(service);
      } else if (Is(field.key(), "tags")) {
        error = ParseTags(field.value(), [&](std::string_view name, std::string_view pod) {
          const int rank = PodNameRank(name);
          if (rank <= pod_rank) return;
          process.pod = context_.names.Intern(pod);
          pod_rank = rank;
        });
      }
      if (error != simdjson::SUCCESS) return error;
    }
    return simdjson::SUCCESS;
  }

  void HandOn(ReadCounts& counts) {
    batch_.clear();
    std::ranges::sort(processes_, {}, &Process::id);
    for (PendingSpan& pending : spans_) {
      const auto process = std::ranges::lower_bound(processes_, pending.process, {}, &Process::id);
      if (process != processes_.end() && process->id == pending.process) {
        pending.span.service = process->service;
        pending.span.pod = process->pod;
      }
      if (pending.missing.empty() && pending.span.service == NameId()) {
        pending.missing = "a span without process or serviceName";
      }
      if (pending.missing.empty()) {
        batch_.push_back({.trace = *trace_id_, .span = pending.span});
      } else {
        Skip(pending.missing, {});
      }
    }
    counts.spans += batch_.size();
    context_.sink.Accept(batch_);
  }

  const std::string& path_;
  ReadContext context_;
  std::optional<ArgumentBins::Request> request_;  // of the span that is parsed
  ondemand::parser parser_;
  std::uint64_t number_ = 0;
  std::optional<TraceId> trace_id_;
  std::vector<PendingSpan> spans_;
  std::vector<Process> processes_;
  std::vector<TracedSpan> batch_;
};

}  // namespace

absl::Status ReadJaegerJson(InputFile& input, ReadContext context, ReadCounts& counts,
                            Bytes trace_bound) {
  TraceCutter cutter(input, TraceCutter::Shape::kJaeger, trace_bound);
  TraceParser parser(input.path(), context);
  const std::uint64_t answers_before = counts.answers;
  for (;;) {
    const absl::StatusOr<TraceCutter::Piece> piece = cutter.Next();
    counts.answers = answers_before + cutter.answers();
    if (!piece.ok()) return piece.status();
    if (piece->state == TraceCutter::PieceState::kEnd) return absl::OkStatus();
    ++counts.rows;
    if (piece->state == TraceCutter::PieceState::kTooLarge) {
      context.skipped.Add(input.path(), piece->number,
                          fmt::format("a trace larger than {} bytes", trace_bound.value()));
    } else {
      parser.Parse(*piece, counts);
    }
  }
}

}  // namespace trimtab
