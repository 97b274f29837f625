#include "trimtab/server/listen_address.h"

#include <gtest/gtest.h>

namespace trimtab {
namespace {

TEST(ListenAddressTest, IsAnAddressAndAPort) {
  EXPECT_EQ(ListenAddress::Parse("127.0.0.1:4318")->host, "127.0.0.1");
  EXPECT_EQ(ListenAddress::Parse("127.0.0.1:4318")->port, 4318);
  EXPECT_EQ(ListenAddress::Parse("[::1]:0")->host, "::1");
  for (const char* text :
       {"", "4318", "localhost:4318", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536",
        "127.0.0.1:4318x", ":4318", "[::1:4318", "127.0.0.1:-1"}) {
    const auto address = ListenAddress::Parse(text);
    EXPECT_EQ(address.status().code(), absl::StatusCode::kInvalidArgument) << text;
  }
}

TEST(ListenAddressTest, IsPrintedAsItIsRead) {
  for (const char* text : {"127.0.0.1:4318", "[::1]:0", "0.0.0.0:65535"}) {
    EXPECT_EQ(ListenAddress::Parse(text)->Text(), text);
  }
}

TEST(ListenAddressTest, LoopbackIsWhatNobodyElseReaches) {
  for (const char* text : {"127.0.0.1:1", "127.255.0.9:1", "[::1]:1"}) {
    EXPECT_TRUE(ListenAddress::Parse(text)->is_loopback()) << text;
  }
  for (const char* text :
       {"0.0.0.0:1", "[::]:1", "10.1.2.3:1", "128.0.0.1:1", "[fd00::1]:1", "[::ffff:10.0.0.1]:1"}) {
    EXPECT_FALSE(ListenAddress::Parse(text)->is_loopback()) << text;
  }
}

class ClearTextTest : public ::testing::Test {
 protected:
  ClearTextRule rule_ = {.listen_value = "--listen-otlp",
                         .tls_value = "--tls-certificate and --tls-key",
                         .allow_value = "--allow-clear-text"};
  const std::vector<ListenAddress> loopback_ = {*ListenAddress::Parse("127.0.0.1:4318"),
                                                *ListenAddress::Parse("[::1]:4318")};
  const std::vector<ListenAddress> mixed_ = {*ListenAddress::Parse("127.0.0.1:4318"),
                                             *ListenAddress::Parse("[::]:4317")};
};

TEST_F(ClearTextTest, StaysOnLoopback) {
  EXPECT_TRUE(CheckClearText(loopback_, rule_).ok());
  const absl::Status refused = CheckClearText(mixed_, rule_);
  EXPECT_EQ(refused.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(refused.message(),
            "--listen-otlp [::]:4317 is no loopback address and would be served in clear text: "
            "give --tls-certificate and --tls-key, or --allow-clear-text to have it so");
}

TEST_F(ClearTextTest, IsNoMatterWithTlsOrByAnExplicitValue) {
  rule_.has_tls = true;
  EXPECT_TRUE(CheckClearText(mixed_, rule_).ok());
  rule_.has_tls = false;
  rule_.is_allowed = true;
  EXPECT_TRUE(CheckClearText(mixed_, rule_).ok());
}

}  // namespace
}  // namespace trimtab
