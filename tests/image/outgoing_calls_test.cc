// Whom the program calls, as the kernel sees it: the hosts that it was given, and nobody else.
#include <fmt/format.h>

#include <memory>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/image/image_test.h"
#include "tests/servers/programs.h"
#include "tests/servers/prometheus_server.h"
#include "tests/servers/server_test.h"

namespace trimtab::servers {
namespace {

using ::testing::Contains;
using ::testing::IsEmpty;
using ::testing::IsSubsetOf;
using ::testing::UnorderedElementsAre;

class OutgoingCallsTest : public ControlPlaneTest {
 protected:
  // The tests that need the control plane start it.
  void SetUp() override { RequireInstalled({"strace"}); }

  // Every "ADDRESS:PORT" of the network that the program connects or sends a packet to, under
  // `arguments`, until it ends or for the given seconds.
  static std::set<std::string> Called(std::vector<std::string> arguments, int seconds = 60) {
    std::vector<std::string> command = {"sh",
                                        "-c",
                                        R"("$@" 2>&1 >/dev/null || true)",
                                        "sh",
                                        "strace",
                                        "-f",
                                        "-e",
                                        "trace=connect,sendto,sendmsg,sendmmsg",
                                        "-e",
                                        "signal=none",
                                        "timeout",
                                        "--signal=TERM",
                                        std::to_string(seconds),
                                        TRIMTAB_BINARY_DIR "/trimtab"};
    command.insert(command.end(), arguments.begin(), arguments.end());
    static const std::regex kAddress(
        R"re(sin6?_port=htons\((\d+)\).*(inet_addr\("|inet_pton\(AF_INET6, ")([^"]*)")re");
    std::set<std::string> called;
    std::istringstream calls(Output(std::move(command), {.time = std::chrono::minutes(3)}));
    for (std::string call; std::getline(calls, call);) {
      std::smatch parts;
      if (std::regex_search(call, parts, kAddress)) {
        called.insert(fmt::format("{}:{}", parts.str(3), parts.str(1)));
      }
    }
    return called;
  }
  static std::string Address(const std::string& url) { return url.substr(url.find("//") + 2); }
};

TEST_F(OutgoingCallsTest, WhatNeedsNoServerCallsNobody) {
  const auto folder = TemporaryFolder::Make("simulate");
  ASSERT_TRUE(folder.ok()) << folder.status();
  EXPECT_THAT(Called({"version"}), IsEmpty());
  EXPECT_THAT(Called({"--help"}), IsEmpty());
  EXPECT_THAT(Called({"validate", "hotel-reservation"}), IsEmpty());
  EXPECT_THAT(Called({"simulate", "hotel-reservation", "--policy", "static", "--minutes", "6",
                      "--out", folder->path()}),
              IsEmpty());
}

TEST_F(OutgoingCallsTest, ATraceOfCallsIsSeenAtAll) {
  EXPECT_THAT(Called({"doctor", "--no-cluster", "--prometheus-url", "http://127.0.0.1:1"}),
              UnorderedElementsAre("127.0.0.1:1"));
}

TEST_F(OutgoingCallsTest, DoctorCallsWhomItWasGiven) {
  RequirePrograms({"prometheus"});
  if (IsSkipped() || HasFatalFailure()) return;
  ControlPlaneTest::SetUp();
  if (IsSkipped() || HasFatalFailure()) return;
  const auto prometheus = PrometheusServer::Start();
  ASSERT_TRUE(prometheus.ok()) << prometheus.status();
  EXPECT_THAT(Called({"doctor", "--kubeconfig", control_plane().kubeconfig(), "--prometheus-url",
                      (*prometheus)->url()}),
              UnorderedElementsAre(Address(control_plane().url()), Address((*prometheus)->url())));
}

TEST_F(OutgoingCallsTest, TheControllerCallsWhomItWasGiven) {
  RequirePrograms({"prometheus"});
  if (IsSkipped() || HasFatalFailure()) return;
  ControlPlaneTest::SetUp();
  if (IsSkipped() || HasFatalFailure()) return;
  const auto applied = control_plane().Kubectl(
      {"apply", "-f", TRIMTAB_SOURCE_DIR "/deploy/helm/trimtab/crds/appscalers.trimtab.dev.yaml"});
  ASSERT_TRUE(applied.ok()) << applied.status();
  const auto prometheus = PrometheusServer::Start();
  ASSERT_TRUE(prometheus.ok()) << prometheus.status();
  const auto journal = TemporaryFolder::Make("journal");
  ASSERT_TRUE(journal.ok()) << journal.status();
  const auto called = Called({"run",
                              "--kubeconfig",
                              control_plane().kubeconfig(),
                              "--namespace",
                              "default",
                              "--lease-namespace",
                              "default",
                              "--lease",
                              "trimtab",
                              "--identity",
                              "test",
                              "--prometheus-url",
                              (*prometheus)->url(),
                              "--journal",
                              journal->path(),
                              "--listen-otlp",
                              "127.0.0.1:0",
                              "--listen-metrics",
                              "127.0.0.1:0",
                              "--listen-health",
                              "127.0.0.1:0",
                              "--interval",
                              "5s"},
                             15);
  EXPECT_THAT(called, Contains(Address(control_plane().url())));
  EXPECT_THAT(called, IsSubsetOf({Address(control_plane().url()), Address((*prometheus)->url())}));
  // It has led, so that all of it has run.
  const auto lease = control_plane().Kubectl(
      {"get", "lease", "trimtab", "-o", "jsonpath={.spec.leaseTransitions}{.spec.acquireTime}"});
  ASSERT_TRUE(lease.ok()) << lease.status();
  EXPECT_NE(*lease, "");
}

}  // namespace
}  // namespace trimtab::servers
