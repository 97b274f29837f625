#include "trimtab/tracing/otlp_json.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <utility>

#include "trimtab/tracing/json_fields.h"
#include "trimtab/tracing/trace_cutter.h"

namespace trimtab {
namespace {

namespace ondemand = simdjson::ondemand;
using json::ForEachField;
using json::ForEachObject;
using json::GetText;
using json::Is;
using simdjson::error_code;

static_assert(OtlpJsonDecoder::kPadding >= simdjson::SIMDJSON_PADDING);
static_assert(TraceCutter::kPadding >= OtlpJsonDecoder::kPadding);

// A key in both spellings that the JSON mapping of protobuf allows.
bool IsEither(ondemand::raw_json_string key, std::string_view camel, std::string_view snake) {
  return Is(key, camel) || Is(key, snake);
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// 16 digits at the front of `text`, which is not shorter.
std::optional<std::uint64_t> HexWord(std::string_view text) {
  std::uint64_t word = 0;
  for (const char c : text.substr(0, 16)) {
    const int digit = HexDigit(c);
    if (digit < 0) return std::nullopt;
    word = word << 4 | static_cast<std::uint64_t>(digit);
  }
  return word;
}

std::optional<std::uint64_t> SpanIdOf(std::string_view hex) {
  return hex.size() == 16 ? HexWord(hex) : std::nullopt;
}

std::optional<TraceId> TraceIdOf(std::string_view hex) {
  if (hex.size() != 32) return std::nullopt;
  const std::optional<std::uint64_t> high = HexWord(hex);
  const std::optional<std::uint64_t> low = HexWord(hex.substr(16));
  if (!high || !low) return std::nullopt;
  return TraceId{.high = *high, .low = *low};
}

bool IsNull(ondemand::value value) { return value.raw_json_token().starts_with("null"); }

// A text, or the empty one for null.
error_code GetTextOrNull(ondemand::value value, std::string_view& text) {
  return IsNull(value) ? simdjson::SUCCESS : GetText(value, text);
}

// A decimal text or a number; 0 for what is neither, which no time of a span may be.
error_code GetTime(ondemand::value value, std::uint64_t& time) {
  std::string_view text = value.raw_json_token();
  if (text.starts_with('"')) {
    if (const auto error = GetText(value, text)) return error;
  } else {
    text = text.substr(0, text.find_first_of(" \t\r\n"));
  }
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), time);
  if (error != std::errc() || end != text.data() + text.size()) time = 0;
  return simdjson::SUCCESS;
}

// The number of a kind of span, or its name; 0, unspecified, for what is neither.
error_code GetKind(ondemand::value value, std::int64_t& kind) {
  constexpr std::string_view kPrefix = "SPAN_KIND_";
  constexpr std::array<std::string_view, 6> kNames = {"UNSPECIFIED", "INTERNAL", "SERVER",
                                                      "CLIENT",      "PRODUCER", "CONSUMER"};
  std::string_view text = value.raw_json_token();
  if (!text.starts_with('"')) {
    std::uint64_t number = 0;
    if (const auto error = GetTime(value, number)) return error;
    kind = number < kNames.size() ? static_cast<std::int64_t>(number) : 0;
    return simdjson::SUCCESS;
  }
  if (const auto error = GetText(value, text)) return error;
  for (std::size_t number = 0; number < kNames.size(); ++number) {
    if (text.starts_with(kPrefix) && text.substr(kPrefix.size()) == kNames[number]) {
      kind = static_cast<std::int64_t>(number);
    }
  }
  return simdjson::SUCCESS;
}

// A scalar as text; empty for an array or an object.
error_code GetScalar(ondemand::value value, std::string_view& text) {
  const std::string_view token = value.raw_json_token();
  if (token.starts_with('"')) return GetText(value, text);
  text = token.front() == '{' || token.front() == '['
             ? std::string_view()
             : token.substr(0, token.find_first_of(" \t\r\n"));
  return simdjson::SUCCESS;
}

// The key of an attribute; `read_value` is given the kinds and contents of its value.
template <class ReadValue>
error_code ParseKeyAndValue(ondemand::object attribute, std::string_view& name,
                            ReadValue read_value) {
  return ForEachField(attribute, [&](ondemand::raw_json_string key, ondemand::value value) {
    if (Is(key, "key")) return GetTextOrNull(value, name);
    if (!Is(key, "value") || IsNull(value)) return simdjson::SUCCESS;
    ondemand::object kinds;
    if (const auto failed = value.get_object().get(kinds)) return failed;
    return ForEachField(kinds, read_value);
  });
}

error_code ParseSpanAttribute(ondemand::object attribute, OtlpIntake& intake) {
  std::string_view name;
  std::string_view text;
  const error_code error = ParseKeyAndValue(
      attribute, name, [&text](ondemand::raw_json_string /*kind*/, ondemand::value of) {
        return GetScalar(of, text);
      });
  if (error == simdjson::SUCCESS) intake.AddSpanAttribute(name, text);
  return error;
}

// Whether a Status says STATUS_CODE_ERROR, as a number or by its name.
error_code GetIsError(ondemand::value value, bool& is_error) {
  if (IsNull(value)) return simdjson::SUCCESS;
  ondemand::object status;
  if (const auto error = value.get_object().get(status)) return error;
  return ForEachField(status, [&is_error](ondemand::raw_json_string key, ondemand::value of) {
    if (!Is(key, "code")) return simdjson::SUCCESS;
    std::string_view code;
    const error_code error = GetScalar(of, code);
    is_error = code == "2" || code == "STATUS_CODE_ERROR";
    return error;
  });
}

error_code ParseSpan(ondemand::object object, OtlpIntake& intake) {
  OtlpSpan span;
  const error_code error =
      ForEachField(object, [&span, &intake](ondemand::raw_json_string key, ondemand::value value) {
        std::string_view text;
        error_code failed = simdjson::SUCCESS;
        if (IsEither(key, "traceId", "trace_id")) {
          failed = GetTextOrNull(value, text);
          span.trace = TraceIdOf(text);
        } else if (IsEither(key, "spanId", "span_id")) {
          failed = GetTextOrNull(value, text);
          span.id = SpanIdOf(text);
        } else if (IsEither(key, "parentSpanId", "parent_span_id")) {
          failed = GetTextOrNull(value, text);
          span.parent = text.empty() ? 0 : SpanIdOf(text);
        } else if (Is(key, "name")) {
          failed = GetTextOrNull(value, span.name);
        } else if (Is(key, "kind")) {
          failed = GetKind(value, span.kind);
        } else if (IsEither(key, "startTimeUnixNano", "start_time_unix_nano")) {
          failed = GetTime(value, span.start_nanoseconds);
        } else if (IsEither(key, "endTimeUnixNano", "end_time_unix_nano")) {
          failed = GetTime(value, span.end_nanoseconds);
        } else if (Is(key, "status")) {
          failed = GetIsError(value, span.is_error);
        } else if (Is(key, "attributes") && intake.wants_attributes()) {
          failed = ForEachObject(value, [&intake](ondemand::object attribute) {
            return ParseSpanAttribute(attribute, intake);
          });
        }
        return failed;
      });
  if (error == simdjson::SUCCESS) intake.AddSpan(span);
  return error;
}

error_code ParseAttribute(ondemand::object attribute, OtlpIntake& intake) {
  std::string_view name;
  std::string_view text;
  const error_code error = ParseKeyAndValue(
      attribute, name, [&text](ondemand::raw_json_string kind, ondemand::value of) {
        return IsEither(kind, "stringValue", "string_value") ? GetTextOrNull(of, text)
                                                             : simdjson::SUCCESS;
      });
  if (error == simdjson::SUCCESS) intake.AddResourceAttribute(name, text);
  return error;
}

error_code ParseResource(ondemand::value value, OtlpIntake& intake) {
  if (IsNull(value)) return simdjson::SUCCESS;
  ondemand::object resource;
  if (const auto error = value.get_object().get(resource)) return error;
  return ForEachField(resource, [&intake](ondemand::raw_json_string key, ondemand::value of) {
    if (!Is(key, "attributes")) return simdjson::SUCCESS;
    return ForEachObject(
        of, [&intake](ondemand::object attribute) { return ParseAttribute(attribute, intake); });
  });
}

error_code ParseScopeSpans(ondemand::object scope, OtlpIntake& intake) {
  return ForEachField(scope, [&intake](ondemand::raw_json_string key, ondemand::value value) {
    if (!Is(key, "spans")) return simdjson::SUCCESS;
    return ForEachObject(value,
                         [&intake](ondemand::object span) { return ParseSpan(span, intake); });
  });
}

error_code ParseResourceSpans(ondemand::object object, OtlpIntake& intake) {
  intake.BeginResource();
  const error_code error =
      ForEachField(object, [&intake](ondemand::raw_json_string key, ondemand::value value) {
        if (Is(key, "resource")) return ParseResource(value, intake);
        // The second pair is what the spans of a library stood under before version 0.15 of OTLP.
        if (IsEither(key, "scopeSpans", "scope_spans") ||
            IsEither(key, "instrumentationLibrarySpans", "instrumentation_library_spans")) {
          return ForEachObject(
              value, [&intake](ondemand::object scope) { return ParseScopeSpans(scope, intake); });
        }
        return simdjson::SUCCESS;
      });
  if (error == simdjson::SUCCESS) intake.EndResource();
  return error;
}

}  // namespace

