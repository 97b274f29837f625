#include "trimtab/server/tls_channel.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include "trimtab/server/ssl_library.h"

namespace trimtab {
namespace {

// The first byte of every TLS connection: a record of the handshake.
constexpr char kHandshakeRecord = 0x16;
constexpr std::string_view kToldInClear =
    "HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain; charset=utf-8\r\n"
    "content-length: 29\r\nconnection: close\r\n\r\nthis port speaks TLS (https)\n";
// A record of TLS holds at most 16 KiB.
constexpr std::size_t kRecord = std::size_t{16} << 10;

}  // namespace

TlsChannel::TlsChannel(const SslLibrary& library, ssl_ctx_st* context)
    : library_(library),
      ssl_(library.ssl_new(context)),
      input_(library.bio_new(library.bio_s_mem())),
      output_(library.bio_new(library.bio_s_mem())) {
  if (ssl_ == nullptr || input_ == nullptr || output_ == nullptr) {
    is_broken_ = true;
    return;
  }
  library_.set_bio(ssl_, input_, output_);
  library_.set_accept_state(ssl_);
}

TlsChannel::~TlsChannel() {
  const bool is_joined = ssl_ != nullptr && input_ != nullptr && output_ != nullptr;
  library_.ssl_free(ssl_);
  if (is_joined) return;
  library_.bio_free(input_);
  library_.bio_free(output_);
}

bool TlsChannel::Receive(std::string_view bytes, std::string& clear) {
  if (is_broken_ || bytes.empty()) return !is_broken_;
  if (!has_begun_ && bytes.front() != kHandshakeRecord) {
    is_broken_ = true;
    if (std::isupper(static_cast<unsigned char>(bytes.front())) != 0) told_in_clear_ = kToldInClear;
    return false;
  }
  has_begun_ = true;
  // Errors of other connections of this thread would be taken for this one's.
  library_.err_clear_error();
  while (!bytes.empty()) {
    // As much as one record at a time: the rest of a connection that breaks is not even stored.
    const std::size_t size = std::min(bytes.size(), kRecord);
    library_.bio_write(input_, bytes.data(), static_cast<int>(size));
    bytes.remove_prefix(size);
    for (;;) {
      const std::size_t before = clear.size();
      clear.resize(before + kRecord);
      const int got = library_.read(ssl_, clear.data() + before, static_cast<int>(kRecord));
      clear.resize(before + static_cast<std::size_t>(std::max(got, 0)));
      if (got > 0) continue;
      is_broken_ = library_.get_error(ssl_, got) != SSL_ERROR_WANT_READ;
      break;
    }
    is_established_ = is_established_ || library_.is_init_finished(ssl_) == 1;
    if (is_broken_) {
      library_.err_clear_error();
      return false;
    }
  }
  return true;
}

void TlsChannel::Send(std::string_view clear) {
  while (!clear.empty() && !is_broken_) {
    const std::size_t size = std::min(clear.size(), kRecord);
    // A memory BIO takes everything.
    is_broken_ = library_.write(ssl_, clear.data(), static_cast<int>(size)) <= 0;
    clear.remove_prefix(size);
  }
}

void TlsChannel::Close() {
  if (is_established_ && !is_broken_) library_.shutdown(ssl_);
}

std::string TlsChannel::TakeOutput() {
  std::string bytes = std::exchange(told_in_clear_, {});
  if (output_ == nullptr) return bytes;
  const std::size_t before = bytes.size();
  const std::size_t waiting = library_.bio_ctrl_pending(output_);
  bytes.resize(before + waiting);
  if (waiting > 0) {
    library_.bio_read(output_, bytes.data() + before, static_cast<int>(waiting));
  }
  return bytes;
}

TlsChannel::Protocol TlsChannel::protocol() const {
  const unsigned char* name = nullptr;
  unsigned size = 0;
  if (ssl_ != nullptr) library_.get0_alpn_selected(ssl_, &name, &size);
  const std::string_view chosen(reinterpret_cast<const char*>(name), size);
  if (chosen == "h2") return Protocol::kHttp2;
  return chosen == "http/1.1" ? Protocol::kHttp1 : Protocol::kNotAgreed;
}

}  // namespace trimtab
