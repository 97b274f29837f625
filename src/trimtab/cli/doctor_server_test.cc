// What `trimtab doctor` says of a real API server, and whether its remedies mend.
#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/servers/server_test.h"
#include "trimtab/cli/doctor_cluster.h"
#include "trimtab/cli/doctor_sources.h"
#include "trimtab/clock/system_clock.h"

namespace trimtab {
namespace {

using servers::ControlPlaneTest;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

class DoctorTest : public ControlPlaneTest {
 protected:
  std::vector<Finding> Examine(const std::string& kubeconfig, std::string name_space) const {
    return ExamineCluster({.rules = {.kubeconfig_flag = kubeconfig},
                           .name_space = std::move(name_space),
                           .timeout = std::chrono::seconds(20)},
                          clock_);
  }
  static const Finding* Find(const std::vector<Finding>& findings, std::string_view check) {
    const auto found = std::find_if(findings.begin(), findings.end(),
                                    [&](const Finding& one) { return one.check == check; });
    return found == findings.end() ? nullptr : &*found;
  }
  static std::vector<Finding> Of(const std::vector<Finding>& findings, std::string_view area) {
    std::vector<Finding> of;
    std::copy_if(findings.begin(), findings.end(), std::back_inserter(of),
                 [&](const Finding& one) { return one.area == area; });
    return of;
  }
  void Run(std::vector<std::string> arguments) const {
    const auto ran = control_plane().Kubectl(std::move(arguments));
    ASSERT_TRUE(ran.ok()) << ran.status();
  }
  // Runs "kubectl a && kubectl b" as the administrator.
  void Mend(const std::string& remedy) const {
    const std::vector<std::string> commands = absl::StrSplit(remedy, " && ");
    for (const std::string& command : commands) {
      std::vector<std::string> words = absl::StrSplit(command, ' ');
      ASSERT_EQ(words.front(), "kubectl") << remedy;
      words.erase(words.begin());
      Run(std::move(words));
    }
  }
  // The kubeconfig of a service account without rights, in a namespace of its own.
  std::string Stranger(const std::string& name_space) const {
    Run({"create", "namespace", name_space});
    Run({"create", "serviceaccount", "stranger", "-n", name_space});
    const auto token = control_plane().Kubectl({"create", "token", "stranger", "-n", name_space});
    EXPECT_TRUE(token.ok()) << token.status();
    const std::string path = fmt::format("{}/{}.kubeconfig", control_plane().folder(), name_space);
    std::ofstream(path) << fmt::format(
        "apiVersion: v1\nkind: Config\ncurrent-context: c\n"
        "clusters: [{{name: k, cluster: {{server: '{}', certificate-authority: '{}'}}}}]\n"
        "users: [{{name: u, user: {{token: '{}'}}}}]\n"
        "contexts: [{{name: c, context: {{cluster: k, user: u}}}}]\n",
        control_plane().url(), control_plane().ca_file(),
        token.ok() ? token->substr(0, token->find('\n')) : "");
    return path;
  }