struct OtlpJsonDecoder::Parser {
  ondemand::parser parser;

  // Calls `use(object)` for the object that is the whole of `text`.
  template <class Use>
  absl::Status ForWhole(std::string_view text, std::string_view what, const Use& use) {
    const simdjson::padded_string_view padded(text.data(), text.size(), text.size() + kPadding);
    ondemand::document document;
    ondemand::object object;
    error_code error = parser.iterate(padded).get(document);
    if (error == simdjson::SUCCESS) error = document.get_object().get(object);
    if (error == simdjson::SUCCESS) error = use(object);
    // Only behind the end there is no location.
    if (error == simdjson::SUCCESS && document.current_location().error() == simdjson::SUCCESS) {
      error = simdjson::TRAILING_CONTENT;
    }
    if (error == simdjson::SUCCESS) return absl::OkStatus();
    return absl::InvalidArgumentError(fmt::format("{} bytes are no {} in JSON: {}", text.size(),
                                                  what, simdjson::error_message(error)));
  }
};

OtlpJsonDecoder::OtlpJsonDecoder() : parser_(std::make_unique<Parser>()) {}
OtlpJsonDecoder::~OtlpJsonDecoder() = default;

absl::Status OtlpJsonDecoder::Decode(std::string_view text, OtlpIntake& intake) {
  return parser_->ForWhole(text, "ExportTraceServiceRequest", [&intake](ondemand::object request) {
    return ForEachField(request, [&intake](ondemand::raw_json_string key, ondemand::value value) {
      if (!IsEither(key, "resourceSpans", "resource_spans")) return simdjson::SUCCESS;
      return ForEachObject(value, [&intake](ondemand::object element) {
        return ParseResourceSpans(element, intake);
      });
    });
  });
}

