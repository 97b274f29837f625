#include "tests/servers/certificates.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <array>
#include <cstdint>
#include <utility>

namespace trimtab::servers {
namespace {

using Key = std::shared_ptr<EVP_PKEY>;
using Certificate = std::shared_ptr<X509>;

constexpr long kHour = 3600;

absl::Status OpenSslError(std::string_view what) {
  std::array<char, 256> text{};
  ERR_error_string_n(ERR_get_error(), text.data(), text.size());
  return absl::InternalError(fmt::format("{}: {}", what, text.data()));
}

absl::StatusOr<Key> MakeKey() {
  Key key(EVP_EC_gen("P-256"), EVP_PKEY_free);
  if (key == nullptr) return OpenSslError("making a key");
  return key;
}

// `write` writes one object to a BIO, in PEM.
template <typename Write>
absl::StatusOr<std::string> Pem(Write write) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> bio(BIO_new(BIO_s_mem()), BIO_free);
  if (bio == nullptr || write(bio.get()) != 1) return OpenSslError("writing PEM");
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return std::string(data, static_cast<size_t>(size));
}

absl::StatusOr<std::string> PrivateKeyPem(EVP_PKEY* key) {
  return Pem([&](BIO* bio) {
    return PEM_write_bio_PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr);
  });
}

bool AddName(X509_NAME* name, const char* field, const std::string& value) {
  return X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8,
                                    reinterpret_cast<const unsigned char*>(value.c_str()), -1, -1,
                                    0) == 1;
}

bool AddExtension(X509* certificate, X509* issuer, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const std::unique_ptr<X509_EXTENSION, decltype(&X509_EXTENSION_free)> extension(
      X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str()), X509_EXTENSION_free);
  return extension != nullptr && X509_add_ext(certificate, extension.get(), -1) == 1;
}

// "DNS:localhost,IP:127.0.0.1"
std::string AlternativeNames(const std::vector<std::string>& names) {
  std::string list;
  for (const std::string& name : names) {
    std::array<unsigned char, sizeof(in6_addr)> address{};
    const bool is_address = inet_pton(AF_INET, name.c_str(), address.data()) == 1 ||
                            inet_pton(AF_INET6, name.c_str(), address.data()) == 1;
    list += fmt::format("{}{}:{}", list.empty() ? "" : ",", is_address ? "IP" : "DNS", name);
  }
  return list;
}

// Serial number, times, key and name.
absl::StatusOr<Certificate> Unsigned(const CertificateSubject& subject, EVP_PKEY* key) {
  Certificate certificate(X509_new(), X509_free);
  uint64_t serial = 0;
  std::array<unsigned char, sizeof serial> bytes{};
  if (certificate == nullptr || RAND_bytes(bytes.data(), bytes.size()) != 1) {
    return OpenSslError("making a certificate");
  }
  // 56 bits: always positive.
  for (size_t i = 1; i < bytes.size(); ++i) serial = serial << 8 | bytes[i];
  X509* x509 = certificate.get();
  bool well = X509_set_version(x509, X509_VERSION_3) == 1 &&
              ASN1_INTEGER_set_uint64(X509_get_serialNumber(x509), serial) == 1 &&
              X509_gmtime_adj(X509_getm_notBefore(x509), -kHour) != nullptr &&
              X509_gmtime_adj(X509_getm_notAfter(x509), 47 * kHour) != nullptr &&
              X509_set_pubkey(x509, key) == 1;
  X509_NAME* name = X509_get_subject_name(x509);
  for (const std::string& organization : subject.organizations) {
    well = well && AddName(name, "O", organization);
  }
  if (!well || !AddName(name, "CN", subject.common_name)) {
    return OpenSslError(fmt::format("certificate of '{}'", subject.common_name));
  }
  return certificate;
}

absl::Status Sign(X509* certificate, X509* issuer, EVP_PKEY* key) {
  if (X509_set_issuer_name(certificate, X509_get_subject_name(issuer)) != 1 ||
      X509_sign(certificate, key, EVP_sha256()) == 0) {
    return OpenSslError("signing a certificate");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<KeyPair> MakeKeyPair() {
  const absl::StatusOr<Key> key = MakeKey();
  if (!key.ok()) return key.status();
  absl::StatusOr<std::string> private_key = PrivateKeyPem(key->get());
  if (!private_key.ok()) return private_key.status();
  absl::StatusOr<std::string> public_key =
      Pem([&](BIO* bio) { return PEM_write_bio_PUBKEY(bio, key->get()); });
  if (!public_key.ok()) return public_key.status();
  return KeyPair{.private_key = *std::move(private_key), .public_key = *std::move(public_key)};
}

absl::StatusOr<std::string> MakeToken() {
  std::array<unsigned char, 16> bytes{};
  if (RAND_bytes(bytes.data(), bytes.size()) != 1) return OpenSslError("making a token");
  return fmt::format("{:02x}", fmt::join(bytes, ""));
}

absl::StatusOr<CertificateAuthority> CertificateAuthority::Create(const std::string& common_name) {
  absl::StatusOr<Key> key = MakeKey();
  if (!key.ok()) return key.status();
  absl::StatusOr<Certificate> made = Unsigned({.common_name = common_name}, key->get());
  if (!made.ok()) return made.status();
  X509* x509 = made->get();
  if (!AddExtension(x509, x509, NID_basic_constraints, "critical,CA:TRUE") ||
      !AddExtension(x509, x509, NID_key_usage, "critical,keyCertSign,cRLSign") ||
      !AddExtension(x509, x509, NID_subject_key_identifier, "hash")) {
    return OpenSslError("certificate of an authority");
  }
  if (absl::Status status = Sign(x509, x509, key->get()); !status.ok()) return status;
  absl::StatusOr<std::string> pem = Pem([&](BIO* bio) { return PEM_write_bio_X509(bio, x509); });
  if (!pem.ok()) return pem.status();
  return CertificateAuthority(*std::move(key), *std::move(made), *std::move(pem));
}

absl::StatusOr<Credentials> CertificateAuthority::Issue(const CertificateSubject& subject) const {
  const absl::StatusOr<Key> key = MakeKey();
  if (!key.ok()) return key.status();
  const absl::StatusOr<Certificate> made = Unsigned(subject, key->get());
  if (!made.ok()) return made.status();
  X509* x509 = made->get();
  const bool server = !subject.names.empty();
  if (!AddExtension(x509, certificate_.get(), NID_basic_constraints, "critical,CA:FALSE") ||
      !AddExtension(x509, certificate_.get(), NID_key_usage, "critical,digitalSignature") ||
      !AddExtension(x509, certificate_.get(), NID_ext_key_usage,
                    server ? "serverAuth" : "clientAuth") ||
      !AddExtension(x509, certificate_.get(), NID_authority_key_identifier, "keyid") ||
      (server && !AddExtension(x509, certificate_.get(), NID_subject_alt_name,
                               AlternativeNames(subject.names)))) {
    return OpenSslError(fmt::format("certificate of '{}'", subject.common_name));
  }
  if (absl::Status status = Sign(x509, certificate_.get(), key_.get()); !status.ok()) return status;
  absl::StatusOr<std::string> certificate =
      Pem([&](BIO* bio) { return PEM_write_bio_X509(bio, x509); });
  if (!certificate.ok()) return certificate.status();
  absl::StatusOr<std::string> private_key = PrivateKeyPem(key->get());
  if (!private_key.ok()) return private_key.status();
  return Credentials{.certificate = *std::move(certificate),
                     .private_key = *std::move(private_key)};
}

}  // namespace trimtab::servers
