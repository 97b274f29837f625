#include "trimtab/server/server_tls.h"

#include <fmt/format.h>

#include <array>
#include <string_view>
#include <utility>
#include <vector>

#include "trimtab/http/credential.h"
#include "trimtab/server/ssl_library.h"

namespace trimtab {
namespace {

// RFC 9113 forbids HTTP/2 the others.
constexpr const char* kTls12Ciphers = "ECDHE+AESGCM:ECDHE+CHACHA20";

using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;
using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

Bio Reader(const SslLibrary& library, const std::string& text) {
  return {library.bio_new_mem_buf(text.data(), static_cast<int>(text.size())), library.bio_free};
}

// Without it OpenSSL would ask at the terminal.
int NoPassword(char* /*buffer*/, int /*size*/, int /*writes*/, void* /*user*/) { return -1; }

absl::Status Invalid(std::string_view file, std::string_view what) {
  return absl::InvalidArgumentError(fmt::format("'{}' {}", file, what));
}

absl::StatusOr<std::vector<Certificate>> Certificates(const SslLibrary& library,
                                                      const std::string& file,
                                                      const std::string& text) {
  const Bio reader = Reader(library, text);
  std::vector<Certificate> certificates;
  while (X509* const next = library.pem_read_bio_x509(reader.get(), nullptr, NoPassword, nullptr)) {
    certificates.emplace_back(next, library.x509_free);
  }
  const bool is_at_end = ERR_GET_REASON(library.err_peek_last_error()) == PEM_R_NO_START_LINE;
  const std::string reason = library.TakeReason();
  if (certificates.empty()) return Invalid(file, "holds no certificate in PEM");
  if (!is_at_end) {
    return Invalid(file, fmt::format("holds a broken certificate after {} good ones: {}",
                                     certificates.size(), reason));
  }
  return certificates;
}

// ALPN: the client's choices against ours, ours in the order of preference.
int ChooseProtocol(SSL* /*ssl*/, const unsigned char** chosen, unsigned char* size,
                   const unsigned char* offered, unsigned offered_size, void* library) {
  static constexpr std::array<unsigned char, 12> kOurs = {2,   'h', '2', 8,   'h', 't',
                                                          't', 'p', '/', '1', '.', '1'};
  unsigned char* out = nullptr;
  const int result = static_cast<const SslLibrary*>(library)->select_next_proto(
      &out, size, kOurs.data(), kOurs.size(), offered, offered_size);
  *chosen = out;
  return result == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

}  // namespace

void ServerTls::FreeContext::operator()(ssl_ctx_st* context) const { library->ctx_free(context); }

absl::StatusOr<std::unique_ptr<ServerTls>> ServerTls::Create(ServerTlsFiles files, Instant now,
                                                             Report report) {
  const auto library = LoadSsl();
  if (!library.ok()) return library.status();
  std::unique_ptr<ServerTls> tls(new ServerTls(**library, std::move(files), std::move(report)));
  tls->seen_ = tls->ReadFiles();
  tls->looked_at_ = now;
  if (!tls->seen_.ok()) return tls->seen_.status();
  absl::StatusOr<Context> context = tls->MakeContext(*tls->seen_);
  if (!context.ok()) return context.status();
  tls->context_ = *std::move(context);
  return tls;
}

absl::StatusOr<ServerTls::Texts> ServerTls::ReadFiles() const {
  Texts texts;
  const std::pair<const std::string&, std::string&> wanted[] = {
      {files_.certificate_file, texts.certificate},
      {files_.key_file, texts.key},
      {files_.client_ca_file, texts.client_ca}};
  for (const auto& [file, text] : wanted) {
    if (file.empty() && &file == &files_.client_ca_file) continue;
    absl::StatusOr<std::string> read = ReadSmallFile(file);
    if (!read.ok()) return read.status();
    text = *std::move(read);
  }
  return texts;
}

absl::Status ServerTls::UseCertificate(SSL_CTX* context, const Texts& texts) const {
  auto chain = Certificates(library_, files_.certificate_file, texts.certificate);
  if (!chain.ok()) return chain.status();
  const Bio reader = Reader(library_, texts.key);
  const Key key(library_.pem_read_bio_private_key(reader.get(), nullptr, NoPassword, nullptr),
                library_.evp_pkey_free);
  if (key == nullptr) {
    library_.err_clear_error();
    return Invalid(files_.key_file, "holds no unencrypted private key in PEM");
  }
  if (library_.x509_check_private_key(chain->front().get(), key.get()) != 1) {
    library_.err_clear_error();
    return Invalid(files_.key_file,
                   fmt::format("is not the key of the certificate '{}'", files_.certificate_file));
  }
  bool is_well = library_.ctx_use_certificate(context, chain->front().get()) == 1 &&
                 library_.ctx_use_private_key(context, key.get()) == 1;
  for (std::size_t at = 1; at < chain->size(); ++at) {
    is_well =
        is_well && library_.ctx_ctrl(context, SSL_CTRL_CHAIN_CERT, 1, (*chain)[at].get()) == 1;
  }
  return is_well ? absl::OkStatus() : Invalid(files_.certificate_file, library_.TakeReason());
}

absl::Status ServerTls::RequireClients(SSL_CTX* context, const Texts& texts) const {
  const auto authorities = Certificates(library_, files_.client_ca_file, texts.client_ca);
  if (!authorities.ok()) return authorities.status();
  for (const Certificate& authority : *authorities) {
    if (library_.x509_store_add_cert(library_.ctx_get_cert_store(context), authority.get()) != 1 ||
        library_.ctx_add_client_ca(context, authority.get()) != 1) {
      return Invalid(files_.client_ca_file, library_.TakeReason());
    }
  }
  library_.ctx_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  return absl::OkStatus();
}

absl::StatusOr<ServerTls::Context> ServerTls::MakeContext(const Texts& texts) const {
  Context made(library_.ctx_new(library_.tls_server_method()), {&library_});
  SSL_CTX* const context = made.get();
  if (context == nullptr) return absl::ResourceExhaustedError(library_.TakeReason());
  library_.ctx_ctrl(context, SSL_CTRL_SET_MIN_PROTO_VERSION, TLS1_2_VERSION, nullptr);
  library_.ctx_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET);
  library_.ctx_set_num_tickets(context, 0);
  library_.ctx_ctrl(context, SSL_CTRL_SET_SESS_CACHE_MODE, SSL_SESS_CACHE_OFF, nullptr);
  // An idle connection needs no room for two records.
  library_.ctx_ctrl(context, SSL_CTRL_MODE, SSL_MODE_RELEASE_BUFFERS, nullptr);
  library_.ctx_set_cipher_list(context, kTls12Ciphers);
  library_.ctx_set_alpn_select_cb(context, ChooseProtocol, const_cast<SslLibrary*>(&library_));
  if (absl::Status status = UseCertificate(context, texts); !status.ok()) return status;
  if (!files_.client_ca_file.empty()) {
    if (absl::Status status = RequireClients(context, texts); !status.ok()) return status;
  }
  return made;
}

void ServerTls::Refresh(Instant now) {
  if (now - looked_at_ < kRefreshInterval) return;
  looked_at_ = now;
  absl::StatusOr<Texts> texts = ReadFiles();
  // What was told once is not told again.
  if (texts.status() == seen_.status() && (!texts.ok() || *texts == *seen_)) return;
  seen_ = std::move(texts);
  absl::Status status = seen_.status();
  if (status.ok()) {
    absl::StatusOr<Context> context = MakeContext(*seen_);
    status = context.status();
    if (status.ok()) context_ = *std::move(context);
  }
  if (report_ != nullptr) report_(status);
}

std::unique_ptr<TlsChannel> ServerTls::Accept() {
  return std::make_unique<TlsChannel>(library_, context_.get());
}

}  // namespace trimtab
