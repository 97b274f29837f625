#include "trimtab/server/otlp_service.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <string>
#include <utility>

#include "absl/strings/escaping.h"
#include "trimtab/server/gunzip.h"
#include "trimtab/server/otlp_answer.h"

namespace trimtab {
namespace {

using Encoding = SpanInbox::Encoding;

constexpr std::string_view kHttpPath = "/v1/traces";
constexpr std::string_view kGrpcPath =
    "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

// "application/json; charset=utf-8" without what follows the type, in lower case.
std::string MediaType(std::string_view value) {
  std::string type(value.substr(0, value.find(';')));
  while (!type.empty() && type.back() == ' ') type.pop_back();
  std::ranges::transform(type, type.begin(), [](unsigned char c) { return std::tolower(c); });
  return type;
}

std::string_view WithoutQuery(std::string_view path) { return path.substr(0, path.find('?')); }

ServedAnswer Plain(int status, std::string message) {
  return {.status = status,
          .headers = {{"content-type", "text/plain; charset=utf-8"}},
          .body = std::move(message) + "\n",
          .trailers = {}};
}

std::string RetrySeconds(Duration retry) {
  return std::to_string(
      std::max<std::int64_t>(1, std::chrono::duration_cast<std::chrono::seconds>(retry).count()));
}

ServedAnswer InEncoding(int status, Encoding encoding, std::string body) {
  return {.status = status,
          .headers = {{"content-type", encoding == Encoding::kJson ? "application/json"
                                                                   : "application/x-protobuf"}},
          .body = std::move(body),
          .trailers = {}};
}

// Of gRPC: the outcome in trailers, after a message when there is one.
ServedAnswer GrpcAnswer(const absl::Status& status, std::string body, Duration retry) {
  ServedAnswer answer = {.status = 200,
                         .headers = {{"content-type", "application/grpc"}},
                         .body = std::move(body),
                         .trailers = {{"grpc-status", std::to_string(status.raw_code())}}};
  if (status.ok()) return answer;
  answer.trailers.emplace_back("grpc-message", GrpcMessage(std::string(status.message())));
  if (absl::IsUnavailable(status)) {
    answer.trailers.emplace_back(
        "grpc-status-details-bin",
        absl::Base64Escape(StatusBody(status, Encoding::kProtobuf, retry)));
  }
  return answer;
}

}  // namespace

ServedAnswer OtlpService::Answer(ServedRequest request) {
  const std::string type = MediaType(request.Header("content-type"));
  const bool is_grpc = type == "application/grpc" || type.starts_with("application/grpc+");
  return is_grpc ? AnswerGrpc(std::move(request)) : AnswerHttp(std::move(request));
}

ServedAnswer OtlpService::AnswerHttp(ServedRequest request) {
  if (WithoutQuery(request.path) != kHttpPath) {
    return Plain(404, fmt::format("spans are received at {}", kHttpPath));
  }
  if (request.method != "POST") {
    ServedAnswer answer = Plain(405, "only POST");
    answer.headers.emplace_back("allow", "POST");
    return answer;
  }
  const std::string type = MediaType(request.Header("content-type"));
  if (type != "application/x-protobuf" && type != "application/json") {
    return Plain(415, "a content type other than application/x-protobuf and application/json");
  }
  const Encoding encoding = type == "application/json" ? Encoding::kJson : Encoding::kProtobuf;
  const auto failed = [encoding](int status, const absl::Status& why) {
    return InEncoding(status, encoding, StatusBody(why, encoding));
  };
  const absl::Status too_large = absl::ResourceExhaustedError(
      fmt::format("a body of more than {} bytes", options_.largest_body));
  if (request.is_too_large) return failed(413, too_large);

  const std::string compression = MediaType(request.Header("content-encoding"));
  if (compression == "gzip" && !request.body.empty()) {
    absl::StatusOr<std::string> text = Gunzip(request.body, options_.largest_body);
    if (absl::IsResourceExhausted(text.status())) return failed(413, text.status());
    if (!text.ok()) return failed(400, text.status());
    request.body = *std::move(text);
  } else if (!compression.empty() && compression != "identity" && compression != "gzip") {
    return Plain(415, "a content encoding other than gzip and identity");
  }
  // A request without a body is one without spans.
  if (encoding == Encoding::kJson && request.body.empty()) request.body = "{}";
  const SpanInbox::Receipt receipt = inbox_.Take(std::move(request.body), encoding, clock_.Now());
  if (absl::IsUnavailable(receipt.status)) {
    ServedAnswer answer = failed(503, receipt.status);
    answer.headers.emplace_back("retry-after", RetrySeconds(options_.retry_after));
    return answer;
  }
  if (!receipt.status.ok()) return failed(400, receipt.status);
  return InEncoding(200, encoding, ResponseBody(receipt, encoding));
}

ServedAnswer OtlpService::AnswerGrpc(ServedRequest request) {
  const auto failed = [this](const absl::Status& status) {
    return GrpcAnswer(status, {}, options_.retry_after);
  };
  if (request.path != kGrpcPath) {
    return failed(absl::UnimplementedError(fmt::format("the only method is {}", kGrpcPath)));
  }
  if (request.is_too_large) {
    return failed(absl::ResourceExhaustedError(
        fmt::format("a message of more than {} bytes", options_.largest_body)));
  }
  absl::StatusOr<std::string> message = TakeGrpcMessage(
      std::move(request.body), request.Header("grpc-encoding") == "gzip", options_.largest_body);
  if (!message.ok()) return failed(message.status());
  const SpanInbox::Receipt receipt =
      inbox_.Take(*std::move(message), Encoding::kProtobuf, clock_.Now());
  if (!receipt.status.ok()) return failed(receipt.status);
  return GrpcAnswer(receipt.status, GrpcFrame(ResponseBody(receipt, Encoding::kProtobuf)), {});
}

}  // namespace trimtab
