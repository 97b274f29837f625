#include "trimtab/kubernetes/api_client.h"

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "trimtab/http/http_client.h"
#include "trimtab/http/url.h"
#include "trimtab/kubernetes/api_failure.h"
#include "trimtab/kubernetes/json_view.h"

namespace trimtab {
namespace {

constexpr const char* kJsonType = "application/json";

const char* ContentTypeOf(PatchType type) {
  switch (type) {
    case PatchType::kMerge:
      return "application/merge-patch+json";
    case PatchType::kStrategicMerge:
      return "application/strategic-merge-patch+json";
    case PatchType::kJson:
      return "application/json-patch+json";
    case PatchType::kApply:
      return "application/apply-patch+yaml";
  }
  return kJsonType;
}

bool IsServerError(int status) {
  return status == 500 || status == 502 || status == 503 || status == 504;
}

// Whether the transport may do better next time.
bool IsTransient(const absl::Status& status) {
  return status.code() == absl::StatusCode::kUnavailable ||
         status.code() == absl::StatusCode::kDeadlineExceeded;
}

}  // namespace

ApiClient::ApiClient(std::string server, std::unique_ptr<HttpClient> http, ApiClientOptions options)
    : server_(std::move(server)),
      http_(std::move(http)),
      options_(std::move(options)),
      pauses_(options_.retry, "kubernetes/requests") {}

std::string ApiClient::Url(std::string_view path, const ApiQuery& query) const {
  return fmt::format("{}{}{}{}", server_, path, query.empty() ? "" : "?", QueryString(query));
}

absl::StatusOr<HttpResponse> ApiClient::Attempt(const Call& call) {
  HttpRequest request{.method = call.method,
                      .url = Url(call.path, call.query),
                      .headers = {{"Accept", kJsonType}},
                      .body = call.body,
                      .timeout = options_.timeout,
                      .stop = call.stop};
  if (call.is_stored) request.before_sent = options_.before_sent;
  if (!call.body.empty()) request.headers.push_back({"Content-Type", call.content_type});
  return http_->Send(request);
}

absl::StatusOr<ApiClient::Json> ApiClient::Run(const Call& call) {
  for (int attempt = 1;; ++attempt) {
    if (call.is_stored && options_.before_write) {
      if (absl::Status status = options_.before_write(); !status.ok()) return status;
    }
    auto response = Attempt(call);
    absl::Status status = response.status();
    bool repeat = false;
    std::optional<Duration> retry_after;
    if (!response.ok()) {
      repeat = WasNeverSent(status) || (call.may_repeat && IsTransient(status));
      repeat = repeat && IsTransient(status);
    } else if (response->ok()) {
      auto json = JsonFromText(response->body.empty() ? "null" : response->body);
      if (json.ok()) return json;
      return absl::DataLossError(
          fmt::format("{} {}: {}", call.method, call.path, std::string(json.status().message())));
    } else {
      const ApiFailure failure = ReadApiFailure(*response);
      status = ToStatus(fmt::format("{} {}", call.method, call.path), failure);
      retry_after = failure.retry_after;
      const bool is_server_error = IsServerError(failure.code);
      repeat = (retry_after && (failure.code == 429 || is_server_error)) ||
               (is_server_error && call.may_repeat);
      repeat = repeat && retry_after.value_or(Duration(0)) <= options_.retry.longest_pause;
    }
    if (!repeat || attempt >= options_.retry.attempts) return status;
    if (!options_.wait(pauses_.After(attempt, retry_after), call.stop)) {
      return absl::CancelledError(fmt::format("{} {}: cancelled", call.method, call.path));
    }
  }
}

absl::StatusOr<ApiClient::Json> ApiClient::Get(std::string_view path, const ApiQuery& query,
                                               const std::stop_token& stop) {
  return Run({.method = "GET",
              .path = std::string(path),
              .query = query,
              .body = "",
              .content_type = "",
              .may_repeat = true,
              .is_stored = false,
              .stop = stop});
}

absl::StatusOr<std::string> ApiClient::ListPages(std::string_view path, const ApiQuery& query,
                                                 const PageConsumer& on_page,
                                                 const std::stop_token& stop) {
  std::string continuation;
  bool has_restarted = false;
  bool is_restart = false;
  while (true) {
    ApiQuery page_query = query;
    page_query.emplace_back("limit", fmt::format("{}", options_.page_size));
    if (!continuation.empty()) page_query.emplace_back("continue", continuation);
    auto page = Get(path, page_query, stop);
    if (absl::IsOutOfRange(page.status()) && !continuation.empty() && !has_restarted) {
      has_restarted = true;
      is_restart = true;
      continuation.clear();
      continue;
    }
    if (!page.ok()) return page.status();
    const Json* items = ValueAt(*page, {"items"});
    if (!page->is_object() || (items != nullptr && !items->is_array())) {
      return absl::DataLossError(fmt::format("GET {}: the answer is not a list", path));
    }
    std::vector<Json> taken;
    if (items != nullptr) taken = std::move((*page)["items"].get_ref<Json::array_t&>());
    if (absl::Status status = on_page(taken, is_restart); !status.ok()) return status;
    is_restart = false;
    continuation = TextAt(*page, {"metadata", "continue"});
    if (continuation.empty()) return TextAt(*page, {"metadata", "resourceVersion"});
  }
}

absl::StatusOr<ApiClient::ObjectList> ApiClient::List(std::string_view path, const ApiQuery& query,
                                                      const std::stop_token& stop) {
  ObjectList list;
  const auto collect = [&](std::vector<Json>& items, bool restarted) {
    if (restarted) list.items.clear();
    if (list.items.size() + items.size() > options_.most_items) {
      return absl::ResourceExhaustedError(
          fmt::format("GET {}: more than {} items", path, options_.most_items));
    }
    std::move(items.begin(), items.end(), std::back_inserter(list.items));
    return absl::OkStatus();
  };
  auto version = ListPages(path, query, collect, stop);
  if (!version.ok()) return version.status();
  list.resource_version = *std::move(version);
  return list;
}

absl::StatusOr<ApiClient::Json> ApiClient::Write(std::string method, std::string_view path,
                                                 std::string content_type, const Json& body,
                                                 const WriteOptions& options, bool may_repeat) {
  ApiQuery query = {{"fieldManager", options_.field_manager}, {"fieldValidation", "Strict"}};
  if (options.dry_run) query.emplace_back("dryRun", "All");
  if (options.force) query.emplace_back("force", "true");
  return Run({.method = std::move(method),
              .path = std::string(path),
              .query = std::move(query),
              .body = DumpJson(body),
              .content_type = std::move(content_type),
              .may_repeat = may_repeat || options.dry_run,
              .is_stored = !options.dry_run,
              .stop = options.stop});
}

absl::StatusOr<ApiClient::Json> ApiClient::Create(std::string_view path, const Json& object,
                                                  const WriteOptions& options) {
  return Write("POST", path, kJsonType, object, options, false);
}

absl::StatusOr<ApiClient::Json> ApiClient::Replace(std::string_view path, const Json& object,
                                                   const WriteOptions& options) {
  return Write("PUT", path, kJsonType, object, options, false);
}

absl::StatusOr<ApiClient::Json> ApiClient::Patch(std::string_view path, PatchType type,
                                                 const Json& patch, const WriteOptions& options) {
  return Write("PATCH", path, ContentTypeOf(type), patch, options, type == PatchType::kApply);
}

absl::StatusOr<ApiClient::Json> ApiClient::Delete(std::string_view path,
                                                  const DeleteOptions& options) {
  Json body = {{"apiVersion", "v1"}, {"kind", "DeleteOptions"}};
  if (!options.uid.empty()) body["preconditions"]["uid"] = options.uid;
  if (options.grace_seconds >= 0) body["gracePeriodSeconds"] = options.grace_seconds;
  if (options.dry_run) body["dryRun"] = Json::array({"All"});
  return Run({.method = "DELETE",
              .path = std::string(path),
              .query = {},
              .body = DumpJson(body),
              .content_type = kJsonType,
              .may_repeat = options.dry_run,
              .is_stored = !options.dry_run,
              .stop = options.stop});
}

absl::Status ApiClient::Stream(std::string_view path, const ApiQuery& query, Duration timeout,
                               Duration longest_silence,
                               const std::function<bool(std::string_view)>& on_chunk,
                               const std::stop_token& stop) {
  const auto response = http_->Send({.url = Url(path, query),
                                     .headers = {{"Accept", kJsonType}},
                                     .timeout = timeout,
                                     .longest_silence = longest_silence,
                                     .on_chunk = on_chunk,
                                     .stop = stop});
  if (!response.ok()) return response.status();
  if (response->ok()) return absl::OkStatus();
  return ToStatus(fmt::format("GET {}", path), ReadApiFailure(*response));
}

}  // namespace trimtab
