// The health pages of the shipped program, as a kubelet asks them.
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/safety/run_test.h"
#include "tests/servers/readiness.h"

namespace trimtab {
namespace {

using ::testing::HasSubstr;

class RunHealthTest : public RunTest {};

// A kubelet shows no certificate, and does not look whose the server's is.
TEST_F(RunHealthTest, NoCertificateIsAskedForWhereMetricsWantOne) {
  const servers::CertificateAuthority& authority = world().plane().authority();
  const auto issued = authority.Issue({.common_name = "trimtab", .names = {"127.0.0.1"}});
  ASSERT_TRUE(issued.ok()) << issued.status();
  const auto certificate = world().Write("health.crt", issued->certificate);
  const auto key = world().Write("health.key", issued->private_key);
  ASSERT_TRUE(certificate.ok() && key.ok());
  const auto one = Make({.name = "health",
                         .arguments = {"--tls-certificate=" + *certificate, "--tls-key=" + *key,
                                       "--tls-client-ca=" + world().plane().ca_file()}});
  ASSERT_TRUE(one->StartTrimtab().ok());
  const auto page = [](const std::string& address, const std::string& path) {
    return servers::HttpGet({.url = "https://" + address + path});
  };
  for (const char* path : {"/livez", "/readyz"}) {
    EXPECT_TRUE(Holds(*one, [&](RunCase& each) {
      const auto answer = page(each.HealthAddress(), path);
      return answer.ok() && answer->status == 200;
    })) << path;
  }
  EXPECT_THAT(page(one->HealthAddress(), "/livez?verbose")->body, HasSubstr("[+]appscalers ok"));
  EXPECT_FALSE(page(one->MetricsAddress(), "/metrics").ok());
}

}  // namespace
}  // namespace trimtab
