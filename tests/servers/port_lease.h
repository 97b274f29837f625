// Ports of this machine that no other test is given.
#pragma once

#include <absl/status/statusor.h>

#include <cstdint>
#include <string>

namespace trimtab::servers {

// A TCP port of 127.0.0.1 that nothing listens on, and that no other lease of this machine holds.
// The kernel hands out no such port by itself: leases lie below its ephemeral ports, so the time
// between the lease and the server's start harms nobody. A server that ends may be started again on
// its port. Whatever ends the process ends its leases. Movable.
class PortLease {
 public:
  // Fails when no port is free.
  static absl::StatusOr<PortLease> Take();

  PortLease(PortLease&& other) noexcept;
  PortLease& operator=(PortLease&& other) noexcept;
  ~PortLease();

  uint16_t port() const { return port_; }
  // "127.0.0.1:PORT"
  std::string address() const;

 private:
  PortLease(uint16_t port, int lock) : port_(port), lock_(lock) {}

  uint16_t port_;
  int lock_;  // a Unix socket bound to an abstract name with the port's number; -1 when moved from
};

}  // namespace trimtab::servers
