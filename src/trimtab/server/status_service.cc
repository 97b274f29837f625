#include "trimtab/server/status_service.h"

#include <fmt/format.h>

#include <iterator>
#include <string_view>
#include <utility>

#include "trimtab/quantity/text.h"
#include "trimtab/telemetry/metric_text.h"

namespace trimtab {
namespace {

ServedAnswer Text(int status, std::string body,
                  std::string_view type = "text/plain; charset=utf-8") {
  return {.status = status,
          .headers = {{"content-type", std::string(type)}, {"x-content-type-options", "nosniff"}},
          .body = std::move(body),
          .trailers = {}};
}

// Whether the query has the parameter `name`, with any value or none.
bool HasParameter(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    const std::string_view one = query.substr(0, query.find('&'));
    if (one.substr(0, one.find('=')) == name) return true;
    query.remove_prefix(std::min(query.size(), one.size() + 1));
  }
  return false;
}

// Runs the checks; the body names those that failed, and all of them where that is asked for.
ServedAnswer Health(std::string_view page, const std::vector<const HealthCheck*>& checks,
                    int failed_status, bool is_verbose) {
  std::string failed;
  std::string all;
  for (const HealthCheck* check : checks) {
    const absl::Status status = check->check();
    const std::string line =
        status.ok() ? fmt::format("[+]{} ok\n", check->name)
                    : fmt::format("[-]{} failed: {}\n", check->name, std::string(status.message()));
    all += line;
    if (!status.ok()) failed += line;
  }
  if (failed.empty()) {
    return Text(200, is_verbose ? all + fmt::format("{} check passed\n", page) : "ok\n");
  }
  return Text(failed_status, (is_verbose ? all : failed) + fmt::format("{} check failed\n", page));
}

}  // namespace

ServedAnswer StatusService::Answer(const ServedRequest& request) const {
  const std::string_view target = request.path;
  const std::string_view path = target.substr(0, target.find('?'));
  const std::string_view query =
      path.size() < target.size() ? target.substr(path.size() + 1) : std::string_view();
  const bool is_metrics = path == "/metrics" && pages_.metrics != nullptr;
  const bool is_live = path == "/healthz" || path == "/livez";
  const bool is_ready = path == "/readyz";
  if (!is_metrics && !is_live && !is_ready) {
    return Text(404, fmt::format("the pages are {}/healthz, /livez and /readyz\n",
                                 pages_.metrics == nullptr ? "" : "/metrics, "));
  }
  if (request.method != "GET" && request.method != "HEAD") {
    ServedAnswer answer = Text(405, "only GET and HEAD\n");
    answer.headers.emplace_back("allow", "GET, HEAD");
    return answer;
  }
  if (is_metrics) return Text(200, pages_.metrics(), MetricTextWriter::kContentType);
  std::vector<const HealthCheck*> checks;
  for (const HealthCheck& check : pages_.live) checks.push_back(&check);
  if (is_ready) {
    for (const HealthCheck& check : pages_.ready) checks.push_back(&check);
  }
  return Health(path.substr(1), checks, is_ready ? 503 : 500, HasParameter(query, "verbose"));
}

absl::StatusOr<std::unique_ptr<SocketServer>> StartStatusServer(
    const std::vector<ListenAddress>& addresses, StatusPages pages, const Clock& clock,
    SocketServerOptions options) {
  // No page takes a body.
  options.connections.session.largest_body = 0;
  return SocketServer::Start(
      addresses,
      [service = StatusService(std::move(pages))](const ServedRequest& request) {
        return service.Answer(request);
      },
      clock, options);
}

absl::Status Heartbeat::Check() const {
  const Duration since = clock_.Now() - last_.load();
  if (since <= longest_) return absl::OkStatus();
  return absl::DeadlineExceededError(
      fmt::format("no round for {}, at most {}", FormatDuration(since), FormatDuration(longest_)));
}

}  // namespace trimtab