  const SystemClock clock_;
};

TEST_F(DoctorTest, AnAdministratorMayDoEverything) {
  const auto findings = Examine(control_plane().kubeconfig(), "default");
  const Finding* server = Find(findings, "API server");
  ASSERT_NE(server, nullptr);
  EXPECT_EQ(server->state, FindingState::kOk);
  EXPECT_THAT(server->detail, StartsWith("v1."));
  const Finding* resize = Find(findings, "pods/resize");
  ASSERT_NE(resize, nullptr);
  EXPECT_EQ(resize->state, FindingState::kOk);
  const auto rights = Of(findings, "permissions");
  EXPECT_EQ(rights.size(), 14U);
  for (const Finding& right : rights) {
    EXPECT_EQ(right.state, FindingState::kOk) << right.check << ": " << right.detail;
  }
}

TEST_F(DoctorTest, ItsRemediesGiveAStrangerEveryRight) {
  const std::string kubeconfig = Stranger("doctor-rights");
  const auto before = Of(Examine(kubeconfig, "doctor-rights"), "permissions");
  ASSERT_EQ(before.size(), 14U);
  for (const Finding& right : before) {
    EXPECT_NE(right.state, FindingState::kOk) << right.check;
    EXPECT_THAT(right.remedy, HasSubstr("--user=system:serviceaccount:doctor-rights:stranger"));
    Mend(right.remedy);
  }
  for (const Finding& right : Of(Examine(kubeconfig, "doctor-rights"), "permissions")) {
    EXPECT_EQ(right.state, FindingState::kOk) << right.check << ": " << right.detail;
  }
}

TEST_F(DoctorTest, SeesARivalUntilItsRemedyRan) {
  Run({"create", "namespace", "doctor-rivals"});
  Run({"create", "deployment", "web", "--image=web:1", "-n", "doctor-rivals"});
  Run({"autoscale", "deployment", "web", "--min=2", "--max=7", "-n", "doctor-rivals"});
  const auto seen = Of(Examine(control_plane().kubeconfig(), "doctor-rivals"), "rivals");
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen[0].state, FindingState::kNote);
  EXPECT_THAT(seen[0].detail, HasSubstr("scales Deployment 'web' between 2 and 7 replicas"));
  Mend(seen[0].remedy);
  const auto after = Of(Examine(control_plane().kubeconfig(), "doctor-rivals"), "rivals");
  ASSERT_EQ(after.size(), 1U);
  EXPECT_EQ(after[0].state, FindingState::kOk);
}

TEST_F(DoctorTest, SaysWhichWorkloadsAreScaledInReplicasOnly) {
  Run({"create", "namespace", "doctor-workloads"});
  Run({"create", "deployment", "bare", "--image=none", "--replicas=0", "-n", "doctor-workloads"});
  Run({"create", "deployment", "whole", "--image=none", "--replicas=0", "-n", "doctor-workloads"});
  Run({"set", "resources", "deployment/whole", "-n", "doctor-workloads",
       "--limits=cpu=1,memory=1Gi"});
  const auto examine = [this] {
    return Of(Examine(control_plane().kubeconfig(), "doctor-workloads"), "workloads");
  };
  auto seen = examine();
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen[0].check, "Deployment doctor-workloads/bare");
  EXPECT_EQ(seen[0].state, FindingState::kNote);
  EXPECT_THAT(seen[0].detail, StartsWith("replicas only: container 'none' has neither request"));
  Mend(seen[0].remedy);
  seen = examine();
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen[0].state, FindingState::kOk);
  const auto made = control_plane().Kubectl(
      {"apply", "-f", "-"},
      "{apiVersion: v1, kind: Node, metadata: {name: pinned, labels: {cpumanager: 'true'}}}");
  ASSERT_TRUE(made.ok()) << made.status();
  seen = examine();
  Run({"delete", "node", "pinned"});
  ASSERT_EQ(seen.size(), 2U);
  EXPECT_THAT(seen[0].detail, HasSubstr("Guaranteed pods there are not resized"));
  EXPECT_EQ(seen[1].check, "Deployment doctor-workloads/whole");
  EXPECT_THAT(seen[1].detail, HasSubstr("CPU manager is static"));
}

TEST_F(DoctorTest, ATokenThatIsRefusedIsAProblemWithoutTheToken) {
  const std::string path = control_plane().folder() + "/wrong.kubeconfig";
  std::ofstream(path) << fmt::format(
      "apiVersion: v1\nkind: Config\ncurrent-context: c\n"
      "clusters: [{{name: k, cluster: {{server: '{}', certificate-authority: '{}'}}}}]\n"
      "users: [{{name: u, user: {{token: hunter2hunter2}}}}]\n"
      "contexts: [{{name: c, context: {{cluster: k, user: u}}}}]\n",
      control_plane().url(), control_plane().ca_file());
  const auto findings = Examine(path, "default");
  ASSERT_THAT(findings, testing::SizeIs(1));
  EXPECT_EQ(findings[0].state, FindingState::kProblem);
  EXPECT_THAT(findings[0].detail, HasSubstr("401"));
  EXPECT_THAT(findings[0].detail, testing::Not(HasSubstr("hunter2")));
}

TEST(DoctorOfflineTest, NoClusterIsOneFinding) {
  const SystemClock clock;
  const auto findings =
      ExamineCluster({.rules = {.kubeconfig_flag = "/nonexistent/config"}}, clock);
  ASSERT_THAT(findings, testing::SizeIs(1));
  EXPECT_EQ(findings[0].state, FindingState::kProblem);
  EXPECT_THAT(findings[0].detail, HasSubstr("/nonexistent/config"));
  EXPECT_THAT(findings[0].remedy, testing::Not(IsEmpty()));
}

TEST(DoctorOfflineTest, ServersThatAreNotThereAreProblems) {
  const SystemClock clock;
  const auto prometheus = ExaminePrometheus({.server = {.url = "http://127.0.0.1:1"}}, clock);
  ASSERT_THAT(prometheus, testing::SizeIs(1));
  EXPECT_EQ(prometheus[0].state, FindingState::kProblem);
  const auto jaeger = ExamineJaeger({.url = "http://127.0.0.1:1"});
  ASSERT_THAT(jaeger, testing::SizeIs(1));
  EXPECT_EQ(jaeger[0].state, FindingState::kProblem);
}

}  // namespace
}  // namespace trimtab
