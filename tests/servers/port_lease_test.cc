#include "tests/servers/port_lease.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <set>
#include <vector>

namespace trimtab::servers {
namespace {

constexpr size_t kLeases = 50;

// Listens on a port of 127.0.0.1, or returns -1.
int Listen(uint16_t port) {
  const int listener = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
      listen(listener, 1) == 0) {
    return listener;
  }
  close(listener);
  return -1;
}

std::vector<PortLease> TakeLeases() {
  std::vector<PortLease> leases;
  while (leases.size() < kLeases) {
    auto lease = PortLease::Take();
    if (!lease.ok()) break;
    leases.push_back(*std::move(lease));
  }
  return leases;
}

TEST(PortLeaseTest, LeasedPortCanBeListenedOn) {
  const auto lease = PortLease::Take();
  ASSERT_TRUE(lease.ok()) << lease.status();
  EXPECT_EQ(lease->address(), "127.0.0.1:" + std::to_string(lease->port()));
  const int listener = Listen(lease->port());
  EXPECT_GE(listener, 0);
  close(listener);
}

TEST(PortLeaseTest, PortThatSomebodyListensOnIsNotLeased) {
  int listener = -1;
  uint16_t taken = 0;
  // Leases go upwards: the port after the last is the next that would be tried.
  while (listener < 0) {
    const auto lease = PortLease::Take();
    ASSERT_TRUE(lease.ok()) << lease.status();
    taken = static_cast<uint16_t>(lease->port() + 1);
    listener = Listen(taken);
  }
  const auto next = PortLease::Take();
  ASSERT_TRUE(next.ok()) << next.status();
  EXPECT_NE(next->port(), taken);
  close(listener);
}

TEST(PortLeaseTest, ProcessesThatSearchFromTheSamePlaceDoNotMeet) {
  std::array<int, 2> ports{};
  std::array<int, 2> go{};
  ASSERT_EQ(pipe(ports.data()), 0);
  ASSERT_EQ(pipe(go.data()), 0);
  const pid_t other = fork();  // with this process's place of search
  if (other == 0) {
    close(go[1]);
    const std::vector<PortLease> leases = TakeLeases();
    for (const PortLease& lease : leases) {
      const uint16_t port = lease.port();
      if (write(ports[1], &port, sizeof port) != sizeof port) _exit(1);
    }
    char end = 0;
    _exit(read(go[0], &end, 1) == 0 ? 0 : 1);  // holds them until the parent has taken its own
  }
  close(ports[1]);
  close(go[0]);
  const std::vector<PortLease> leases = TakeLeases();
  ASSERT_EQ(leases.size(), kLeases);
  std::set<uint16_t> all;
  for (const PortLease& lease : leases) all.insert(lease.port());
  for (size_t i = 0; i < kLeases; ++i) {
    uint16_t port = 0;
    ASSERT_EQ(read(ports[0], &port, sizeof port), static_cast<ssize_t>(sizeof port));
    all.insert(port);
  }
  EXPECT_EQ(all.size(), 2 * kLeases);
  close(go[1]);
  int status = -1;
  waitpid(other, &status, 0);
  EXPECT_EQ(status, 0);
  close(ports[0]);
}

TEST(PortLeaseTest, EndedLeaseMayBeTakenAgain) {
  // More leases, one after another, than there are ports.
  for (int i = 0; i < 13000; ++i) {
    ASSERT_TRUE(PortLease::Take().ok()) << i;
  }
}

}  // namespace
}  // namespace trimtab::servers
