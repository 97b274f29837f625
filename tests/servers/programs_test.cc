#include "tests/servers/programs.h"

#include <gmock/gmock.h>
#include <gtest/gtest-spi.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <optional>
#include <string>

#include "tests/servers/temporary_folder.h"

namespace trimtab::servers {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;

// Sets an environment variable, or unsets it with none, until it goes out of scope.
class Variable {
 public:
  Variable(const char* name, std::optional<std::string> value) : name_(name) {
    if (const char* before = getenv(name)) before_ = before;
    Set(value);
  }
  ~Variable() { Set(before_); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  void Set(const std::optional<std::string>& value) {
    if (value.has_value()) {
      setenv(name_, value->c_str(), 1);
    } else {
      unsetenv(name_);
    }
  }

  const char* name_;
  std::optional<std::string> before_;
};

TEST(ProgramPathTest, MissingProgramSaysHowToMakeIt) {
  const Variable assets("KUBEBUILDER_ASSETS", std::nullopt);
  const auto path = ProgramPath("no-such-server");
  EXPECT_EQ(path.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(path.status().message()),
              EndsWith("/build/servers/no-such-server': run 'make servers'"));
}

TEST(ProgramPathTest, AssetsFolderHoldsTheThreeProgramsOfItsConvention) {
  const auto folder = TemporaryFolder::Make("assets");
  ASSERT_TRUE(folder.ok()) << folder.status();
  for (const char* name : {"etcd", "kube-scheduler"}) {
    const auto file = folder->Write(name, "#!/bin/sh\n");
    ASSERT_TRUE(file.ok()) << file.status();
    ASSERT_EQ(chmod(file->c_str(), 0700), 0);
  }
  const Variable assets("KUBEBUILDER_ASSETS", folder->path());
  EXPECT_EQ(ProgramPath("etcd").value_or(""), folder->File("etcd"));
  EXPECT_THAT(std::string(ProgramPath("kubectl").status().message()),
              HasSubstr("KUBEBUILDER_ASSETS names"));
  // Not of the convention: its own folder, whatever the assets hold.
  EXPECT_NE(ProgramPath("kube-scheduler").value_or(""), folder->File("kube-scheduler"));
}

TEST(RequireProgramsTest, MissingProgramFailsWhereCiIsSet) {
  const Variable ci("CI", "true");
  EXPECT_FATAL_FAILURE(RequirePrograms({"no-such-server"}), "run 'make servers'");
  EXPECT_FATAL_FAILURE(RequireInstalled({"sh", "no-such-program"}), "no program 'no-such-program'");
}

TEST(RequireProgramsTest, MissingProgramSkipsElsewhere) {
  const Variable ci("CI", std::nullopt);
  ::testing::TestPartResultArray results;
  {
    const ::testing::ScopedFakeTestPartResultReporter reporter(
        ::testing::ScopedFakeTestPartResultReporter::INTERCEPT_ONLY_CURRENT_THREAD, &results);
    RequirePrograms({"no-such-server"});
  }
  ASSERT_EQ(results.size(), 1);
  EXPECT_TRUE(results.GetTestPartResult(0).skipped());
  EXPECT_THAT(results.GetTestPartResult(0).message(), HasSubstr("run 'make servers'"));
}

}  // namespace
}  // namespace trimtab::servers
