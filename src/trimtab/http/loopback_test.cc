#include "trimtab/http/loopback.h"

#include "gtest/gtest.h"

namespace trimtab {
namespace {

TEST(LoopbackTest, IsAnAddressThatNobodyElseReaches) {
  for (const char* host : {"127.0.0.1", "127.9.9.9", "::1"}) EXPECT_TRUE(IsLoopback(host)) << host;
  for (const char* host : {"0.0.0.0", "10.0.0.1", "::", "[::1]", "localhost", "127.evil.com", ""}) {
    EXPECT_FALSE(IsLoopback(host)) << host;
  }
}

}  // namespace
}  // namespace trimtab
