#include "trimtab/http/url.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"

namespace trimtab {
namespace {

constexpr std::size_t kLongestUrl = std::size_t{64} << 10;
constexpr std::size_t kLongestPrinted = 512;
constexpr std::array<std::string_view, 8> kSecretNames = {
    "token", "key", "secret", "password", "passwd", "signature", "auth", "credential"};

std::string LowerCase(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return lower;
}

bool NamesASecret(std::string_view parameter) {
  const std::string name = LowerCase(parameter);
  return std::any_of(kSecretNames.begin(), kSecretNames.end(), [&](std::string_view secret) {
    return name.find(secret) != std::string::npos;
  });
}

absl::Status Invalid(std::string_view text, std::string_view why) {
  return absl::InvalidArgumentError(fmt::format("URL '{}': {}", PrintableUrl(text), why));
}

// Where the authority of "scheme://authority/..." begins and ends; begin is 0 without a "://".
std::pair<std::size_t, std::size_t> AuthorityOf(std::string_view text) {
  const std::size_t colon = text.find("://");
  const std::size_t begin = colon == std::string_view::npos ? 0 : colon + 3;
  return {begin, std::min(text.find_first_of("/?#", begin), text.size())};
}

std::string MaskedQuery(std::string_view query) {
  std::string masked;
  while (true) {
    const std::size_t end = std::min(query.find('&'), query.size());
    const std::string_view parameter = query.substr(0, end);
    const std::size_t equal = parameter.find('=');
    if (equal != std::string_view::npos && NamesASecret(parameter.substr(0, equal))) {
      masked.append(parameter.substr(0, equal)).append("=***");
    } else {
      masked.append(parameter);
    }
    if (end == query.size()) return masked;
    masked.push_back('&');
    query.remove_prefix(end + 1);
  }
}

// A name or an IPv4 address, or between brackets an IPv6 address.
bool IsHost(std::string_view host, bool in_brackets) {
  if (in_brackets && host.find(':') == std::string_view::npos) return false;
  return std::all_of(host.begin(), host.end(), [&](unsigned char c) {
    if (in_brackets) return std::isxdigit(c) != 0 || c == ':' || c == '.';
    return std::isalnum(c) != 0 || c == '-' || c == '.' || c == '_';
  });
}

// Splits "host", "host:80", "[::1]:80"; the text is the whole URL, for messages.
absl::Status ReadAuthority(std::string_view text, std::string_view authority, Url& url) {
  std::string_view port;
  if (!authority.empty() && authority.front() == '[') {
    const std::size_t bracket = authority.find(']');
    if (bracket == std::string_view::npos) return Invalid(text, "'[' has no ']'");
    url.host = authority.substr(1, bracket - 1);
    port = authority.substr(bracket + 1);
  } else {
    const std::size_t colon = std::min(authority.find(':'), authority.size());
    url.host = authority.substr(0, colon);
    port = authority.substr(colon);
  }
  if (url.host.empty()) return Invalid(text, "has no host");
  if (!IsHost(url.host, authority.front() == '[')) {
    return Invalid(text, "has a host that is neither a name nor an address");
  }
  if (port.empty()) return absl::OkStatus();
  port.remove_prefix(1);
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), url.port);
  if (error != std::errc() || end != port.data() + port.size() || url.port == 0) {
    return Invalid(text, fmt::format("port '{}' is not within 1..65535", port.substr(0, 16)));
  }
  return absl::OkStatus();
}

}  // namespace

std::string Url::Authority() const {
  const bool is_ipv6 = host.find(':') != std::string::npos;
  return is_ipv6 ? fmt::format("[{}]:{}", host, port) : fmt::format("{}:{}", host, port);
}

absl::StatusOr<Url> ParseUrl(std::string_view text) {
  if (text.size() > kLongestUrl) {
    return Invalid(text, fmt::format("{} bytes, must be at most {}", text.size(), kLongestUrl));
  }
  const bool has_blank =
      std::any_of(text.begin(), text.end(), [](unsigned char c) { return c <= 0x20 || c == 0x7f; });
  if (has_blank) return Invalid(text, "has a space or a control character");
  const std::size_t colon = std::min(text.find("://"), text.size());
  Url url;
  url.scheme = LowerCase(text.substr(0, colon));
  if (colon == text.size() || (url.scheme != "http" && url.scheme != "https")) {
    return Invalid(text, "must begin with http:// or https://");
  }
  url.port = url.scheme == "https" ? 443 : 80;
  const auto [begin, end] = AuthorityOf(text);
  std::string_view authority = text.substr(begin, end - begin);
  const std::size_t at = authority.rfind('@');
  if (at != std::string_view::npos) authority.remove_prefix(at + 1);
  if (absl::Status status = ReadAuthority(text, authority, url); !status.ok()) return status;
  std::string_view target = text.substr(end);
  target = target.substr(0, target.find('#'));
  const bool has_path = !target.empty() && target.front() == '/';
  url.target = has_path ? std::string(target) : fmt::format("/{}", target);
  return url;
}

std::string PrintableUrl(std::string_view text) {
  const auto [begin, end] = AuthorityOf(text);
  const std::size_t at = text.substr(begin, end - begin).rfind('@');
  std::string printed(text.substr(0, begin));
  const std::size_t host = at == std::string_view::npos ? begin : begin + at + 1;
  const std::size_t question = std::min(text.find('?', host), text.size());
  printed.append(text.substr(host, question - host));
  if (question < text.size()) {
    printed.push_back('?');
    printed.append(MaskedQuery(text.substr(question + 1)));
  }
  for (char& c : printed) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) c = '?';
  }
  if (printed.size() > kLongestPrinted) {
    printed.resize(kLongestPrinted - 3);
    printed += "...";
  }
  return printed;
}

std::string PercentEncode(std::string_view text) {
  std::string encoded;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool is_plain = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
                          (byte >= '0' && byte <= '9') || c == '-' || c == '.' || c == '_' ||
                          c == '~';
    if (is_plain) {
      encoded.push_back(c);
    } else {
      encoded += fmt::format("%{:02X}", byte);
    }
  }
  return encoded;
}

std::string QueryString(const std::vector<std::pair<std::string, std::string>>& parameters) {
  std::string query;
  for (const auto& [name, value] : parameters) {
    if (!query.empty()) query.push_back('&');
    query += PercentEncode(name) + "=" + PercentEncode(value);
  }
  return query;
}

}  // namespace trimtab
