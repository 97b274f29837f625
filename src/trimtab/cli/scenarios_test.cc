#include "trimtab/cli/scenarios.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "absl/status/status.h"

namespace trimtab {
namespace {

namespace fs = std::filesystem;

// An installed tree and a source tree with its build folder.
class ScenariosTest : public testing::Test {
 protected:
  ScenariosTest()
      : root_(fs::path(testing::TempDir()) /
              testing::UnitTest::GetInstance()->current_test_info()->name()) {
    Write("usr/share/trimtab/scenarios/hotel.yaml");
    Write("usr/share/trimtab/scenarios/media.yaml");
    Write("source/scenarios/hotel.yaml");
    fs::create_directories(root_ / "usr/bin");
    fs::create_directories(root_ / "source/build/release");
  }
  ~ScenariosTest() override { fs::remove_all(root_); }

  void Write(const std::string& name) const {
    fs::create_directories((root_ / name).parent_path());
    std::ofstream(root_ / name) << "kind: Scenario\n";
  }

  const fs::path root_;
};

TEST_F(ScenariosTest, AnInstalledProgramFindsItsOwn) {
  EXPECT_EQ(*FindScenario("hotel", root_ / "usr/bin"),
            (root_ / "usr/share/trimtab/scenarios/hotel.yaml").string());
}

TEST_F(ScenariosTest, ABuiltProgramFindsThoseOfItsSourceTree) {
  EXPECT_EQ(*FindScenario("hotel", root_ / "source/build/release"),
            (root_ / "source/scenarios/hotel.yaml").string());
}

TEST_F(ScenariosTest, APathIsTakenAsItIs) {
  const std::string path = (root_ / "source/scenarios/hotel.yaml").string();
  EXPECT_EQ(*FindScenario(path, root_ / "usr/bin"), path);
  const auto missing = FindScenario("no-such.yaml", root_ / "usr/bin");
  EXPECT_EQ(missing.status().code(), absl::StatusCode::kNotFound);
}

TEST_F(ScenariosTest, AnUnknownNameIsAnErrorThatListsTheKnownOnes) {
  const auto missing = FindScenario("hotle", root_ / "usr/bin");
  EXPECT_EQ(missing.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(missing.status().message()), testing::HasSubstr("hotel, media"));
}

}  // namespace
}  // namespace trimtab
