#include "trimtab/http/loopback.h"

#include <arpa/inet.h>
#include <netinet/in.h>

namespace trimtab {

bool IsLoopback(const std::string& host) {
  in_addr ipv4 = {};
  if (inet_pton(AF_INET, host.c_str(), &ipv4) == 1) {
    constexpr unsigned kLoopbackNet = 127;
    return ntohl(ipv4.s_addr) >> 24 == kLoopbackNet;
  }
  in6_addr ipv6 = {};
  return inet_pton(AF_INET6, host.c_str(), &ipv6) == 1 && IN6_IS_ADDR_LOOPBACK(&ipv6);
}

}  // namespace trimtab
