// Spans of one sender spread over two receivers, as a Service spreads its senders' connections.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "trimtab/http/http_client.h"
#include "trimtab/http/testing/loopback_server.h"

namespace trimtab {

// Takes OTLP over HTTP (protobuf) and sends the spans of each pod on by themselves, in turn to one
// receiver and the other: the spans of a trace go to both. What one does not take it offers to the
// other, until one has taken it, as the exporters of the pods would. Thread-safety: every method
// may be called from any thread.
class SpanSpreader {
 public:
  // "127.0.0.1:4318" each.
  explicit SpanSpreader(std::vector<std::string> receivers);
  ~SpanSpreader() { has_ended_ = true; }
  SpanSpreader(const SpanSpreader&) = delete;
  SpanSpreader& operator=(const SpanSpreader&) = delete;

  std::string url() const { return server_.Url(""); }
  // Takes nothing from now on (503), and returns once nothing is under way; and takes again.
  void Hold();
  void Release() { is_held_ = false; }

  // Spans that a receiver has answered with 200, by receiver.
  std::vector<std::uint64_t> taken() const;

 private:
  void Take(const LoopbackConnection::Request& request, const LoopbackConnection& connection);
  void Send(std::string_view resource_spans);

  const std::vector<std::string> receivers_;
  const std::unique_ptr<HttpClient> http_;
  std::atomic<bool> is_held_ = false;
  std::atomic<bool> has_ended_ = false;
  std::atomic<std::size_t> turn_ = 0;
  mutable std::mutex mutex_;
  std::vector<std::uint64_t> taken_;  // guarded by mutex_
  std::mutex under_way_;              // held while a request is
  LoopbackServer server_;             // its threads use what stands above
};

// The fields of a message of protobuf that are messages themselves, or texts: number and bytes.
// Those of other kinds are left out; so is what follows bytes that are no message.
std::vector<std::pair<int, std::string_view>> ProtobufFields(std::string_view message);

}  // namespace trimtab
