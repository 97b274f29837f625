// The main of every test binary: a temporary folder of its own for each process, so that tests that
// run side by side, each in its process, never meet in one file.

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace {

// Every test that ran was skipped. What ctest takes for a skipped test, and automake too.
constexpr int kSkipped = 77;

}  // namespace

int main(int argc, char** argv) {
  ::testing::InitGoogleMock(&argc, argv);
  std::string folder = (std::filesystem::temp_directory_path() / "trimtab-test-XXXXXX").string();
  if (mkdtemp(folder.data()) == nullptr) {
    std::perror(folder.c_str());
    return 1;
  }
  // What ::testing::TempDir() returns, which ends with a slash.
  setenv("TEST_TMPDIR", (folder + "/").c_str(), 1);
  const int result = RUN_ALL_TESTS();
  std::error_code ignored;
  std::filesystem::remove_all(folder, ignored);
  const ::testing::UnitTest& tests = *::testing::UnitTest::GetInstance();
  if (result == 0 && tests.successful_test_count() == 0 && tests.skipped_test_count() > 0) {
    return kSkipped;
  }
  return result;
}
