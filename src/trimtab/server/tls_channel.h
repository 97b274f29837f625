// TLS on one connection, without its socket.
#pragma once

#include <string>
#include <string_view>

struct bio_st;
struct ssl_ctx_st;
struct ssl_st;

namespace trimtab {

struct SslLibrary;

// The server's side: bytes of the network in, bytes for it out; what they hold in clear goes to a
// session and comes from it. A client that speaks HTTP in clear text is told so in clear text.
// Thread-safety: none.
class TlsChannel {
 public:
  // What the client chose by ALPN, of what servers here speak.
  enum class Protocol { kNotAgreed, kHttp1, kHttp2 };

  // `library` must outlive the channel.
  TlsChannel(const SslLibrary& library, ssl_ctx_st* context);
  ~TlsChannel();
  TlsChannel(const TlsChannel&) = delete;
  TlsChannel& operator=(const TlsChannel&) = delete;

  // Appends to `clear` what has arrived whole. False when nothing can follow: the client has ended
  // the connection, or broke the protocol; what it is told is in the output.
  bool Receive(std::string_view bytes, std::string& clear);

  // REQUIRES: is_established().
  void Send(std::string_view clear);
  // Tells the client that nothing follows.
  void Close();
  // Bytes to write, in their order.
  std::string TakeOutput();

  // The handshake is over; before that nothing is in clear.
  bool is_established() const { return is_established_; }
  Protocol protocol() const;

 private:
  const SslLibrary& library_;
  ssl_st* ssl_;
  // Both belong to `ssl_`.
  bio_st* input_;
  bio_st* output_;
  std::string told_in_clear_;
  bool has_begun_ = false;
  bool is_established_ = false;
  bool is_broken_ = false;
};

}  // namespace trimtab
