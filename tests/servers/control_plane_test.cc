#include "tests/servers/control_plane.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdlib>
#include <filesystem>

#include "tests/servers/eventually.h"
#include "tests/servers/programs.h"
#include "tests/servers/readiness.h"
#include "tests/servers/server_test.h"

namespace trimtab::servers {
namespace {

using ::testing::HasSubstr;

bool NamespaceHasDefaultServiceAccount(const ControlPlane& plane, const std::string& name) {
  return Eventually([&] {
    return plane.Kubectl({"get", "serviceaccount", "default", "--namespace", name}).ok();
  });
}

TEST_F(ControlPlaneTest, AnswersReadyToTheAdministratorsToken) {
  const auto reply = HttpGet({.url = control_plane().url() + "/readyz",
                              .ca_file = control_plane().ca_file(),
                              .token = control_plane().admin_token()});
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->status, 200);
  EXPECT_EQ(reply->body, "ok");
}

TEST_F(ControlPlaneTest, RefusesAWrongToken) {
  const auto reply = HttpGet({.url = control_plane().url() + "/api/v1/namespaces",
                              .ca_file = control_plane().ca_file(),
                              .token = "wrong"});
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->status, 401);
}

TEST_F(ControlPlaneTest, CertificateIsOfItsOwnAuthority) {
  const std::string system_authorities = "/etc/ssl/certs/ca-certificates.crt";
  const auto reply =
      HttpGet({.url = control_plane().url() + "/readyz", .ca_file = system_authorities});
  EXPECT_EQ(reply.status().code(), absl::StatusCode::kUnavailable);
}

TEST_F(ControlPlaneTest, NamespaceMadeByKubectlIsReadBack) {
  const auto made = control_plane().Kubectl({"create", "namespace", "read-back"});
  ASSERT_TRUE(made.ok()) << made.status();
  const auto read =
      control_plane().Kubectl({"get", "namespace", "read-back", "-o", "jsonpath={.status.phase}"});
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(*read, "Active");
}

TEST_F(ControlPlaneTest, KubectlTakesObjectsFromItsInput) {
  const auto applied = control_plane().Kubectl(
      {"apply", "-f", "-"},
      "{apiVersion: v1, kind: ConfigMap, metadata: {name: from-input, namespace: default}}");
  ASSERT_TRUE(applied.ok()) << applied.status();
  EXPECT_EQ(*applied, "configmap/from-input created\n");
}

TEST_F(ControlPlaneTest, NewNamespaceGetsItsDefaultServiceAccount) {
  ASSERT_TRUE(control_plane().Kubectl({"create", "namespace", "accounts"}).ok());
  EXPECT_TRUE(NamespaceHasDefaultServiceAccount(control_plane(), "accounts"));
}

TEST_F(ControlPlaneTest, EachKubeconfigIsTheAdministrator) {
  const auto kubectl = ProgramPath("kubectl");
  ASSERT_TRUE(kubectl.ok()) << kubectl.status();
  for (const std::string& kubeconfig :
       {control_plane().kubeconfig(), control_plane().token_kubeconfig()}) {
    const auto allowed = RunCommand({*kubectl, "--kubeconfig", kubeconfig, "--cache-dir",
                                     control_plane().folder() + "/kubectl-cache", "auth", "can-i",
                                     "delete", "nodes"});
    ASSERT_TRUE(allowed.ok()) << allowed.status();
    EXPECT_EQ(*allowed, "yes\n") << kubeconfig;
  }
}

// The deployment controller makes the pod, the scheduler says why it is nowhere.
TEST_F(ControlPlaneTest, ControllersAndSchedulerWork) {
  const ControlPlane& plane = control_plane();
  ASSERT_TRUE(plane.Kubectl({"create", "namespace", "pods"}).ok());
  ASSERT_TRUE(NamespaceHasDefaultServiceAccount(plane, "pods"));
  const auto made = plane.Kubectl(
      {"create", "deployment", "web", "--image", "none.invalid/web:1", "--namespace", "pods"});
  ASSERT_TRUE(made.ok()) << made.status();
  const auto reason = [&] {
    return plane
        .Kubectl({"get", "pods", "--namespace", "pods", "--selector", "app=web", "-o",
                  R"(jsonpath={.items[*].status.conditions[?(@.type=="PodScheduled")].reason})"})
        .value_or("");
  };
  EXPECT_TRUE(Eventually([&] { return reason() == "Unschedulable"; })) << reason();
}

