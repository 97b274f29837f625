// URLs taken apart, put together and printed without what is secret in them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace trimtab {

// An absolute http or https URL. `host` of an IPv6 address has no brackets.
struct Url {
  std::string scheme;  // "http" or "https"
  std::string host;
  std::uint16_t port = 0;  // 443 or 80 where the text has none
  std::string target;      // path and query, at least "/"; a fragment is left out

  // "host:port", an IPv6 host in brackets.
  std::string Authority() const;
};

// kInvalidArgument, naming the URL without its secrets: a scheme other than http and https, no
// host, a port outside 1..65535, a space or a control character, more than 64 KiB.
absl::StatusOr<Url> ParseUrl(std::string_view text);

// For messages: without user and password, and with '***' for the value of every query parameter
// whose name speaks of a token, key, secret, password, signature or authorisation. At most 512
// bytes.
std::string PrintableUrl(std::string_view text);

// Everything but letters, digits and "-._~" as %XX.
std::string PercentEncode(std::string_view text);

// "a=1&b=x%20y", in the order given.
std::string QueryString(const std::vector<std::pair<std::string, std::string>>& parameters);

}  // namespace trimtab