absl::Status OtlpJsonDecoder::DecodeResourceSpans(std::string_view text, OtlpIntake& intake) {
  return parser_->ForWhole(text, "ResourceSpans", [&intake](ondemand::object element) {
    return ParseResourceSpans(element, intake);
  });
}

absl::Status ReadOtlpJson(InputFile& input, ReadContext context, ReadCounts& counts,
                          Bytes element_bound) {
  TraceCutter cutter(input, TraceCutter::Shape::kOtlp, element_bound);
  OtlpJsonDecoder decoder;
  OtlpIntake intake(context.names, context.arguments);
  const std::uint64_t answers_before = counts.answers;
  for (;;) {
    const absl::StatusOr<TraceCutter::Piece> piece = cutter.Next();
    counts.answers = answers_before + cutter.answers();
    if (!piece.ok()) return piece.status();
    if (piece->state == TraceCutter::PieceState::kEnd) return absl::OkStatus();
    ++counts.rows;
    if (piece->state == TraceCutter::PieceState::kTooLarge) {
      context.skipped.Add(
          input.path(), piece->number,
          fmt::format("an element of resourceSpans larger than {} bytes", element_bound.value()));
      continue;
    }
    intake.Clear();
    if (const absl::Status decoded = decoder.DecodeResourceSpans(piece->text, intake);
        !decoded.ok()) {
      context.skipped.Add(input.path(), piece->number, "an element that is not ResourceSpans",
                          std::string(decoded.message()));
      continue;
    }
    for (std::size_t fault = 0; fault < kOtlpFaults; ++fault) {
      const OtlpIntake::Refused& refused = intake.refused()[fault];
      context.skipped.Add(input.path(), piece->number, ToString(static_cast<OtlpFault>(fault)),
                          refused.first, refused.spans);
    }
    counts.spans += intake.spans().size();
    context.sink.Accept(intake.spans());
  }
}

}  // namespace trimtab
