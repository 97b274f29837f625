// How a real Prometheus is spoken to that lets in only whom it knows, and only over TLS.
#include <chrono>
#include <cmath>
#include <memory>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/servers/certificates.h"
#include "tests/servers/programs.h"
#include "tests/servers/prometheus_server.h"
#include "trimtab/clock/system_clock.h"
#include "trimtab/http/credential.h"
#include "trimtab/monitoring/prometheus_client.h"

namespace trimtab {
namespace {

using servers::PrometheusServer;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;

constexpr Duration kTimeout = std::chrono::seconds(20);

class PrometheusAccessTest : public testing::Test {
 protected:
  void SetUp() override { servers::RequirePrograms({"prometheus"}); }

  // With TLS by `authority_`, and what else the web configuration is to say.
  void Start(const std::string& more_tls, const std::string& users, const std::string& login) {
    const auto mine = authority_.Issue({.common_name = "prometheus", .names = {"127.0.0.1"}});
    ASSERT_TRUE(mine.ok()) << mine.status();
    auto server = PrometheusServer::Start(
        {.web_configuration =
             "tls_server_config:\n  cert_file: cert.pem\n  key_file: key.pem\n" + more_tls + users,
         .files = {{"cert.pem", mine->certificate},
                   {"key.pem", mine->private_key},
                   {"clients.pem", authority_.certificate()}},
         .login = login});
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }

  absl::Status Ask(TlsOptions tls, std::string authorization) const {
    HttpClientOptions http{.tls = std::move(tls)};
    http.credentials =
        std::make_shared<FixedCredential>(Credential{.authorization = std::move(authorization)});
    auto client = PrometheusClient::Create({.url = server_->url(), .http = std::move(http)});
    if (!client.ok()) return client.status();
    return client->Query("vector(1)", clock_.Now(), kTimeout).status();
  }
  TlsOptions Trusting() const { return {.ca_pem = authority_.certificate()}; }

  SystemClock clock_;
  servers::CertificateAuthority authority_ = *servers::CertificateAuthority::Create("observatory");
  std::unique_ptr<PrometheusServer> server_;
};

// The hash is bcrypt of "secret".
TEST_F(PrometheusAccessTest, TlsAndBasicAuthentication) {
  Start("",
        "basic_auth_users:\n  trimtab: "
        "$2b$12$IHav8vPmew0Chwl8lX59JOqn/nFR/RU4f9Mu2xe20.GqiwF6yXzl2\n",
        "trimtab:secret");
  if (HasFatalFailure()) return;
  const auto right = BasicAuthorization("trimtab", "secret");
  const auto wrong = BasicAuthorization("trimtab", "hunter22");
  ASSERT_TRUE(right.ok() && wrong.ok());
  EXPECT_TRUE(Ask(Trusting(), *right).ok()) << Ask(Trusting(), *right);

  const absl::Status refused = Ask(Trusting(), *wrong);
  EXPECT_EQ(refused.code(), absl::StatusCode::kUnauthenticated) << refused;
  EXPECT_THAT(refused.ToString(), Not(HasSubstr("hunter22")));
  EXPECT_THAT(refused.ToString(), Not(HasSubstr(*wrong)));
  EXPECT_EQ(Ask(Trusting(), "").code(), absl::StatusCode::kUnauthenticated);

  const auto stranger = servers::CertificateAuthority::Create("stranger");
  ASSERT_TRUE(stranger.ok());
  const absl::Status unknown = Ask({.ca_pem = stranger->certificate()}, *right);
  EXPECT_EQ(unknown.code(), absl::StatusCode::kFailedPrecondition) << unknown;
  EXPECT_THAT(unknown.ToString(), Not(HasSubstr(*right)));
  TlsOptions other_name = Trusting();
  other_name.server_name = "prometheus.example";
  EXPECT_EQ(Ask(other_name, *right).code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(PrometheusAccessTest, AClientCertificate) {
  Start("  client_auth_type: VerifyClientCertIfGiven\n  client_ca_file: clients.pem\n", "", "");
  if (HasFatalFailure()) return;
  const auto mine = authority_.Issue({.common_name = "trimtab"});
  ASSERT_TRUE(mine.ok());
  TlsOptions tls = Trusting();
  tls.client_certificate_pem = mine->certificate;
  tls.client_key_pem = mine->private_key;
  EXPECT_TRUE(Ask(tls, "").ok()) << Ask(tls, "");
  const auto stranger = servers::CertificateAuthority::Create("stranger");
  ASSERT_TRUE(stranger.ok());
  const auto false_one = stranger->Issue({.common_name = "trimtab"});
  ASSERT_TRUE(false_one.ok());
  tls.client_certificate_pem = false_one->certificate;
  tls.client_key_pem = false_one->private_key;
  EXPECT_FALSE(Ask(tls, "").ok());
}

// Values that are no numbers come as they are; what is larger than our bounds is an error.
TEST_F(PrometheusAccessTest, OddAndHugeAnswers) {
  auto server = PrometheusServer::Start();
  ASSERT_TRUE(server.ok()) << server.status();
  const auto client =
      PrometheusClient::Create({.url = (*server)->url(), .limits = {.most_points = 500}});
  ASSERT_TRUE(client.ok()) << client.status();
  const auto odd = client->Query("vector(0) / 0", clock_.Now(), kTimeout);
  ASSERT_TRUE(odd.ok()) << odd.status();
  ASSERT_THAT(odd->series, SizeIs(1));
  EXPECT_TRUE(std::isnan(odd->series[0].points[0].value));
  const auto infinite = client->Query("vector(1) / 0", clock_.Now(), kTimeout);
  ASSERT_TRUE(infinite.ok()) << infinite.status();
  EXPECT_TRUE(std::isinf(infinite->series[0].points[0].value));
  const auto fits = client->Query("vector(1)[499s:1s]", clock_.Now(), kTimeout);
  EXPECT_TRUE(fits.ok()) << fits.status();
  const auto huge = client->Query("vector(1)[600s:1s]", clock_.Now(), kTimeout);
  EXPECT_EQ(huge.status().code(), absl::StatusCode::kResourceExhausted) << huge.status();
}

}  // namespace
}  // namespace trimtab
