// Which hosts are the machine itself.
#pragma once

#include <string>

namespace trimtab {

// An IPv4 address of 127.0.0.0/8 or the IPv6 address ::1, without brackets. Names are none: what
// they stand for is the resolver's to say.
bool IsLoopback(const std::string& host);

}  // namespace trimtab
