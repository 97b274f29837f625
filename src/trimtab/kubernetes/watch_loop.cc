#include "trimtab/kubernetes/watch_loop.h"

#include <algorithm>
#include <chrono>
#include <mutex>
#include <nlohmann/json.hpp>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "trimtab/http/http_message.h"
#include "trimtab/kubernetes/api_failure.h"
#include "trimtab/kubernetes/json_view.h"

namespace trimtab {
namespace {

constexpr Duration kAtOnce = std::chrono::seconds(1);

// The failures of a stream that leave the version usable: what was missed comes with the next one.
bool MayResume(const absl::Status& status) {
  if (ApiFailureOf(status)) return !absl::IsOutOfRange(status);
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status);
}

}  // namespace

WatchLoop::WatchLoop(ApiClient& client, std::string path, ApiQuery selector, WatchSink& sink,
                     const Clock& clock, const WatchOptions& options)
    : client_(client),
      path_(std::move(path)),
      selector_(std::move(selector)),
      sink_(sink),
      clock_(clock),
      options_(options),
      pauses_(options.retry, "kubernetes/watch" + path_),
      thread_([this](const std::stop_token& stop) { Run(stop); }) {}

WatchLoop::~WatchLoop() {
  thread_.request_stop();
  thread_.join();
}

WatchState WatchLoop::state() const {
  const std::scoped_lock lock(mutex_);
  return state_;
}

void WatchLoop::Note(const absl::Status& status) {
  const std::scoped_lock lock(mutex_);
  state_.error = status;
  if (status.ok()) state_.last_answer = clock_.Now();
}

void WatchLoop::Run(const std::stop_token& stop) {
  int failures = 0;
  while (!stop.stop_requested()) {
    has_progress_ = false;
    const Instant before = clock_.Now();
    const bool is_list = version_.empty();
    const Duration length =
        failures == 0 ? options_.length : std::min(options_.length, options_.first_length);
    const absl::Status status = is_list ? ListOnce(stop) : WatchOnce(length, stop);
    if (stop.stop_requested()) return;
    Note(status);
    if (!status.ok() && !MayResume(status)) version_.clear();
    // A quiet watch is a good one, but one that ends at once may do so for ever.
    has_progress_ = has_progress_ || (status.ok() && clock_.Now() - before >= kAtOnce);
    if (has_progress_) failures = 0;
    if (status.ok() && has_progress_) continue;
    ++failures;
    const auto failure = ApiFailureOf(status);
    client_.options().wait(pauses_.After(failures, failure ? failure->retry_after : std::nullopt),
                           stop);
  }
}

absl::Status WatchLoop::ListOnce(const std::stop_token& stop) {
  sink_.BeginList();
  std::size_t count = 0;
  const auto on_page = [&](std::vector<ApiClient::Json>& items, bool restarted) -> absl::Status {
    if (restarted) {
      sink_.BeginList();
      count = 0;
    }
    count += items.size();
    if (count > options_.most_objects) {
      return absl::ResourceExhaustedError(
          fmt::format("GET {}: more than {} objects", path_, options_.most_objects));
    }
    for (const ApiClient::Json& item : items) {
      if (absl::Status status = sink_.Listed(item); !status.ok()) return status;
    }
    return absl::OkStatus();
  };
  auto version = client_.ListPages(path_, selector_, on_page, stop);
  if (!version.ok()) return version.status();
  if (version->empty()) {
    return absl::DataLossError(fmt::format("GET {}: the list has no resourceVersion", path_));
  }
  if (absl::Status status = sink_.EndList(); !status.ok()) return status;
  version_ = *std::move(version);
  has_progress_ = true;
  const std::scoped_lock lock(mutex_);
  state_.is_synced = true;
  ++state_.lists;
  return absl::OkStatus();
}

absl::Status WatchLoop::WatchOnce(Duration length, const std::stop_token& stop) {
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(length).count();
  ApiQuery query = selector_;
  query.emplace_back("watch", "true");
  query.emplace_back("allowWatchBookmarks", "true");
  query.emplace_back("resourceVersion", version_);
  query.emplace_back("timeoutSeconds", fmt::format("{}", seconds));
  {
    const std::scoped_lock lock(mutex_);
    ++state_.watches;
  }
  WatchDecoder decoder(static_cast<std::size_t>(options_.largest_event.value()));
  absl::Status used;
  const auto on_chunk = [&](std::string_view chunk) {
    used = decoder.Feed(chunk, [&](const WatchEvent& event) { return OnEvent(event); });
    if (used.ok()) Note(used);
    return used.ok() && !stop.stop_requested();
  };
  const absl::Status status = client_.Stream(path_, query, length + options_.patience,
                                             options_.longest_silence, on_chunk, stop);
  return used.ok() ? status : used;
}

absl::Status WatchLoop::OnEvent(const WatchEvent& event) {
  if (event.type == "ERROR") {
    const HttpResponse as_answer{
        .status = static_cast<int>(IntegerAt(event.object, {"code"}).value_or(500)),
        .body = DumpJson(event.object)};
    // Whatever it is, the version did not serve.
    version_.clear();
    return ToStatus(fmt::format("watching {}", path_), ReadApiFailure(as_answer));
  }
  const std::string version = TextAt(event.object, {"metadata", "resourceVersion"});
  if (version.empty()) {
    return absl::DataLossError(fmt::format("watching {}: an event without a version", path_));
  }
  absl::Status status;
  if (event.type == "ADDED" || event.type == "MODIFIED") {
    status = sink_.Changed(event.object);
  } else if (event.type == "DELETED") {
    status = sink_.Deleted(event.object);
  } else if (event.type != "BOOKMARK") {
    return absl::DataLossError(
        fmt::format("watching {}: an event of type '{}'", path_, event.type.substr(0, 32)));
  }
  if (!status.ok()) return status;
  version_ = version;
  has_progress_ = true;
  if (event.type != "BOOKMARK") {
    const std::scoped_lock lock(mutex_);
    ++state_.events;
  }
  return absl::OkStatus();
}

}  // namespace trimtab
