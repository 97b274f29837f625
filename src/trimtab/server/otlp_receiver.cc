#include "trimtab/server/otlp_receiver.h"

#include <utility>

namespace trimtab {

OtlpReceiver::OtlpReceiver(const Clock& clock, const OtlpReceiverOptions& options,
                           std::unique_ptr<SpanForwarder> forwarder)
    : clock_(clock),
      inbox_(options.inbox),
      forwarder_(std::move(forwarder)),
      leads_(forwarder_ == nullptr),
      service_(inbox_, clock, {.largest_body = options.sockets.connections.session.largest_body},
               forwarder_.get()) {
  service_.set_leads(leads_);
}

absl::StatusOr<std::unique_ptr<OtlpReceiver>> OtlpReceiver::Start(
    const std::vector<ListenAddress>& addresses, const Clock& clock, OtlpReceiverOptions options) {
  std::unique_ptr<SpanForwarder> forwarder;
  if (options.forwarding) {
    auto made = SpanForwarder::Create(*options.forwarding);
    if (!made.ok()) return made.status();
    forwarder = *std::move(made);
  }
  std::unique_ptr<OtlpReceiver> receiver(new OtlpReceiver(clock, options, std::move(forwarder)));
  OtlpService& service = receiver->service_;
  auto server = SocketServer::Start(
      addresses, [&service](ServedRequest request) { return service.Answer(std::move(request)); },
      clock, std::move(options.sockets));
  if (!server.ok()) return server.status();
  receiver->server_ = *std::move(server);
  return receiver;
}

void OtlpReceiver::Lead() {
  const std::scoped_lock lock(role_mutex_);
  if (std::exchange(leads_, true)) return;
  if (forwarder_ != nullptr) forwarder_->SetLeader({});
  inbox_.Begin(clock_.Now());
  service_.set_leads(true);
}

void OtlpReceiver::Follow(std::string leader) {
  const std::scoped_lock lock(role_mutex_);
  if (forwarder_ != nullptr) forwarder_->SetLeader(std::move(leader));
  if (!std::exchange(leads_, false)) return;
  service_.set_leads(false);
  inbox_.End();
}

ForwardAccount OtlpReceiver::forwarded() const {
  return forwarder_ == nullptr ? ForwardAccount() : forwarder_->account();
}

}  // namespace trimtab
