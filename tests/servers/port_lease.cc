#include "tests/servers/port_lease.h"

#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstring>
#include <utility>

namespace trimtab::servers {
namespace {

// Below 32768, where Linux begins with ports that it hands out.
constexpr uint16_t kFirstPort = 20000;
constexpr uint16_t kPortCount = 12000;

// Binds a new socket, or returns -1.
int BoundSocket(int family, const sockaddr* address, size_t size) {
  const int socket_file = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (socket_file < 0) return -1;
  const int reuse = 1;
  setsockopt(socket_file, SOL_SOCKET, SO_REUSEADDR, &reuse, sizeof reuse);
  if (bind(socket_file, address, static_cast<socklen_t>(size)) == 0) return socket_file;
  close(socket_file);
  return -1;
}

int Lock(uint16_t port) {
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  const std::string name = fmt::format("trimtab-test-port-{}", port);
  // The leading zero makes the name abstract: it is in no folder, and goes with the socket.
  std::memcpy(address.sun_path + 1, name.data(), name.size());
  return BoundSocket(AF_UNIX, reinterpret_cast<const sockaddr*>(&address),
                     offsetof(sockaddr_un, sun_path) + 1 + name.size());
}

bool IsFree(uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_ANY);
  const int bound =
      BoundSocket(AF_INET, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  if (bound < 0) return false;
  const bool listens = listen(bound, 1) == 0;
  close(bound);
  return listens;
}

}  // namespace

absl::StatusOr<PortLease> PortLease::Take() {
  // Processes begin at different places, so that they seldom meet.
  static uint32_t next = static_cast<uint32_t>(getpid()) * 37;
  for (int attempt = 0; attempt < kPortCount; ++attempt) {
    const auto port = static_cast<uint16_t>(kFirstPort + next++ % kPortCount);
    const int lock = Lock(port);
    if (lock < 0) continue;
    PortLease lease(port, lock);
    if (IsFree(port)) return lease;
  }
  return absl::ResourceExhaustedError(
      fmt::format("no free port between {} and {}", kFirstPort, kFirstPort + kPortCount - 1));
}

PortLease::PortLease(PortLease&& other) noexcept
    : port_(other.port_), lock_(std::exchange(other.lock_, -1)) {}

PortLease& PortLease::operator=(PortLease&& other) noexcept {
  std::swap(port_, other.port_);
  std::swap(lock_, other.lock_);
  return *this;
}

PortLease::~PortLease() {
  if (lock_ >= 0) close(lock_);
}

std::string PortLease::address() const { return fmt::format("127.0.0.1:{}", port_); }

}  // namespace trimtab::servers
