#include "trimtab/server/ssl_library.h"

#include <dlfcn.h>
#include <fmt/format.h>

namespace trimtab {
namespace {

// The one that libcurl links too: a process has a single OpenSSL.
constexpr const char* kLibrary = "libssl.so.3";

// Finds what libssl itself links as well: libcrypto.
template <class Function>
bool Resolve(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(dlsym(library, name));
  return function != nullptr;
}

absl::StatusOr<SslLibrary> Load() {
  void* handle = dlopen(kLibrary, RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) {
    return absl::FailedPreconditionError(
        fmt::format("TLS needs {}, which is not installed (Debian package libssl3)", kLibrary));
  }
  SslLibrary ssl;
  const bool complete =
      Resolve(handle, "TLS_server_method", ssl.tls_server_method) &&
      Resolve(handle, "SSL_CTX_new", ssl.ctx_new) &&
      Resolve(handle, "SSL_CTX_free", ssl.ctx_free) &&
      Resolve(handle, "SSL_CTX_ctrl", ssl.ctx_ctrl) &&
      Resolve(handle, "SSL_CTX_set_options", ssl.ctx_set_options) &&
      Resolve(handle, "SSL_CTX_set_cipher_list", ssl.ctx_set_cipher_list) &&
      Resolve(handle, "SSL_CTX_set_num_tickets", ssl.ctx_set_num_tickets) &&
      Resolve(handle, "SSL_CTX_set_alpn_select_cb", ssl.ctx_set_alpn_select_cb) &&
      Resolve(handle, "SSL_CTX_set_verify", ssl.ctx_set_verify) &&
      Resolve(handle, "SSL_CTX_get_cert_store", ssl.ctx_get_cert_store) &&
      Resolve(handle, "SSL_CTX_add_client_CA", ssl.ctx_add_client_ca) &&
      Resolve(handle, "SSL_CTX_use_certificate", ssl.ctx_use_certificate) &&
      Resolve(handle, "SSL_CTX_use_PrivateKey", ssl.ctx_use_private_key) &&
      Resolve(handle, "SSL_select_next_proto", ssl.select_next_proto) &&
      Resolve(handle, "SSL_new", ssl.ssl_new) && Resolve(handle, "SSL_free", ssl.ssl_free) &&
      Resolve(handle, "SSL_set_bio", ssl.set_bio) &&
      Resolve(handle, "SSL_set_accept_state", ssl.set_accept_state) &&
      Resolve(handle, "SSL_is_init_finished", ssl.is_init_finished) &&
      Resolve(handle, "SSL_read", ssl.read) && Resolve(handle, "SSL_write", ssl.write) &&
      Resolve(handle, "SSL_shutdown", ssl.shutdown) &&
      Resolve(handle, "SSL_get_error", ssl.get_error) &&
      Resolve(handle, "SSL_get0_alpn_selected", ssl.get0_alpn_selected) &&
      Resolve(handle, "BIO_new", ssl.bio_new) && Resolve(handle, "BIO_s_mem", ssl.bio_s_mem) &&
      Resolve(handle, "BIO_new_mem_buf", ssl.bio_new_mem_buf) &&
      Resolve(handle, "BIO_free", ssl.bio_free) && Resolve(handle, "BIO_read", ssl.bio_read) &&
      Resolve(handle, "BIO_write", ssl.bio_write) &&
      Resolve(handle, "BIO_ctrl_pending", ssl.bio_ctrl_pending) &&
      Resolve(handle, "PEM_read_bio_X509", ssl.pem_read_bio_x509) &&
      Resolve(handle, "PEM_read_bio_PrivateKey", ssl.pem_read_bio_private_key) &&
      Resolve(handle, "X509_free", ssl.x509_free) &&
      Resolve(handle, "X509_STORE_add_cert", ssl.x509_store_add_cert) &&
      Resolve(handle, "X509_check_private_key", ssl.x509_check_private_key) &&
      Resolve(handle, "EVP_PKEY_free", ssl.evp_pkey_free) &&
      Resolve(handle, "ERR_peek_last_error", ssl.err_peek_last_error) &&
      Resolve(handle, "ERR_reason_error_string", ssl.err_reason_error_string) &&
      Resolve(handle, "ERR_clear_error", ssl.err_clear_error);
  if (!complete) {
    return absl::FailedPreconditionError(
        fmt::format("{} lacks a function of its interface: {}", kLibrary, dlerror()));
  }
  return ssl;
}

}  // namespace

std::string SslLibrary::TakeReason() const {
  const char* const reason = err_reason_error_string(err_peek_last_error());
  err_clear_error();
  return reason == nullptr ? "no reason given" : reason;
}

absl::StatusOr<const SslLibrary*> LoadSsl() {
  static const absl::StatusOr<SslLibrary> loaded = Load();
  if (!loaded.ok()) return loaded.status();
  return &*loaded;
}

}  // namespace trimtab
