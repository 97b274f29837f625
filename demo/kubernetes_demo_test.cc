// The demonstration leaves nothing running, wherever it is stopped.
#include <fmt/format.h>
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/servers/child_process.h"
#include "tests/servers/eventually.h"
#include "tests/servers/programs.h"
#include "tests/servers/temporary_folder.h"

namespace trimtab::demo {
namespace {

using servers::ChildProcess;
using servers::Eventually;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Running processes that the mark was handed down to.
std::vector<std::string> Marked(const std::string& mark) {
  std::vector<std::string> found;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", ignored)) {
    const auto environment = servers::ReadWholeFile(entry.path() / "environ");
    if (!environment.ok() || environment->find(mark) == std::string::npos) continue;
    std::ifstream name(entry.path() / "comm");
    std::string text;
    std::getline(name, text);
    found.push_back(text);
  }
  return found;
}

class KubernetesDemoTest : public ::testing::Test {
 protected:
  void SetUp() override {
    servers::RequirePrograms({"etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler",
                              "kubectl", "helm", "prometheus"});
    if (IsSkipped() || HasFatalFailure()) return;
    auto folder = servers::TemporaryFolder::Make("demo-test");
    ASSERT_TRUE(folder.ok()) << folder.status();
    log_ = folder->File("out");
    mark_ = "TRIMTAB_DEMO_TEST=" + folder->path();
    folder_.emplace(*std::move(folder));
    auto started = ChildProcess::Start(
        {.command = {TRIMTAB_DEMO, TRIMTAB_PROGRAM, "/nonexistent/profile.json",
                     TRIMTAB_SOURCE_DIR "/deploy/helm/trimtab"},
         // Where the folders of its servers are, which it cannot remove when it is killed.
         .environment = {mark_, "TEST_TMPDIR=" + folder_->path()},
         .log_file = log_});
    ASSERT_TRUE(started.ok()) << started.status();
    demo_ = *std::move(started);
  }

  // Until it has begun the step.
  bool Reaches(const std::string& step) {
    return Eventually([&] {
      const auto log = servers::ReadWholeFile(log_);
      return !demo_->IsRunning() || (log.ok() && log->find(step) != std::string::npos);
    });
  }
  bool Runs(const std::string& program) {
    return Eventually([&] {
      const std::vector<std::string> names = Marked(mark_);
      return std::find(names.begin(), names.end(), program) != names.end();
    });
  }

  std::string log_;
  std::string mark_;
  std::optional<servers::TemporaryFolder> folder_;
  std::unique_ptr<ChildProcess> demo_;
};

TEST_F(KubernetesDemoTest, StopsEverythingAfterAnInterrupt) {
  ASSERT_TRUE(Reaches("helm install"));
  ASSERT_THAT(Marked(mark_), ::testing::Contains("kube-apiserver"));
  kill(demo_->pid(), SIGINT);
  ASSERT_TRUE(demo_->WaitForEnd(std::chrono::seconds(60)));
  EXPECT_EQ(demo_->exit_code(), 128 + SIGINT);
  EXPECT_THAT(Marked(mark_), IsEmpty());
  // The log alone is left of its files.
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_->path()), {}), 1);
}

TEST_F(KubernetesDemoTest, StopsEverythingWhenItIsKilled) {
  ASSERT_TRUE(Runs("kube-scheduler"));
  kill(demo_->pid(), SIGKILL);
  ASSERT_TRUE(demo_->WaitForEnd(std::chrono::seconds(10)));
  EXPECT_TRUE(Eventually([this] { return Marked(mark_).empty(); }));
}

// Without a profile `trimtab run` ends by itself.
TEST_F(KubernetesDemoTest, StopsEverythingAndSaysWhyWhenAProgramEnds) {
  ASSERT_TRUE(demo_->WaitForEnd(std::chrono::seconds(180)));
  EXPECT_EQ(demo_->exit_code(), 1);
  EXPECT_THAT(demo_->LogTail(), HasSubstr("/nonexistent/profile.json"));
  EXPECT_THAT(Marked(mark_), IsEmpty());
}

}  // namespace
}  // namespace trimtab::demo
