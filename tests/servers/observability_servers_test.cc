// Prometheus and Jaeger as tests start them, and the clients beside them.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>

#include "tests/servers/child_process.h"
#include "tests/servers/eventually.h"
#include "tests/servers/jaeger_server.h"
#include "tests/servers/programs.h"
#include "tests/servers/prometheus_server.h"
#include "tests/servers/readiness.h"

namespace trimtab::servers {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string Body(const std::string& url) {
  const auto reply = HttpGet({.url = url});
  return reply.ok() ? reply->body : reply.status().ToString();
}

class PrometheusServerTest : public ::testing::Test {
 protected:
  void SetUp() override { RequirePrograms({"prometheus"}); }
};

TEST_F(PrometheusServerTest, ScrapesWhatItsConfigurationNames) {
  const auto target = PrometheusServer::Start();
  ASSERT_TRUE(target.ok()) << target.status();
  const std::string address = (*target)->url().substr(std::string("http://").size());
  const auto server = PrometheusServer::Start(
      {.configuration = fmt::format("global: {{scrape_interval: 100ms, scrape_timeout: 100ms}}\n"
                                    "scrape_configs:\n"
                                    "- job_name: target\n"
                                    "  static_configs: [{{targets: [\"{}\"]}}]\n",
                                    address)});
  ASSERT_TRUE(server.ok()) << server.status();
  const std::string query = (*server)->url() + "/api/v1/query?query=up==1";
  EXPECT_TRUE(Eventually([&] {
    return Body(query).find(fmt::format(R"("instance":"{}","job":"target")", address)) !=
           std::string::npos;
  })) << Body(query);
}

TEST_F(PrometheusServerTest, KilledOneComesBackAndTheStoppedOneLeavesNothing) {
  auto server = PrometheusServer::Start();
  ASSERT_TRUE(server.ok()) << server.status();
  (*server)->Kill();
  EXPECT_TRUE((*server)->pids().empty());
  const absl::Status restarted = (*server)->Restart();
  ASSERT_TRUE(restarted.ok()) << restarted;
  EXPECT_THAT(Body((*server)->url() + "/api/v1/query?query=1"), HasSubstr("success"));
  const std::vector<pid_t> pids = (*server)->pids();
  const std::string folder = (*server)->folder();
  ASSERT_EQ(pids.size(), 1U);

  server->reset();

  EXPECT_TRUE(HasEnded(pids.front()));
  EXPECT_FALSE(std::filesystem::exists(folder));
}

TEST_F(PrometheusServerTest, BrokenConfigurationIsShownInTheFailure) {
  const auto server = PrometheusServer::Start({.configuration = "no_such_field: 1\n"});
  EXPECT_EQ(server.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(server.status().message(), HasSubstr("no_such_field"));
}

class JaegerServerTest : public ::testing::Test {
 protected:
  void SetUp() override { RequirePrograms({"jaeger", "telemetrygen"}); }
};

TEST_F(JaegerServerTest, TwoSideBySideKeepTheirSpansApart) {
  const auto fed = JaegerServer::Start();
  ASSERT_TRUE(fed.ok()) << fed.status();
  const auto idle = JaegerServer::Start();
  ASSERT_TRUE(idle.ok()) << idle.status();
  const std::string http = (*fed)->otlp_http_url().substr(std::string("http://").size());
  const std::vector<std::string> common = {"--otlp-insecure", "--traces", "3", "--child-spans", "2",
                                           "--rate",          "0"};
  const auto send = [&](std::vector<std::string> flags) {
    flags.insert(flags.begin(), {ProgramPath("telemetrygen").value(), "traces"});
    flags.insert(flags.end(), common.begin(), common.end());
    return RunCommand(std::move(flags)).status();
  };

  const absl::Status by_http =
      send({"--otlp-http", "--otlp-endpoint", http, "--service", "over-http"});
  const absl::Status by_grpc =
      send({"--otlp-endpoint", (*fed)->otlp_grpc_address(), "--service", "over-grpc"});

  ASSERT_TRUE(by_http.ok()) << by_http;
  ASSERT_TRUE(by_grpc.ok()) << by_grpc;
  const std::string services = (*fed)->query_url() + "/api/services";
  EXPECT_TRUE(Eventually([&] {
    const std::string body = Body(services);
    return body.find("over-http") != std::string::npos &&
           body.find("over-grpc") != std::string::npos;
  })) << Body(services);
  EXPECT_THAT(Body((*idle)->query_url() + "/api/services"), HasSubstr(R"("data":null)"));
  EXPECT_THAT(Body((*fed)->admin_url() + "/metrics"), HasSubstr("jaeger_collector_spans_received"));
}

TEST_F(JaegerServerTest, RestartedOneIsEmptyAndTheStoppedOneLeavesNothing) {
  auto server = JaegerServer::Start();
  ASSERT_TRUE(server.ok()) << server.status();
  const absl::Status restarted = (*server)->Restart();
  ASSERT_TRUE(restarted.ok()) << restarted;
  EXPECT_THAT(Body((*server)->query_url() + "/api/services"), HasSubstr(R"("data":null)"));
  const std::vector<pid_t> pids = (*server)->pids();
  const std::string folder = (*server)->folder();
  ASSERT_EQ(pids.size(), 1U);

  server->reset();

  EXPECT_TRUE(HasEnded(pids.front()));
  EXPECT_FALSE(std::filesystem::exists(folder));
}

TEST(HelmTest, SaysItsVersion) {
  RequirePrograms({"helm"});
  if (::testing::Test::IsSkipped() || ::testing::Test::HasFatalFailure()) return;
  const auto version = RunCommand({ProgramPath("helm").value(), "version", "--short"});
  ASSERT_TRUE(version.ok()) << version.status();
  EXPECT_THAT(*version, ::testing::HasSubstr("v3."));
}

}  // namespace
}  // namespace trimtab::servers
