// The certificate with which a server speaks TLS, taken up anew when its files change.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "trimtab/quantity/time.h"
#include "trimtab/server/tls_channel.h"

namespace trimtab {

// PEM.
struct ServerTlsFiles {
  std::string certificate_file{};  // the server's certificate, then those between it and its root
  std::string key_file{};          // unencrypted
  // Clients have to show a certificate that one of these authorities issued; empty: they need none.
  std::string client_ca_file{};
};

// TLS 1.2 or later, ciphers with forward secrecy and authenticated encryption, no renegotiation and
// no resumption: every connection is held to the certificates of its own time.
// Thread-safety: none.
class ServerTls {
 public:
  // Told each time the files have changed: OK when what they hold is in use from now on, else why
  // not; what was in use then stays in use.
  using Report = std::function<void(const absl::Status&)>;

  // Loads OpenSSL. kNotFound: a file cannot be read; kInvalidArgument, naming the file: it does not
  // hold what it should, or key and certificate are not each other's. `report` may be null.
  static absl::StatusOr<std::unique_ptr<ServerTls>> Create(ServerTlsFiles files, Instant now,
                                                           Report report);

  // Reads the files when the last time was `kRefreshInterval` ago. Connections that are there stay
  // as they are.
  static constexpr Duration kRefreshInterval = std::chrono::seconds(5);
  void Refresh(Instant now);

  // For one more connection, which may outlive the object.
  std::unique_ptr<TlsChannel> Accept();

 private:
  struct Texts {
    std::string certificate, key, client_ca;
    friend bool operator==(const Texts&, const Texts&) = default;
  };
  struct FreeContext {
    const SslLibrary* library;
    void operator()(ssl_ctx_st* context) const;
  };
  using Context = std::unique_ptr<ssl_ctx_st, FreeContext>;

  ServerTls(const SslLibrary& library, ServerTlsFiles files, Report report)
      : library_(library),
        files_(std::move(files)),
        report_(std::move(report)),
        context_(nullptr, {&library}) {}
  absl::StatusOr<Texts> ReadFiles() const;
  absl::StatusOr<Context> MakeContext(const Texts& texts) const;
  absl::Status UseCertificate(ssl_ctx_st* context, const Texts& texts) const;
  absl::Status RequireClients(ssl_ctx_st* context, const Texts& texts) const;

  const SslLibrary& library_;
  ServerTlsFiles files_;
  Report report_;
  Context context_;
  absl::StatusOr<Texts> seen_{Texts{}};  // what the files held at the last look
  Instant looked_at_{};
};

}  // namespace trimtab
