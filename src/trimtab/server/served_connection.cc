#include "trimtab/server/served_connection.h"

#include <algorithm>

#include "trimtab/server/http1_session.h"
#include "trimtab/server/http2_session.h"

namespace trimtab {

void ServedConnection::Receive(std::string_view bytes, Instant now) {
  if (is_over_) return;
  if (tls_ == nullptr) {
    ReceiveClear(bytes, now);
    return;
  }
  const bool was_established = tls_->is_established();
  std::string clear;
  const bool is_open = tls_->Receive(bytes, clear);
  output_ += tls_->TakeOutput();
  if (!was_established && tls_->is_established()) since_ = now;
  if (!clear.empty()) ReceiveClear(clear, now);
  is_over_ = is_over_ || !is_open;
}

void ServedConnection::ReceiveClear(std::string_view bytes, Instant now) {
  if (session_ == nullptr) {
    first_.append(bytes);
    const auto protocol = tls_ == nullptr ? TlsChannel::Protocol::kNotAgreed : tls_->protocol();
    const std::size_t known = std::min(first_.size(), kHttp2Preface.size());
    const bool is_preface =
        kHttp2Preface.substr(0, known) == std::string_view(first_).substr(0, known);
    if (protocol == TlsChannel::Protocol::kNotAgreed && is_preface &&
        known < kHttp2Preface.size()) {
      return;
    }
    MakeSession(protocol == TlsChannel::Protocol::kHttp2 ||
                (protocol == TlsChannel::Protocol::kNotAgreed && is_preface));
    bytes = first_;
  }
  const bool was_idle = session_->is_idle();
  const std::uint64_t answered = session_->answered();
  const bool is_open = session_->Receive(bytes);
  if (was_idle) since_ = now;
  first_ = {};
  Follow(is_open, answered, now);
}

void ServedConnection::Continue(Instant now) {
  if (session_ == nullptr || is_over_) return;
  const std::uint64_t answered = session_->answered();
  Follow(session_->Continue(), answered, now);
}

void ServedConnection::Follow(bool is_open, std::uint64_t answered_before, Instant now) {
  is_over_ = !is_open;
  if (session_->answered() > answered_before) since_ = now;
  TakeOutput();
}

void ServedConnection::MakeSession(bool is_http2) {
  session_ = is_http2 ? MakeHttp2Session(shared_.handler, shared_.budget, shared_.limits.session)
                      : MakeHttp1Session(shared_.handler, shared_.budget, shared_.limits.session);
}

void ServedConnection::TakeOutput() {
  const std::string clear = session_->TakeOutput();
  if (tls_ == nullptr) {
    output_ += clear;
    return;
  }
  tls_->Send(clear);
  if (is_over_) tls_->Close();
  output_ += tls_->TakeOutput();
}

bool ServedConnection::HasTimedOut(Instant now) const {
  const ConnectionLimits& limits = shared_.limits;
  if (tls_ != nullptr && !tls_->is_established()) return now - since_ > limits.handshake_timeout;
  const bool is_idle =
      output_.empty() && first_.empty() && (session_ == nullptr || session_->is_idle());
  return now - since_ > (is_idle ? limits.idle_timeout : limits.request_timeout);
}

}  // namespace trimtab
