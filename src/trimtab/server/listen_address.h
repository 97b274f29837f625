// Where a server listens, and whether it may do so in clear text.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace trimtab {

// "127.0.0.1:4318", "[::1]:4318". Port 0: any free one.
struct ListenAddress {
  std::string host;
  std::uint16_t port = 0;

  // kInvalidArgument: no numeric address, no port, or one above 65535. Names are not looked up.
  static absl::StatusOr<ListenAddress> Parse(const std::string& text);

  // As Parse() takes it.
  std::string Text() const;
  // Nobody but this machine reaches it: 127.0.0.0/8 and ::1.
  bool is_loopback() const;
};

// How a user is told what to do.
struct ClearTextRule {
  bool has_tls = false;
  bool is_allowed = false;        // by an explicit value
  std::string_view listen_value;  // "--listen-otlp"
  std::string_view tls_value;     // "--tls-certificate and --tls-key"
  std::string_view allow_value;   // "--allow-clear-text"
};

// Beyond loopback nothing is served in clear text unless that was asked for: kInvalidArgument names
// the address and the values that would mend it.
absl::Status CheckClearText(const std::vector<ListenAddress>& addresses, const ClearTextRule& rule);

}  // namespace trimtab
