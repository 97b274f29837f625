#include "trimtab/http/credential.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <fstream>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "fmt/format.h"

namespace trimtab {
namespace {

constexpr std::size_t kLongestToken = std::size_t{64} << 10;
constexpr std::size_t kLargestFile = std::size_t{1} << 20;
constexpr Duration kRereadAfter = std::chrono::minutes(1);

bool BelongsInAHeader(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](unsigned char c) { return c > 0x20 && c < 0x7f; });
}

}  // namespace

absl::StatusOr<std::string> BearerAuthorization(std::string_view token) {
  if (token.empty()) return absl::InvalidArgumentError("token: is empty");
  if (token.size() > kLongestToken) {
    return absl::InvalidArgumentError(
        fmt::format("token: {} bytes, must be at most {}", token.size(), kLongestToken));
  }
  if (!BelongsInAHeader(token)) {
    return absl::InvalidArgumentError("token: has a character other than visible ASCII");
  }
  return fmt::format("Bearer {}", token);
}

absl::StatusOr<std::string> BasicAuthorization(std::string_view user, std::string_view password) {
  if (user.find(':') != std::string_view::npos) {
    return absl::InvalidArgumentError(fmt::format("user '{}': has a ':'", user.substr(0, 64)));
  }
  return "Basic " + absl::Base64Escape(fmt::format("{}:{}", user, password));
}

absl::StatusOr<std::string> ReadSmallFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text(kLargestFile + 1, '\0');
  // Opening a folder succeeds, reading it does not.
  if (!file || (!file.read(text.data(), static_cast<std::streamsize>(text.size())) && file.bad())) {
    return absl::NotFoundError(fmt::format("cannot read '{}': {}", path, std::strerror(errno)));
  }
  const auto size = static_cast<std::size_t>(file.gcount());
  if (size > kLargestFile) {
    return absl::ResourceExhaustedError(
        fmt::format("'{}' has more than {} bytes", path, kLargestFile));
  }
  text.resize(size);
  return text;
}

absl::StatusOr<Credential> TokenFile::Get() {
  const std::scoped_lock lock(mutex_);
  const Instant now = clock_.Now();
  if (!is_stale_ && now - read_at_ < kRereadAfter) return current_;
  auto text = ReadSmallFile(path_);
  absl::StatusOr<std::string> authorization =
      text.ok() ? BearerAuthorization(std::string(absl::StripAsciiWhitespace(*text)))
                : text.status();
  if (authorization.ok()) {
    current_.authorization = *std::move(authorization);
    read_at_ = now;
    is_stale_ = false;
  } else if (current_.authorization.empty()) {
    return absl::UnavailableError(
        fmt::format("token file '{}': {}", path_, std::string(authorization.status().message())));
  }
  return current_;
}

void TokenFile::Rejected(const Credential& credential) {
  const std::scoped_lock lock(mutex_);
  if (credential == current_) is_stale_ = true;
}

}  // namespace trimtab
