// Keys and certificates for servers of a test, made in memory.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <memory>
#include <string>
#include <vector>

struct evp_pkey_st;
struct x509_st;

namespace trimtab::servers {

// PEM texts. Keys are of the curve P-256.
struct KeyPair {
  std::string private_key;
  std::string public_key;
};

struct Credentials {
  std::string certificate;
  std::string private_key;
};

// For tokens that one server signs and others verify.
absl::StatusOr<KeyPair> MakeKeyPair();

// 128 random bits as hexadecimal digits: a bearer token.
absl::StatusOr<std::string> MakeToken();

struct CertificateSubject {
  std::string common_name;                      // to the API server, the name of the user
  std::vector<std::string> organizations = {};  // to the API server, the user's groups
  // Host names and IP addresses of a server; empty for a client's certificate.
  std::vector<std::string> names = {};
};

// A certificate authority, valid from an hour ago for two days, as is all that it issues.
class CertificateAuthority {
 public:
  static absl::StatusOr<CertificateAuthority> Create(const std::string& common_name);

  // PEM
  const std::string& certificate() const { return certificate_pem_; }
  // A certificate for `subject` and its new key.
  absl::StatusOr<Credentials> Issue(const CertificateSubject& subject) const;

 private:
  CertificateAuthority(std::shared_ptr<evp_pkey_st> key, std::shared_ptr<x509_st> certificate,
                       std::string certificate_pem)
      : key_(std::move(key)),
        certificate_(std::move(certificate)),
        certificate_pem_(std::move(certificate_pem)) {}

  std::shared_ptr<evp_pkey_st> key_;
  std::shared_ptr<x509_st> certificate_;
  std::string certificate_pem_;
};

}  // namespace trimtab::servers
