#include "trimtab/server/listen_address.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <array>
#include <charconv>

#include "trimtab/http/loopback.h"

namespace trimtab {

absl::StatusOr<ListenAddress> ListenAddress::Parse(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  ListenAddress address;
  address.host = text.substr(0, colon == std::string::npos ? 0 : colon);
  if (address.host.size() > 2 && address.host.front() == '[' && address.host.back() == ']') {
    address.host = address.host.substr(1, address.host.size() - 2);
  }
  const char* const end = text.data() + text.size();
  const char* const digits = colon == std::string::npos ? end : text.data() + colon + 1;
  const auto [stopped, error] = std::from_chars(digits, end, address.port);
  std::array<unsigned char, sizeof(in6_addr)> bytes = {};
  const bool is_numeric = inet_pton(AF_INET, address.host.c_str(), bytes.data()) == 1 ||
                          inet_pton(AF_INET6, address.host.c_str(), bytes.data()) == 1;
  if (!is_numeric || error != std::errc() || stopped != end) {
    return absl::InvalidArgumentError(
        fmt::format("'{}' is no address to listen on such as 127.0.0.1:4318 or [::1]:4318", text));
  }
  return address;
}

std::string ListenAddress::Text() const {
  const bool is_ipv6 = host.find(':') != std::string::npos;
  return fmt::format("{}{}{}:{}", is_ipv6 ? "[" : "", host, is_ipv6 ? "]" : "", port);
}

bool ListenAddress::is_loopback() const { return IsLoopback(host); }

absl::Status CheckClearText(const std::vector<ListenAddress>& addresses,
                            const ClearTextRule& rule) {
  if (rule.has_tls || rule.is_allowed) return absl::OkStatus();
  for (const ListenAddress& address : addresses) {
    if (address.is_loopback()) continue;
    return absl::InvalidArgumentError(
        fmt::format("{} {} is no loopback address and would be served in clear text: give {}, or "
                    "{} to have it so",
                    rule.listen_value, address.Text(), rule.tls_value, rule.allow_value));
  }
  return absl::OkStatus();
}

}  // namespace trimtab