TEST_F(ControlPlaneTest, KilledApiServerComesBackWithItsObjects) {
  ControlPlane& plane = control_plane();
  ASSERT_TRUE(plane.Kubectl({"create", "namespace", "before"}).ok());
  plane.KillApiServer();
  EXPECT_EQ(HttpGet({.url = plane.url() + "/readyz", .ca_file = plane.ca_file()}).status().code(),
            absl::StatusCode::kUnavailable);
  EXPECT_EQ(plane.pids().size(), 3U);

  const absl::Status restarted = plane.RestartApiServer();

  ASSERT_TRUE(restarted.ok()) << restarted;
  EXPECT_EQ(plane.pids().size(), 4U);
  EXPECT_TRUE(plane.Kubectl({"get", "namespace", "before"}).ok());
  // The controllers have found it again.
  ASSERT_TRUE(plane.Kubectl({"create", "namespace", "after"}).ok());
  EXPECT_TRUE(NamespaceHasDefaultServiceAccount(plane, "after"));
}

TEST_F(ControlPlaneTest, AnotherBesideItKeepsApartAndLeavesNothing) {
  auto other = ControlPlane::Start();
  ASSERT_TRUE(other.ok()) << other.status();
  EXPECT_NE((*other)->url(), control_plane().url());
  ASSERT_TRUE((*other)->Kubectl({"create", "namespace", "elsewhere"}).ok());
  EXPECT_FALSE(control_plane().Kubectl({"get", "namespace", "elsewhere"}).ok());
  const std::vector<pid_t> pids = (*other)->pids();
  const std::string folder = (*other)->folder();
  ASSERT_EQ(pids.size(), 4U);
  EXPECT_TRUE(std::none_of(pids.begin(), pids.end(), HasEnded));
  EXPECT_TRUE(std::filesystem::exists(folder));

  other->reset();

  EXPECT_TRUE(std::all_of(pids.begin(), pids.end(), HasEnded));
  EXPECT_FALSE(std::filesystem::exists(folder));
  EXPECT_TRUE(control_plane().Kubectl({"get", "namespace", "default"}).ok());
}

class ControlPlaneStartTest : public ::testing::Test {
 protected:
  void SetUp() override {
    RequirePrograms({"etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler"});
  }
};

TEST_F(ControlPlaneStartTest, FailureShowsTheLogOfTheServer) {
  const auto plane = ControlPlane::Start({.api_server_flags = {"--no-such-flag"}});
  EXPECT_EQ(plane.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(plane.status().message(), HasSubstr("kube-apiserver ended with code"));
  EXPECT_THAT(plane.status().message(), HasSubstr("unknown flag: --no-such-flag"));
}

TEST_F(ControlPlaneStartTest, KilledTestLeavesNoServer) {
  std::array<int, 2> channel{};
  ASSERT_EQ(pipe(channel.data()), 0);
  const pid_t test = fork();
  if (test == 0) {
    const auto plane = ControlPlane::Start();
    std::array<pid_t, 4> pids{};
    if (plane.ok()) {
      const std::vector<pid_t> running = (*plane)->pids();
      std::copy_n(running.begin(), std::min(running.size(), pids.size()), pids.begin());
    }
    if (write(channel[1], pids.data(), sizeof pids) == sizeof pids) pause();
    _exit(1);
  }
  std::array<pid_t, 4> pids{};
  ASSERT_EQ(read(channel[0], pids.data(), sizeof pids), static_cast<ssize_t>(sizeof pids));
  EXPECT_TRUE(
      std::none_of(pids.begin(), pids.end(), [](pid_t pid) { return pid == 0 || HasEnded(pid); }));

  kill(test, SIGKILL);
  waitpid(test, nullptr, 0);

  EXPECT_TRUE(Eventually([&] { return std::all_of(pids.begin(), pids.end(), HasEnded); }));
  close(channel[0]);
  close(channel[1]);
}

}  // namespace
}  // namespace trimtab::servers
