// Who a client says it is: tokens, also from files that change, and client certificates.
#pragma once

#include <mutex>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "trimtab/clock/clock.h"
#include "trimtab/quantity/time.h"

namespace trimtab {

// Secret: never printed.
struct Credential {
  std::string authorization{};    // the whole Authorization header, "Bearer ..."; none when empty
  std::string certificate_pem{};  // a client certificate and its key, in place of the client's own
  std::string key_pem{};

  friend bool operator==(const Credential&, const Credential&) = default;
};

// Where a client gets its credential before every request.
// Thread-safety: every implementation is thread-safe.
class CredentialSource {
 public:
  virtual ~CredentialSource() = default;

  // kUnavailable when there is none at present: the request is then not sent.
  virtual absl::StatusOr<Credential> Get() = 0;

  // A server answered 401 to it: the next Get() looks for another. The client then asks once more,
  // if that differs.
  virtual void Rejected(const Credential& credential) = 0;
};

// "Bearer TOKEN". kInvalidArgument, without the token: it is empty, above 64 KiB or has a character
// that does not belong in a header.
absl::StatusOr<std::string> BearerAuthorization(std::string_view token);

// "Basic ...", of a user without ':' and a password.
absl::StatusOr<std::string> BasicAuthorization(std::string_view user, std::string_view password);

// Always the same.
class FixedCredential : public CredentialSource {
 public:
  explicit FixedCredential(Credential credential) : credential_(std::move(credential)) {}
  absl::StatusOr<Credential> Get() override { return credential_; }
  void Rejected(const Credential& /*credential*/) override {}

 private:
  const Credential credential_;
};

// The bearer token in a file, which others replace: read again when it is a minute old, and after a
// refusal. While the file cannot be read the last token is used on. The clock must outlive it.
class TokenFile : public CredentialSource {
 public:
  TokenFile(std::string path, const Clock& clock) : path_(std::move(path)), clock_(clock) {}

  absl::StatusOr<Credential> Get() override;
  void Rejected(const Credential& credential) override;

 private:
  const std::string path_;
  const Clock& clock_;
  std::mutex mutex_;
  Credential current_;
  Instant read_at_{};
  bool is_stale_ = true;
};

// A small text file, such as a token or a certificate. kNotFound: it cannot be read;
// kResourceExhausted: more than 1 MiB.
absl::StatusOr<std::string> ReadSmallFile(const std::string& path);

}  // namespace trimtab
