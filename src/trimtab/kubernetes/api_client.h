// Requests to a Kubernetes API server.
#pragma once

#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "trimtab/http/http_client.h"
#include "trimtab/kubernetes/retry_pauses.h"
#include "trimtab/quantity/time.h"

namespace trimtab {

struct ApiClientOptions {
  std::string field_manager = "trimtab";
  Duration timeout = std::chrono::seconds(30);  // of one attempt
  RetryOptions retry{};
  int page_size = 500;
  std::size_t most_items = 200'000;  // of one list
  // Asked before each attempt of a write that would be stored; an error is the answer and nothing
  // is sent.
  std::function<absl::Status()> before_write{};
  // Asked for the same writes on the open connection, immediately before their bytes leave
  // (HttpRequest::before_sent). Where a leader says whether its lease still holds: a retry, a slow
  // connection, or a stop of the process comes later than the decision to write.
  std::function<absl::Status()> before_sent{};
  // Waits; false when stopped first. The real one is WaitFor() of the room `clock`.
  std::function<bool(Duration, const std::stop_token&)> wait{};
};

enum class PatchType { kMerge, kStrategicMerge, kJson, kApply };

struct WriteOptions {
  bool dry_run = false;  // dryRun=All: checked in full, not stored
  bool force = false;    // kApply only: takes fields that another manager owns
  std::stop_token stop{};
};

struct DeleteOptions {
  std::string uid{};       // only the object of that uid
  int grace_seconds = -1;  // the object's own when negative
  bool dry_run = false;
  std::stop_token stop{};
};

using ApiQuery = std::vector<std::pair<std::string, std::string>>;

// A client of one API server. Errors are those of HttpClient, and of ApiFailure for what the server
// answered; ApiFailureOf() gives its reason and causes.
//
// Asked again, after jittered pauses and at most `retry.attempts` times in all: whatever never
// reached the server, 429 and 5xx with Retry-After (the server did nothing), and, for what may be
// done twice (reads, server-side apply, dry runs), failed transports and 500, 502, 503, 504. A
// Retry-After above `retry.longest_pause` is the caller's to wait for.
//
// A write that fails in its transport after it was sent may have been done: read again.
// Every write is strict (an unknown field is an error) and carries the field manager.
// Thread-safety: every method may be called from any thread.
class ApiClient {
 public:
  using Json = nlohmann::json;
  struct ObjectList {
    std::vector<Json> items;
    std::string resource_version;
  };

  // `server` without a slash at the end. REQUIRES: options.wait.
  ApiClient(std::string server, std::unique_ptr<HttpClient> http, ApiClientOptions options);

  absl::StatusOr<Json> Get(std::string_view path, const ApiQuery& query = {},
                           const std::stop_token& stop = {});

  // The whole collection, page by page; the pages are of one version. A list whose continuation
  // expires is begun anew, once. `on_page` gets the items of each page and may stop by an error;
  // after a new beginning it gets `restarted` with the first page. The resource version comes back.
  using PageConsumer = std::function<absl::Status(std::vector<Json>& items, bool restarted)>;
  absl::StatusOr<std::string> ListPages(std::string_view path, const ApiQuery& query,
                                        const PageConsumer& on_page,
                                        const std::stop_token& stop = {});
  // All at once. kResourceExhausted: more than most_items.
  absl::StatusOr<ObjectList> List(std::string_view path, const ApiQuery& query = {},
                                  const std::stop_token& stop = {});

  absl::StatusOr<Json> Create(std::string_view path, const Json& object,
                              const WriteOptions& options = {});
  absl::StatusOr<Json> Replace(std::string_view path, const Json& object,
                               const WriteOptions& options = {});
  absl::StatusOr<Json> Patch(std::string_view path, PatchType type, const Json& patch,
                             const WriteOptions& options = {});
  // The object as it was, or a Status.
  absl::StatusOr<Json> Delete(std::string_view path, const DeleteOptions& options = {});

  // A watch: `on_chunk` gets the bytes as they arrive, until the server ends it (OK), it returns
  // false (OK), `longest_silence` passes without a byte, or `timeout` in all. Not retried.
  absl::Status Stream(std::string_view path, const ApiQuery& query, Duration timeout,
                      Duration longest_silence,
                      const std::function<bool(std::string_view)>& on_chunk,
                      const std::stop_token& stop);

  const ApiClientOptions& options() const { return options_; }

 private:
  struct Call {
    std::string method;
    std::string path;
    ApiQuery query;
    std::string body;
    std::string content_type;
    bool may_repeat = false;
    bool is_stored = false;
    std::stop_token stop;
  };
  absl::StatusOr<Json> Run(const Call& call);
  absl::StatusOr<HttpResponse> Attempt(const Call& call);
  absl::StatusOr<Json> Write(std::string method, std::string_view path, std::string content_type,
                             const Json& body, const WriteOptions& options, bool may_repeat);
  std::string Url(std::string_view path, const ApiQuery& query) const;

  const std::string server_;
  const std::unique_ptr<HttpClient> http_;
  const ApiClientOptions options_;
  RetryPauses pauses_;
};

}  // namespace trimtab
