// Requests of spans on their way to a collector.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "trimtab/http/http_client.h"
#include "trimtab/kubernetes/retry_pauses.h"
#include "trimtab/quantity/quantity.h"
#include "trimtab/quantity/time.h"

namespace trimtab {

struct SpanExporterOptions {
  std::string endpoint{};  // "http://127.0.0.1:4318"; "/v1/traces" is put after it
  Bytes longest_queue = Mebibytes(32);
  Duration timeout = std::chrono::seconds(10);  // of one request
  RetryOptions retry{};                         // its attempts do not count
};

// Posts OTLP over HTTP one request after the other, in order, on a thread of its own. 429, 502, 503
// and 504 and connections that fail are tried again, not before what Retry-After says; anything
// else that is no success loses the request. What finds no room in the queue is lost, too. Losses
// are counted, also those of which a receiver tells by partial_success.
// Thread-safety: every method may be called from any thread.
class SpanExporter {
 public:
  struct Account {
    std::uint64_t sent = 0;      // spans that a receiver took
    std::uint64_t dropped = 0;   // without room, or refused with their request
    std::uint64_t rejected = 0;  // by partial_success
    absl::Status last_error;     // OK while the last request succeeded
  };

  // kInvalidArgument: an endpoint that is no URL.
  static absl::StatusOr<std::unique_ptr<SpanExporter>> Create(SpanExporterOptions options);
  // Ends without sending what waits.
  ~SpanExporter();
  SpanExporter(const SpanExporter&) = delete;
  SpanExporter& operator=(const SpanExporter&) = delete;

  void Export(std::string request, std::uint64_t spans);
  Account account() const;

 private:
  struct Request {
    std::string body;
    std::uint64_t spans;
  };

  SpanExporter(SpanExporterOptions options, std::unique_ptr<HttpClient> http);
  void Run(const std::stop_token& stop);
  // Whether the request is done with, sent or lost; otherwise it is to be sent again.
  bool Send(const Request& request, const std::stop_token& stop);

  const SpanExporterOptions options_;
  const std::unique_ptr<HttpClient> http_;
  RetryPauses pauses_;
  int failures_ = 0;  // in a row; of the thread alone
  mutable std::mutex mutex_;
  std::condition_variable_any wake_;
  // Guarded by mutex_.
  std::deque<Request> queue_;
  std::size_t queued_bytes_ = 0;
  Account account_;
  std::jthread thread_;
};

}  // namespace trimtab
