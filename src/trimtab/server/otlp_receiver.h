// The receiver of OTLP: sockets, protocol and inbox together.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "trimtab/clock/clock.h"
#include "trimtab/server/otlp_service.h"
#include "trimtab/server/socket_server.h"
#include "trimtab/server/span_forwarder.h"
#include "trimtab/server/span_inbox.h"

namespace trimtab {

struct OtlpReceiverOptions {
  SpanInbox::Options inbox{};
  SocketServerOptions sockets{};
  // One of several replicas: it follows, nobody known, until it is told who leads.
  std::optional<ForwardOptions> forwarding{};
};

// Receives from its making to its end; HTTP and gRPC on every port. Of several replicas behind one
// address only the one that leads puts traces together; the others hand on to it what they receive,
// so that every trace arrives whole (OtlpService, SpanForwarder).
// Thread-safety: every method may be called from any thread.
class OtlpReceiver {
 public:
  // `clock` must outlive the receiver. Errors as SocketServer::Start() and
  // SpanForwarder::Create().
  static absl::StatusOr<std::unique_ptr<OtlpReceiver>> Start(
      const std::vector<ListenAddress>& addresses, const Clock& clock, OtlpReceiverOptions options);

  // This replica leads from now on: its inbox begins (SpanInbox::Begin()).
  void Lead();
  // Another one does, whose receiver is at this URL, or nobody is known to when it is empty. What
  // waits in the inbox is given up, and counted.
  void Follow(std::string leader);
  // What a following replica has handed on; all 0 without forwarding.
  ForwardAccount forwarded() const;

  // The port TraceSource.
  SpanInbox& inbox() { return inbox_; }
  const std::vector<std::uint16_t>& ports() const { return server_->ports(); }

 private:
  OtlpReceiver(const Clock& clock, const OtlpReceiverOptions& options,
               std::unique_ptr<SpanForwarder> forwarder);

  const Clock& clock_;
  SpanInbox inbox_;
  std::unique_ptr<SpanForwarder> forwarder_;  // null without forwarding
  std::mutex role_mutex_;                     // makes a change of role one step
  bool leads_ = false;                        // guarded by it
  OtlpService service_;
  std::unique_ptr<SocketServer> server_;  // the last: it ends before what it calls
};

}  // namespace trimtab
