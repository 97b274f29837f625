// What a source is asked with is said nowhere, however the source fails.
#include <chrono>
#include <fstream>
#include <string>

#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "trimtab/http/credential.h"
#include "trimtab/http/testing/loopback_server.h"
#include "trimtab/monitoring/prometheus_client.h"
#include "trimtab/operator/testing/app_loop_fixture.h"

namespace trimtab {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* kSecret = "s3cr3t";

class SecretsTest : public AppLoopFixture {
 protected:
  // How a Prometheus fails that has a secret in its URL, in a header and as a token.
  static absl::Status FailureOf(const std::string& authority) {
    PrometheusOptions options{
        .url = fmt::format("http://user:{0}@{1}/?token={0}", kSecret, authority),
        .headers = {{"X-Api-Key", kSecret}}};
    options.http.credentials = std::make_shared<FixedCredential>(
        Credential{.authorization = fmt::format("Bearer {}", kSecret)});
    const auto client = PrometheusClient::Create(options);
    if (!client.ok()) return client.status();
    return client->Query("up", Instant(std::chrono::seconds(1000)), std::chrono::seconds(1))
        .status();
  }

  // All that the process says, of a cycle in which Prometheus failed so.
  std::string SaidOf(const absl::Status& failure) {
    EXPECT_FALSE(failure.ok());
    world.metrics_.error = failure;
    traces.error = failure;
    Ask(Sized(3), Sized(2));
    Cycle();
    std::string said = stored.Status().dump() + logged.str() + metrics.Text();
    for (const DecisionEntry& entry : journal.entries) {
      said += entry.observation + entry.plan + entry.commitment;
    }
    for (const FakeApi::Request& request : api.requests()) said += request.target + request.body;
    return said;
  }
};

TEST_F(SecretsTest, AreInNoLogStatusEventMetricOrJournal) {
  LoopbackServer refusing(LoopbackServer::EveryRequest(
      [](const LoopbackConnection::Request&, const LoopbackConnection& to) {
        to.Answer(401, R"({"status":"error","errorType":"unauthorized","error":"no"})",
                  "Content-Type: application/json\r\n");
      }));
  LoopbackServer silent(LoopbackServer::EveryRequest(
      [](const LoopbackConnection::Request&, const LoopbackConnection& to) { to.Reset(); }));
  for (const std::string& url : {refusing.Url(""), silent.Url("")}) {
    const std::string said = SaidOf(FailureOf(url.substr(url.find("//") + 2)));
    EXPECT_THAT(said, Not(HasSubstr(kSecret))) << url;
    EXPECT_EQ(Condition("MetricsAvailable"), "False/NoData") << "the failure is told";
  }
  EXPECT_THAT(SaidOf(FailureOf("127.0.0.1:0")), Not(HasSubstr(kSecret))) << "a URL that is none";
}

}  // namespace
}  // namespace trimtab
