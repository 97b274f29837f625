// Requests of OTLP that go on to the replica that leads.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "trimtab/http/http_client.h"
#include "trimtab/quantity/quantity.h"
#include "trimtab/quantity/time.h"

namespace trimtab {

// A request that carries this header has been forwarded, and is not forwarded again: two replicas
// that take each other for the leader do not send it to and fro.
inline constexpr std::string_view kForwardedHeader = "trimtab-forwarded";

struct ForwardOptions {
  HttpClientOptions http{.connect_timeout = std::chrono::seconds(2)};
  Duration timeout = std::chrono::seconds(5);  // of one request; below a sender's own
  std::size_t connections = 4;                 // to the leader, side by side
  Bytes memory_bound = Mebibytes(32);          // of bodies that wait or are under way
  Duration retry_after = std::chrono::seconds(2);
};

// As the sender sent it, compressed or not.
struct ForwardRequest {
  std::string content_type;
  std::string content_encoding;  // empty without one
  std::string body;
};

struct ForwardOutcome {
  // What the leader answered, of 200, 400, 413, 429 and 503; 503 with a reason in clear, too, where
  // it cannot be asked, or answers as no receiver of OTLP does.
  int status = 0;
  std::string body{};       // the leader's; empty where there is none
  std::string reason{};     // why there is none
  Duration retry_after{0};  // with 429 and 503
};

struct ForwardAccount {
  std::uint64_t taken = 0;     // requests, by the leader
  std::uint64_t refused = 0;   // by the leader, for good
  std::uint64_t deferred = 0;  // whose senders were told to come again
};

// Sends on as many threads as connections; what waits for them is bounded, and what finds no room
// is deferred at once. Nothing is kept for later: the sender keeps what was not taken, so that no
// loss is silent. Thread-safety: every method may be called from any thread.
class SpanForwarder {
 public:
  using Done = std::function<void(ForwardOutcome)>;

  // Errors as HttpClient::Create().
  static absl::StatusOr<std::unique_ptr<SpanForwarder>> Create(ForwardOptions options);
  // Defers what waits.
  ~SpanForwarder();
  SpanForwarder(const SpanForwarder&) = delete;
  SpanForwarder& operator=(const SpanForwarder&) = delete;

  // The address of the leader's receiver, such as "http://10.1.2.3:4318", for every request that is
  // not under way yet; empty while nobody is known to lead.
  void SetLeader(std::string url);

  // Calls `done` once, on any thread, perhaps before it returns.
  void Forward(ForwardRequest request, Done done);

  ForwardAccount account() const;

 private:
  struct Waiting {
    ForwardRequest request;
    Done done;
  };

  SpanForwarder(ForwardOptions options, std::unique_ptr<HttpClient> http);
  void Run(const std::stop_token& stop);
  ForwardOutcome Send(ForwardRequest request, const std::string& leader,
                      const std::stop_token& stop);
  ForwardOutcome Deferred(std::string reason) const;
  void Finish(const Done& done, ForwardOutcome outcome);

  const ForwardOptions options_;
  const std::unique_ptr<HttpClient> http_;
  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable_any wake_;
  std::deque<Waiting> waiting_;
  std::size_t held_bytes_ = 0;
  std::string leader_;
  ForwardAccount account_;
  std::vector<std::jthread> threads_;  // the last: they end before what they use
};

}  // namespace trimtab
