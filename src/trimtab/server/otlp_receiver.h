// The receiver of OTLP: sockets, protocol and inbox together.
#pragma once

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "trimtab/clock/clock.h"
#include "trimtab/server/otlp_service.h"
#include "trimtab/server/socket_server.h"
#include "trimtab/server/span_inbox.h"

namespace trimtab {

struct OtlpReceiverOptions {
  SpanInbox::Options inbox{};
  SocketServerOptions sockets{};
};

// Receives from its making to its end; HTTP and gRPC on every port.
// Thread-safety: every method may be called from any thread.
class OtlpReceiver {
 public:
  // `clock` must outlive the receiver. Errors as SocketServer::Start().
  static absl::StatusOr<std::unique_ptr<OtlpReceiver>> Start(
      const std::vector<ListenAddress>& addresses, const Clock& clock, OtlpReceiverOptions options);

  // The port TraceSource.
  SpanInbox& inbox() { return inbox_; }
  const std::vector<std::uint16_t>& ports() const { return server_->ports(); }

 private:
  OtlpReceiver(const Clock& clock, const OtlpReceiverOptions& options);

  SpanInbox inbox_;
  OtlpService service_;
  std::unique_ptr<SocketServer> server_;  // the last: it ends before what it calls
};

}  // namespace trimtab
