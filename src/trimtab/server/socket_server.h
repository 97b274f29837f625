// Connections over TCP, each spoken to in the version of HTTP that its client chose.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "trimtab/clock/clock.h"
#include "trimtab/server/session.h"

namespace trimtab {

// "127.0.0.1:4318", "[::1]:4318". Port 0: any free one.
struct ListenAddress {
  std::string host;
  std::uint16_t port = 0;

  // kInvalidArgument: no numeric address, no port, or one above 65535. Names are not looked up.
  static absl::StatusOr<ListenAddress> Parse(const std::string& text);
};

struct SocketServerOptions {
  SessionLimits limits{};
  // Bodies under way on all connections together.
  std::size_t most_body_bytes = std::size_t{64} << 20;
  // Beyond it further connections wait in the kernel's queue.
  std::size_t most_connections = 512;
  // A connection on which nothing is under way; and one on which something is, but which completes
  // no request for so long, however many bytes it trickles.
  Duration idle_timeout = std::chrono::minutes(3);
  Duration request_timeout = std::chrono::seconds(30);
};

// Serves on one thread of its own until it is destroyed: the handler is called there, one request
// after the other. A connection that begins with the preface of HTTP/2 is one of HTTP/2, any other
// one of HTTP/1.1, whatever the port. A client that does not read its answers is not read from.
// Thread-safety: every method may be called from any thread.
class SocketServer {
 public:
  // `clock` must outlive the server. kUnavailable: an address cannot be listened on; names it.
  static absl::StatusOr<std::unique_ptr<SocketServer>> Start(
      const std::vector<ListenAddress>& addresses, RequestHandler handler, const Clock& clock,
      SocketServerOptions options);
  // Ends every connection.
  ~SocketServer();
  SocketServer(const SocketServer&) = delete;
  SocketServer& operator=(const SocketServer&) = delete;

  // The ports that are listened on, in the order of the addresses.
  const std::vector<std::uint16_t>& ports() const;

 private:
  class Loop;
  explicit SocketServer(std::unique_ptr<Loop> loop);
  std::unique_ptr<Loop> loop_;
};

}  // namespace trimtab
