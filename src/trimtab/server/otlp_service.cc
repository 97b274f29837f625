#include "trimtab/server/otlp_service.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <string>
#include <utility>

#include "absl/strings/escaping.h"
#include "trimtab/server/gunzip.h"
#include "trimtab/server/otlp_answer.h"
#include "trimtab/server/pending_answer.h"

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

// The leader's answer, or that there is none.
ServedAnswer Forwarded(ForwardOutcome outcome, Encoding encoding) {
  if (!outcome.reason.empty()) {
    outcome.body = StatusBody(absl::UnavailableError(outcome.reason), encoding);
  }
  ServedAnswer answer = InEncoding(outcome.status, encoding, std::move(outcome.body));
  if (outcome.retry_after > Duration(0)) {
    answer.headers.emplace_back("retry-after", RetrySeconds(outcome.retry_after));
  }
  return answer;
}

// The same in the words of gRPC.
ServedAnswer ForwardedToGrpc(const ForwardOutcome& outcome) {
  const auto failed = [&](absl::StatusCode code, const std::string& what) {
    return GrpcAnswer(absl::Status(code, outcome.reason.empty() ? what : outcome.reason), {},
                      outcome.retry_after);
  };
  switch (outcome.status) {
    case 200:
      return GrpcAnswer(absl::OkStatus(), GrpcFrame(outcome.body), {});
    case 400:
      return failed(absl::StatusCode::kInvalidArgument, "the leader finds no request of OTLP");
    case 413:
      return failed(absl::StatusCode::kResourceExhausted, "the leader finds the message too large");
    default:
      return failed(absl::StatusCode::kUnavailable, "the leader has no room now");
  }
}

}  // namespace

ServedReply OtlpService::Answer(ServedRequest request) {
  const std::string type = MediaType(request.Header("content-type"));
  const bool is_grpc = type == "application/grpc" || type.starts_with("application/grpc+");
  return is_grpc ? AnswerGrpc(std::move(request)) : AnswerHttp(std::move(request));
}

ServedReply OtlpService::Forward(const ServedRequest& received, ForwardRequest request,
                                 std::function<ServedAnswer(ForwardOutcome)> finish) {
  const bool was_forwarded = !received.Header(std::string(kForwardedHeader)).empty();
  if (forwarder_ == nullptr || was_forwarded) {
    return finish({.status = 503,
                   .reason = was_forwarded ? "this replica does not lead any more, or not yet"
                                           : "this replica does not lead",
                   .retry_after = options_.retry_after});
  }
  auto pending = std::make_shared<PendingAnswer>();
  forwarder_->Forward(std::move(request),
                      [pending, finish = std::move(finish)](ForwardOutcome outcome) {
                        pending->Set(finish(std::move(outcome)));
                      });
  return pending;
}

ServedReply OtlpService::AnswerHttp(ServedRequest request) {
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
  const bool is_gzip = compression == "gzip";
  if (!compression.empty() && compression != "identity" && !is_gzip) {
    return Plain(415, "a content encoding other than gzip and identity");
  }
  if (!leads_) {
    ForwardRequest forward = {.content_type = type,
                              .content_encoding = is_gzip ? "gzip" : "",
                              .body = std::move(request.body)};
    return Forward(request, std::move(forward), [encoding](ForwardOutcome outcome) {
      return Forwarded(std::move(outcome), encoding);
    });
  }
  if (is_gzip && !request.body.empty()) {
    absl::StatusOr<std::string> text = Gunzip(request.body, options_.largest_body);
    if (absl::IsResourceExhausted(text.status())) return failed(413, text.status());
    if (!text.ok()) return failed(400, text.status());
    request.body = *std::move(text);
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

ServedReply OtlpService::AnswerGrpc(ServedRequest request) {
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
  const bool is_gzip = request.Header("grpc-encoding") == "gzip";
  if (!leads_) {
    absl::StatusOr<GrpcPayload> payload = UnframeGrpc(std::move(request.body), is_gzip);
    if (!payload.ok()) return failed(payload.status());
    ForwardRequest forward = {.content_type = "application/x-protobuf",
                              .content_encoding = payload->is_gzip ? "gzip" : "",
                              .body = std::move(payload->bytes)};
    return Forward(request, std::move(forward), ForwardedToGrpc);
  }
  absl::StatusOr<std::string> message =
      TakeGrpcMessage(std::move(request.body), is_gzip, options_.largest_body);
  if (!message.ok()) return failed(message.status());
  const SpanInbox::Receipt receipt =
      inbox_.Take(*std::move(message), Encoding::kProtobuf, clock_.Now());
  if (!receipt.status.ok()) return failed(receipt.status);
  return GrpcAnswer(receipt.status, GrpcFrame(ResponseBody(receipt, Encoding::kProtobuf)), {});
}

}  // namespace trimtab
