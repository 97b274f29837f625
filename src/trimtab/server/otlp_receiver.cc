#include "trimtab/server/otlp_receiver.h"

#include <utility>

namespace trimtab {

OtlpReceiver::OtlpReceiver(const Clock& clock, const OtlpReceiverOptions& options)
    : inbox_(options.inbox),
      service_(inbox_, clock, {.largest_body = options.sockets.connections.session.largest_body}) {}

absl::StatusOr<std::unique_ptr<OtlpReceiver>> OtlpReceiver::Start(
    const std::vector<ListenAddress>& addresses, const Clock& clock, OtlpReceiverOptions options) {
  std::unique_ptr<OtlpReceiver> receiver(new OtlpReceiver(clock, options));
  OtlpService& service = receiver->service_;
  auto server = SocketServer::Start(
      addresses, [&service](ServedRequest request) { return service.Answer(std::move(request)); },
      clock, options.sockets);
  if (!server.ok()) return server.status();
  receiver->server_ = *std::move(server);
  return receiver;
}

}  // namespace trimtab
