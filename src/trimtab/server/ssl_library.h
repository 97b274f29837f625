// OpenSSL's functions, found at run time.
#pragma once

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <string>

#include "absl/status/statusor.h"

namespace trimtab {

// The part of libssl and libcrypto that servers use. Loaded by the first server with TLS and not at
// the start of the program, which it would make longer by a third.
struct SslLibrary {
  decltype(&TLS_server_method) tls_server_method = nullptr;
  decltype(&SSL_CTX_new) ctx_new = nullptr;
  decltype(&SSL_CTX_free) ctx_free = nullptr;
  decltype(&SSL_CTX_ctrl) ctx_ctrl = nullptr;
  decltype(&SSL_CTX_set_options) ctx_set_options = nullptr;
  decltype(&SSL_CTX_set_cipher_list) ctx_set_cipher_list = nullptr;
  decltype(&SSL_CTX_set_num_tickets) ctx_set_num_tickets = nullptr;
  decltype(&SSL_CTX_set_alpn_select_cb) ctx_set_alpn_select_cb = nullptr;
  decltype(&SSL_CTX_set_verify) ctx_set_verify = nullptr;
  decltype(&SSL_CTX_get_cert_store) ctx_get_cert_store = nullptr;
  decltype(&SSL_CTX_add_client_CA) ctx_add_client_ca = nullptr;
  decltype(&SSL_CTX_use_certificate) ctx_use_certificate = nullptr;
  decltype(&SSL_CTX_use_PrivateKey) ctx_use_private_key = nullptr;
  decltype(&SSL_select_next_proto) select_next_proto = nullptr;
  decltype(&SSL_new) ssl_new = nullptr;
  decltype(&SSL_free) ssl_free = nullptr;
  decltype(&SSL_set_bio) set_bio = nullptr;
  decltype(&SSL_set_accept_state) set_accept_state = nullptr;
  decltype(&SSL_is_init_finished) is_init_finished = nullptr;
  decltype(&SSL_read) read = nullptr;
  decltype(&SSL_write) write = nullptr;
  decltype(&SSL_shutdown) shutdown = nullptr;
  decltype(&SSL_get_error) get_error = nullptr;
  decltype(&SSL_get0_alpn_selected) get0_alpn_selected = nullptr;
  decltype(&BIO_new) bio_new = nullptr;
  decltype(&BIO_s_mem) bio_s_mem = nullptr;
  decltype(&BIO_new_mem_buf) bio_new_mem_buf = nullptr;
  decltype(&BIO_free) bio_free = nullptr;
  decltype(&BIO_read) bio_read = nullptr;
  decltype(&BIO_write) bio_write = nullptr;
  decltype(&BIO_ctrl_pending) bio_ctrl_pending = nullptr;
  decltype(&PEM_read_bio_X509) pem_read_bio_x509 = nullptr;
  decltype(&PEM_read_bio_PrivateKey) pem_read_bio_private_key = nullptr;
  decltype(&X509_free) x509_free = nullptr;
  decltype(&X509_STORE_add_cert) x509_store_add_cert = nullptr;
  decltype(&X509_check_private_key) x509_check_private_key = nullptr;
  decltype(&EVP_PKEY_free) evp_pkey_free = nullptr;
  decltype(&ERR_peek_last_error) err_peek_last_error = nullptr;
  decltype(&ERR_reason_error_string) err_reason_error_string = nullptr;
  decltype(&ERR_clear_error) err_clear_error = nullptr;

  // Why the last call on this thread failed, in OpenSSL's words; empties its queue of errors.
  std::string TakeReason() const;
};

// Loads OpenSSL once; later calls return the same. kFailedPrecondition, naming the library and the
// Debian package: it is not installed. Thread-safe.
absl::StatusOr<const SslLibrary*> LoadSsl();

}  // namespace trimtab
