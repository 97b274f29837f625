// Connections over TCP, each spoken to in the version of HTTP that its client chose.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "trimtab/clock/clock.h"
#include "trimtab/server/listen_address.h"
#include "trimtab/server/served_connection.h"
#include "trimtab/server/server_tls.h"

namespace trimtab {

struct SocketServerOptions {
  ConnectionLimits connections{};
  // Bodies under way on all connections together.
  std::size_t most_body_bytes = std::size_t{64} << 20;
  // Beyond it further connections wait in the kernel's queue.
  std::size_t most_connections = 512;
  // None: in clear text. See CheckClearText().
  std::optional<ServerTlsFiles> tls{};
  ServerTls::Report tls_report{};  // called on the thread of the server
};

// Serves on one thread of its own until it is destroyed: the handler is called there, one request
// after the other, and must not wait: what takes its time is answered by a PendingAnswer. Every
// port speaks HTTP/1.1 and HTTP/2 (ServedConnection), all of them with TLS or none. Thread-safety:
// every method may be called from any thread.
class SocketServer {
 public:
  // `clock` must outlive the server. kUnavailable: an address cannot be listened on; names it.
  // Otherwise errors as ServerTls::Create().
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
