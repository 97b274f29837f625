// What `trimtab doctor` says of a real Prometheus that lets in only whom it knows, and whether its
// remedies let it in.
#include <fmt/format.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/servers/certificates.h"
#include "tests/servers/programs.h"
#include "tests/servers/prometheus_server.h"
#include "tests/servers/temporary_folder.h"
#include "trimtab/cli/doctor_sources.h"
#include "trimtab/clock/system_clock.h"
#include "trimtab/http/credential.h"
#include "trimtab/http/http_client.h"
#include "trimtab/http/testing/loopback_server.h"

namespace trimtab {
namespace {

using servers::PrometheusServer;
using testing::HasSubstr;
using testing::Not;

// Demands a token, and of those who have it the name of a tenant, as the gateways of hosted
// Prometheis do; what passes goes on to the server behind.
class Gateway {
 public:
  explicit Gateway(std::string behind) : behind_(std::move(behind)) {
    auto client = HttpClient::Create({});
    EXPECT_TRUE(client.ok()) << client.status();
    if (client.ok()) client_ = *std::move(client);
  }
  std::string Url() const { return server_.Url(""); }

 private:
  void Serve(const LoopbackConnection::Request& request, const LoopbackConnection& to) const {
    const auto is = [&request](const char* name, std::string_view value) {
      const auto found = request.headers.find(name);
      return found != request.headers.end() && found->second == value;
    };
    if (!is("authorization", "Bearer open-sesame")) return void(to.Answer(401, "who are you?"));
    if (!is("x-scope-orgid", "shop")) return void(to.Answer(403, "no tenant"));
    const auto answer =
        client_->Send({.method = request.method,
                       .url = behind_ + request.target,
                       .headers = {{"Content-Type", "application/x-www-form-urlencoded"}},
                       .body = request.body});
    to.Answer(answer.ok() ? answer->status : 502, answer.ok() ? answer->body : "",
              "Content-Type: application/json\r\n");
  }

  const std::string behind_;
  std::unique_ptr<HttpClient> client_;
  LoopbackServer server_{
      LoopbackServer::EveryRequest([this](const LoopbackConnection::Request& request,
                                          const LoopbackConnection& to) { Serve(request, to); })};
};

class DoctorPrometheusTest : public testing::Test {
 protected:
  void SetUp() override { servers::RequirePrograms({"prometheus"}); }

  Finding Server(const PrometheusOptions& server) const {
    const auto findings = ExaminePrometheus({.server = server}, clock_);
    EXPECT_FALSE(findings.empty());
    return findings.empty() ? Finding{} : findings.front();
  }

  const SystemClock clock_;
};

TEST_F(DoctorPrometheusTest, ATokenAndATenantAreAskedForByTheirFlags) {
  auto prometheus = PrometheusServer::Start();
  ASSERT_TRUE(prometheus.ok()) << prometheus.status();
  const Gateway gateway((*prometheus)->url());
  const auto folder = servers::TemporaryFolder::Make("token");
  ASSERT_TRUE(folder.ok());
  const auto token = folder->Write("token", "open-sesame\n");
  ASSERT_TRUE(token.ok());
  PrometheusOptions options{.url = gateway.Url()};

  Finding found = Server(options);
  EXPECT_EQ(found.state, FindingState::kProblem);
  EXPECT_THAT(found.detail, HasSubstr("401"));
  EXPECT_THAT(found.remedy, HasSubstr("--prometheus-bearer-token-file"));

  options.http.credentials = std::make_shared<TokenFile>(*token, clock_);
  found = Server(options);
  EXPECT_EQ(found.state, FindingState::kProblem);
  EXPECT_THAT(found.detail, HasSubstr("403"));
  EXPECT_THAT(found.detail, Not(HasSubstr("open-sesame")));
  EXPECT_THAT(found.remedy, HasSubstr("--prometheus-header 'X-Scope-OrgID"));

  options.headers = {{"X-Scope-OrgID", "shop"}};
  found = Server(options);
  EXPECT_EQ(found.state, FindingState::kOk) << found.detail;
}

// The hash is bcrypt of "secret".
TEST_F(DoctorPrometheusTest, AnAuthorityAndAPasswordAreAskedForByTheirFlags) {
  const auto authority = servers::CertificateAuthority::Create("observatory");
  const auto stranger = servers::CertificateAuthority::Create("stranger");
  ASSERT_TRUE(authority.ok() && stranger.ok());
  const auto mine = authority->Issue({.common_name = "prometheus", .names = {"127.0.0.1"}});
  ASSERT_TRUE(mine.ok()) << mine.status();
  auto prometheus = PrometheusServer::Start(
      {.web_configuration = "tls_server_config:\n  cert_file: cert.pem\n  key_file: key.pem\n"
                            "basic_auth_users:\n  trimtab: "
                            "$2b$12$IHav8vPmew0Chwl8lX59JOqn/nFR/RU4f9Mu2xe20.GqiwF6yXzl2\n",
       .files = {{"cert.pem", mine->certificate}, {"key.pem", mine->private_key}},
       .login = "trimtab:secret"});
  ASSERT_TRUE(prometheus.ok()) << prometheus.status();
  PrometheusOptions options{.url = (*prometheus)->url()};

  // Neither the system's authorities nor a stranger's know it.
  for (const std::string& pem : {std::string(), stranger->certificate()}) {
    options.http.tls.ca_pem = pem;
    const Finding found = Server(options);
    EXPECT_EQ(found.state, FindingState::kProblem);
    EXPECT_THAT(found.detail, HasSubstr("certificate"));
    EXPECT_THAT(found.remedy, HasSubstr("--prometheus-ca-file"));
  }

  options.http.tls.ca_pem = authority->certificate();
  Finding found = Server(options);
  EXPECT_EQ(found.state, FindingState::kProblem);
  EXPECT_THAT(found.detail, HasSubstr("401"));
  EXPECT_THAT(found.remedy, HasSubstr("--prometheus-header 'Authorization"));

  const auto login = BasicAuthorization("trimtab", "secret");
  ASSERT_TRUE(login.ok());
  options.headers = {{"Authorization", *login}};
  found = Server(options);
  EXPECT_EQ(found.state, FindingState::kOk) << found.detail;
}

}  // namespace
}  // namespace trimtab
