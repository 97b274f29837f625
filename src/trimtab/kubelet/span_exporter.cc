#include "trimtab/kubelet/span_exporter.h"

#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "trimtab/clock/stoppable_wait.h"
#include "trimtab/http/url.h"
#include "trimtab/kubelet/span_encoder.h"

namespace trimtab {
namespace {

bool MayBeRepeated(int status) {
  return status == 429 || status == 502 || status == 503 || status == 504;
}

}  // namespace

absl::StatusOr<std::unique_ptr<SpanExporter>> SpanExporter::Create(SpanExporterOptions options) {
  if (const auto url = ParseUrl(options.endpoint); !url.ok()) return url.status();
  while (options.endpoint.ends_with('/')) options.endpoint.pop_back();
  auto http = HttpClient::Create({});
  if (!http.ok()) return http.status();
  return std::unique_ptr<SpanExporter>(new SpanExporter(std::move(options), *std::move(http)));
}

SpanExporter::SpanExporter(SpanExporterOptions options, std::unique_ptr<HttpClient> http)
    : options_(std::move(options)),
      http_(std::move(http)),
      pauses_(options_.retry, "otlp export"),
      thread_([this](const std::stop_token& stop) { Run(stop); }) {}

SpanExporter::~SpanExporter() = default;

void SpanExporter::Export(std::string request, std::uint64_t spans) {
  const std::lock_guard lock(mutex_);
  if (queued_bytes_ + request.size() > static_cast<std::size_t>(options_.longest_queue.value())) {
    account_.dropped += spans;
    return;
  }
  queued_bytes_ += request.size();
  queue_.push_back({std::move(request), spans});
  wake_.notify_one();
}

SpanExporter::Account SpanExporter::account() const {
  const std::lock_guard lock(mutex_);
  return account_;
}

void SpanExporter::Run(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (wake_.wait(lock, stop, [this] { return !queue_.empty(); })) {
    const Request request = std::move(queue_.front());
    queue_.pop_front();
    queued_bytes_ -= request.body.size();
    lock.unlock();
    while (!Send(request, stop) && !stop.stop_requested()) {
    }
    lock.lock();
    if (stop.stop_requested()) break;
  }
}

bool SpanExporter::Send(const Request& request, const std::stop_token& stop) {
  const auto answer = http_->Send({.method = "POST",
                                   .url = options_.endpoint + "/v1/traces",
                                   .headers = {{"Content-Type", "application/x-protobuf"}},
                                   .body = request.body,
                                   .timeout = options_.timeout,
                                   .stop = stop});
  if (answer.ok() && answer->ok()) {
    const auto rejected = static_cast<std::uint64_t>(RejectedSpans(answer->body));
    const std::lock_guard lock(mutex_);
    failures_ = 0;
    account_.rejected += rejected;
    account_.sent += request.spans - std::min(rejected, request.spans);
    account_.last_error = absl::OkStatus();
    return true;
  }
  const absl::Status error =
      answer.ok() ? absl::UnavailableError(fmt::format("POST {}/v1/traces: HTTP {}",
                                                       options_.endpoint, answer->status))
                  : answer.status();
  const bool again = answer.ok() ? MayBeRepeated(answer->status)
                                 : absl::IsUnavailable(error) || absl::IsDeadlineExceeded(error);
  {
    const std::lock_guard lock(mutex_);
    account_.last_error = error;
    if (!again) account_.dropped += request.spans;
  }
  if (!again) return true;
  WaitFor(pauses_.After(++failures_, answer.ok() ? RetryAfter(*answer) : std::nullopt), stop);
  return false;
}

}  // namespace trimtab
