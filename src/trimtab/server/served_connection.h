// One connection beyond its socket: TLS, the version of HTTP that its client chose, its session.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "trimtab/quantity/time.h"
#include "trimtab/server/session.h"
#include "trimtab/server/tls_channel.h"

namespace trimtab {

struct ConnectionLimits {
  SessionLimits session{};
  // A connection on which nothing is under way; and one on which something is, but which completes
  // no request for so long, however many bytes it trickles.
  Duration idle_timeout = std::chrono::minutes(3);
  Duration request_timeout = std::chrono::seconds(30);
  // From its beginning until TLS is established, however many bytes it trickles.
  Duration handshake_timeout = std::chrono::seconds(10);
};

// Bytes of the network in, bytes for it out. What ALPN agreed on is spoken; without it a connection
// that begins with the preface of HTTP/2 is one of HTTP/2, any other one of HTTP/1.1.
// Thread-safety: none.
class ServedConnection {
 public:
  // What all connections of a server share; must outlive them.
  struct Shared {
    RequestHandler handler;
    BodyBudget budget;
    ConnectionLimits limits;
  };

  // `tls` is null where the connection is in clear text.
  ServedConnection(Shared& shared, std::unique_ptr<TlsChannel> tls, Instant now)
      : shared_(shared), tls_(std::move(tls)), since_(now) {}

  void Receive(std::string_view bytes, Instant now);
  // An answer that was pending has been set.
  void Continue(Instant now);
  // The client sends no more.
  void EndInput() { is_over_ = true; }

  std::string_view output() const { return output_; }
  void Written(std::size_t bytes) { output_.erase(0, bytes); }

  // More bytes are taken. A client that does not read its answers is not read from, nor one whose
  // next request has to wait for the answer to its last.
  bool reads() const {
    return !is_over_ && output_.size() < kMostOutput &&
           (session_ == nullptr || !session_->is_blocked());
  }
  // Nothing follows the output.
  bool is_over() const { return is_over_; }
  bool HasTimedOut(Instant now) const;

 private:
  static constexpr std::size_t kMostOutput = std::size_t{1} << 20;

  void ReceiveClear(std::string_view bytes, Instant now);
  void MakeSession(bool is_http2);
  // Takes over what the session did: its output, its end.
  void Follow(bool is_open, std::uint64_t answered_before, Instant now);
  void TakeOutput();

  Shared& shared_;
  std::unique_ptr<TlsChannel> tls_;
  std::unique_ptr<Session> session_;  // once its version is known
  std::string first_;                 // bytes before that
  std::string output_;
  Instant since_;  // it has been idle, or has completed a request, or was opened
  bool is_over_ = false;
};

}  // namespace trimtab
