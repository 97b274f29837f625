#include "trimtab/kubernetes/api_failure.h"

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/cord.h"
#include "fmt/format.h"
#include "trimtab/kubernetes/json_view.h"

namespace trimtab {
namespace {

using Json = nlohmann::json;

constexpr absl::string_view kPayload = "trimtab.dev/api-failure";
constexpr std::size_t kLongestMessage = 1024;
constexpr std::size_t kMostCauses = 32;

absl::StatusCode CodeOf(const ApiFailure& failure) {
  switch (failure.code) {
    case 400:
    case 422:
      return absl::StatusCode::kInvalidArgument;
    case 401:
      return absl::StatusCode::kUnauthenticated;
    case 403:
      return absl::StatusCode::kPermissionDenied;
    case 404:
      return absl::StatusCode::kNotFound;
    case 405:
    case 406:
    case 415:
      return absl::StatusCode::kUnimplemented;
    case 409:
      return failure.reason == "AlreadyExists" ? absl::StatusCode::kAlreadyExists
                                               : absl::StatusCode::kAborted;
    case 410:
      return absl::StatusCode::kOutOfRange;
    case 413:
    case 429:
      return absl::StatusCode::kResourceExhausted;
    case 500:
      return absl::StatusCode::kInternal;
    case 502:
    case 503:
      return absl::StatusCode::kUnavailable;
    case 504:
      return absl::StatusCode::kDeadlineExceeded;
    default:
      return absl::StatusCode::kUnknown;
  }
}

// One bounded line.
std::string Line(std::string_view text) {
  std::string line(absl::StripAsciiWhitespace(
      absl::string_view(text.data(), std::min(text.size(), kLongestMessage))));
  std::replace_if(line.begin(), line.end(), [](unsigned char c) { return c < 0x20; }, ' ');
  return line;
}

void ReadStatusObject(const Json& status, ApiFailure& failure) {
  failure.reason = TextAt(status, {"reason"});
  failure.message = Line(TextAt(status, {"message"}));
  for (const Json& cause : ArrayAt(status, {"details", "causes"})) {
    if (failure.causes.size() == kMostCauses) break;
    failure.causes.push_back(
        {TextAt(cause, {"reason"}), TextAt(cause, {"field"}), Line(TextAt(cause, {"message"}))});
  }
  const auto seconds = IntegerAt(status, {"details", "retryAfterSeconds"});
  if (!failure.retry_after && seconds && *seconds > 0 && *seconds <= 86400) {
    failure.retry_after = std::chrono::seconds(*seconds);
  }
}

}  // namespace

bool ApiFailure::HasCause(std::string_view cause) const {
  return std::any_of(causes.begin(), causes.end(),
                     [&](const ApiCause& one) { return one.reason == cause; });
}

ApiFailure ReadApiFailure(const HttpResponse& response) {
  ApiFailure failure{.code = response.status, .retry_after = RetryAfter(response)};
  const auto body = JsonFromText(response.body);
  if (body.ok() && TextAt(*body, {"kind"}) == "Status") {
    ReadStatusObject(*body, failure);
  } else {
    failure.message = Line(response.body);
  }
  return failure;
}

absl::Status ToStatus(std::string_view what, const ApiFailure& failure) {
  std::string text = fmt::format("{}: {}{}{}", what, failure.code,
                                 failure.reason.empty() ? "" : " ", failure.reason);
  if (!failure.message.empty()) text += fmt::format(": {}", failure.message);
  if (failure.retry_after) {
    text +=
        fmt::format(" (may be asked again in {} s)",
                    std::chrono::duration_cast<std::chrono::seconds>(*failure.retry_after).count());
  }
  absl::Status status(CodeOf(failure), text);
  Json payload = {{"code", failure.code}, {"reason", failure.reason}, {"message", failure.message}};
  for (const ApiCause& cause : failure.causes) {
    payload["causes"].push_back(
        {{"reason", cause.reason}, {"field", cause.field}, {"message", cause.message}});
  }
  if (failure.retry_after) payload["retry_after"] = failure.retry_after->count();
  const std::string text_of_payload = DumpJson(payload);
  // As a view: Debian's library lacks, for clang, the constructor that takes a string.
  status.SetPayload(kPayload, absl::Cord(absl::string_view(text_of_payload)));
  return status;
}

std::optional<ApiFailure> ApiFailureOf(const absl::Status& status) {
  const auto payload = status.GetPayload(kPayload);
  if (!payload) return std::nullopt;
  const auto json = JsonFromText(std::string(*payload));
  if (!json.ok()) return std::nullopt;
  ApiFailure failure{.code = static_cast<int>(IntegerAt(*json, {"code"}).value_or(0)),
                     .reason = TextAt(*json, {"reason"}),
                     .message = TextAt(*json, {"message"})};
  for (const Json& cause : ArrayAt(*json, {"causes"})) {
    failure.causes.push_back(
        {TextAt(cause, {"reason"}), TextAt(cause, {"field"}), TextAt(cause, {"message"})});
  }
  if (const auto nanoseconds = IntegerAt(*json, {"retry_after"})) {
    failure.retry_after = Duration(*nanoseconds);
  }
  return failure;
}

}  // namespace trimtab
