#include "trimtab/server/otlp_answer.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <protozero/pbf_writer.hpp>

#include "trimtab/server/gunzip.h"

namespace trimtab {
namespace {

constexpr std::size_t kGrpcPrefix = 5;

std::string JsonText(const nlohmann::ordered_json& document) {
  return document.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace

std::string ResponseBody(const SpanInbox::Receipt& receipt, SpanInbox::Encoding encoding) {
  if (encoding == SpanInbox::Encoding::kJson) {
    nlohmann::ordered_json partial = nlohmann::ordered_json::object();
    if (receipt.lost > 0) {
      partial["rejectedSpans"] = std::to_string(receipt.lost);
      partial["errorMessage"] = receipt.reasons;
    }
    return JsonText({{"partialSuccess", partial}});
  }
  std::string body;
  if (receipt.lost == 0) return body;
  protozero::pbf_writer response(body);
  protozero::pbf_writer partial(response, 1);
  partial.add_int64(1, static_cast<std::int64_t>(receipt.lost));
  partial.add_string(2, receipt.reasons);
  partial.commit();
  return body;
}

std::string StatusBody(const absl::Status& status, SpanInbox::Encoding encoding, Duration retry) {
  const std::string message(status.message());
  if (encoding == SpanInbox::Encoding::kJson) {
    return JsonText({{"code", status.raw_code()}, {"message", message}});
  }
  std::string body;
  protozero::pbf_writer writer(body);
  writer.add_int32(1, status.raw_code());
  writer.add_string(2, message);
  if (retry > Duration(0)) {
    protozero::pbf_writer any(writer, 3);
    any.add_string(1, "type.googleapis.com/google.rpc.RetryInfo");
    protozero::pbf_writer info(any, 2);
    protozero::pbf_writer delay(info, 1);
    delay.add_int64(1, std::chrono::duration_cast<std::chrono::seconds>(retry).count());
    delay.add_int32(2, static_cast<std::int32_t>(retry.count() % 1'000'000'000));
  }
  return body;
}

std::string GrpcMessage(std::string_view message) {
  std::string text;
  for (const char c : message) {
    if (c >= 0x20 && c <= 0x7e && c != '%') {
      text += c;
    } else {
      fmt::format_to(std::back_inserter(text), "%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return text;
}

std::string GrpcFrame(std::string_view message) {
  std::string frame(1, '\0');
  for (int shift = 24; shift >= 0; shift -= 8) {
    frame += static_cast<char>(message.size() >> shift & 0xff);
  }
  return frame.append(message);
}

absl::StatusOr<GrpcPayload> UnframeGrpc(std::string body, bool may_be_gzip) {
  if (body.size() < kGrpcPrefix) {
    return absl::InvalidArgumentError(
        fmt::format("{} bytes where a message of gRPC begins with {}", body.size(), kGrpcPrefix));
  }
  std::size_t length = 0;
  for (std::size_t at = 1; at < kGrpcPrefix; ++at) {
    length = length << 8 | static_cast<unsigned char>(body[at]);
  }
  if (length != body.size() - kGrpcPrefix) {
    return absl::InvalidArgumentError(fmt::format(
        "a message of gRPC of {} bytes says that it has {}", body.size() - kGrpcPrefix, length));
  }
  const char flag = body[0];
  body.erase(0, kGrpcPrefix);
  if (flag != 0 && (flag != 1 || !may_be_gzip)) {
    return absl::UnimplementedError("a compression other than gzip");
  }
  return GrpcPayload{.bytes = std::move(body), .is_gzip = flag == 1};
}

absl::StatusOr<std::string> TakeGrpcMessage(std::string body, bool may_be_gzip,
                                            std::size_t most_bytes) {
  absl::StatusOr<GrpcPayload> payload = UnframeGrpc(std::move(body), may_be_gzip);
  if (!payload.ok()) return payload.status();
  if (!payload->is_gzip) return std::move(payload->bytes);
  return Gunzip(payload->bytes, most_bytes);
}

}  // namespace trimtab
