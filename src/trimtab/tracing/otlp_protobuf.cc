#include "trimtab/tracing/otlp_protobuf.h"

#include <fmt/format.h>

#include <bit>
#include <cstring>
#include <protozero/pbf_reader.hpp>
#include <utility>

namespace trimtab {
namespace {

using protozero::pbf_reader;
using protozero::pbf_wire_type;
using protozero::tag_and_type;

constexpr auto kBytes = pbf_wire_type::length_delimited;

std::string_view TakeText(pbf_reader& message) {
  const protozero::data_view view = message.get_view();
  return {view.data(), view.size()};
}

std::uint64_t BigEndian(const char* bytes) {
  std::uint64_t word = 0;
  std::memcpy(&word, bytes, sizeof(word));
  return std::endian::native == std::endian::little ? __builtin_bswap64(word) : word;
}

std::optional<TraceId> TraceIdOf(std::string_view bytes) {
  if (bytes.size() != 16) return std::nullopt;
  return TraceId{.high = BigEndian(bytes.data()), .low = BigEndian(bytes.data() + 8)};
}

std::optional<std::uint64_t> SpanIdOf(std::string_view bytes) {
  if (bytes.size() != 8) return std::nullopt;
  return BigEndian(bytes.data());
}

// A scalar of an AnyValue as text; empty for a value of another kind.
std::string ScalarOf(pbf_reader value) {
  std::string text;
  while (value.next()) {
    switch (value.tag_and_type()) {
      case tag_and_type(1, kBytes):
        text = TakeText(value);
        break;
      case tag_and_type(2, pbf_wire_type::varint):
        text = value.get_bool() ? "true" : "false";
        break;
      case tag_and_type(3, pbf_wire_type::varint):
        text = fmt::to_string(value.get_int64());
        break;
      case tag_and_type(4, pbf_wire_type::fixed64):
        text = fmt::to_string(value.get_double());
        break;
      default:
        value.skip();
    }
  }
  return text;
}

// The string of an AnyValue; empty for a value of another kind.
std::string_view TextOf(pbf_reader value) {
  std::string_view text;
  while (value.next()) {
    if (value.tag_and_type() == tag_and_type(1, kBytes)) {
      text = TakeText(value);
    } else {
      value.skip();
    }
  }
  return text;
}

// Key and value of an attribute; `read_value` takes what it wants out of the value.
template <class ReadValue>
auto DecodeAttribute(pbf_reader attribute, ReadValue read_value) {
  std::pair<std::string_view, decltype(read_value(attribute))> decoded;
  while (attribute.next()) {
    switch (attribute.tag_and_type()) {
      case tag_and_type(1, kBytes):
        decoded.first = TakeText(attribute);
        break;
      case tag_and_type(2, kBytes):
        decoded.second = read_value(attribute.get_message());
        break;
      default:
        attribute.skip();
    }
  }
  return decoded;
}

void DecodeResource(pbf_reader resource, OtlpIntake& intake) {
  while (resource.next()) {
    if (resource.tag_and_type() != tag_and_type(1, kBytes)) {
      resource.skip();
      continue;
    }
    const auto [key, value] = DecodeAttribute(resource.get_message(), TextOf);
    intake.AddResourceAttribute(key, value);
  }
}

void DecodeSpanAttribute(pbf_reader attribute, OtlpIntake& intake) {
  const auto [key, value] = DecodeAttribute(attribute, ScalarOf);
  intake.AddSpanAttribute(key, value);
}

// Whether a Status says STATUS_CODE_ERROR.
bool SaysError(pbf_reader status) {
  constexpr std::int32_t kError = 2;
  std::int32_t code = 0;
  while (status.next()) {
    if (status.tag_and_type() == tag_and_type(3, pbf_wire_type::varint)) {
      code = status.get_enum();
    } else {
      status.skip();
    }
  }
  return code == kError;
}

void DecodeSpan(pbf_reader message, OtlpIntake& intake) {
  OtlpSpan span;
  while (message.next()) {
    switch (message.tag_and_type()) {
      case tag_and_type(1, kBytes):
        span.trace = TraceIdOf(TakeText(message));
        break;
      case tag_and_type(2, kBytes):
        span.id = SpanIdOf(TakeText(message));
        break;
      case tag_and_type(4, kBytes): {
        const std::string_view parent = TakeText(message);
        span.parent = parent.empty() ? 0 : SpanIdOf(parent);
        break;
      }
      case tag_and_type(5, kBytes):
        span.name = TakeText(message);
        break;
      case tag_and_type(6, pbf_wire_type::varint):
        span.kind = message.get_int64();
        break;
      case tag_and_type(7, pbf_wire_type::fixed64):
        span.start_nanoseconds = message.get_fixed64();
        break;
      case tag_and_type(8, pbf_wire_type::fixed64):
        span.end_nanoseconds = message.get_fixed64();
        break;
      case tag_and_type(9, kBytes):
        if (intake.wants_attributes()) {
          DecodeSpanAttribute(message.get_message(), intake);
        } else {
          message.skip();
        }
        break;
      case tag_and_type(15, kBytes):
        span.is_error = SaysError(message.get_message());
        break;
      default:
        message.skip();
    }
  }
  intake.AddSpan(span);
}

void DecodeScopeSpans(pbf_reader scope, OtlpIntake& intake) {
  while (scope.next()) {
    if (scope.tag_and_type() == tag_and_type(2, kBytes)) {
      DecodeSpan(scope.get_message(), intake);
    } else {
      scope.skip();
    }
  }
}

void DecodeResourceSpans(pbf_reader message, OtlpIntake& intake) {
  // Before version 0.15 of OTLP the spans of a library stood under this number, in the same shape.
  constexpr protozero::pbf_tag_type kLibrarySpans = 1000;
  intake.BeginResource();
  while (message.next()) {
    switch (message.tag_and_type()) {
      case tag_and_type(1, kBytes):
        DecodeResource(message.get_message(), intake);
        break;
      case tag_and_type(2, kBytes):
      case tag_and_type(kLibrarySpans, kBytes):
        DecodeScopeSpans(message.get_message(), intake);
        break;
      default:
        message.skip();
    }
  }
  intake.EndResource();
}

}  // namespace

absl::Status DecodeOtlpProtobuf(std::string_view message, OtlpIntake& intake) {
  try {
    pbf_reader request(message.data(), message.size());
    while (request.next()) {
      if (request.tag_and_type() == tag_and_type(1, kBytes)) {
        DecodeResourceSpans(request.get_message(), intake);
      } else {
        request.skip();
      }
    }
  } catch (const protozero::exception& error) {
    return absl::InvalidArgumentError(fmt::format(
        "{} bytes are no ExportTraceServiceRequest in protobuf: {}", message.size(), error.what()));
  }
  return absl::OkStatus();
}

}  // namespace trimtab
