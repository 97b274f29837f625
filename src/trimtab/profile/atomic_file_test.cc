#include "trimtab/profile/atomic_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

namespace trimtab {
namespace {

using ::testing::HasSubstr;

std::string Folder() {
  const std::string folder = ::testing::TempDir() + "trimtab_atomic_file_test";
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  return folder;
}

TEST(AtomicFileTest, ReadsBackWhatItWrote) {
  const std::string path = Folder() + "/a";
  const std::string content = std::string("line\n\0binary", 12) + std::string(200'000, 'x');
  ASSERT_TRUE(ReplaceFile(path, content).ok());
  EXPECT_EQ(*ReadWholeFile(path), content);
  ASSERT_TRUE(ReplaceFile(path, "new").ok());
  EXPECT_EQ(*ReadWholeFile(path), "new");
}

TEST(AtomicFileTest, LeavesNothingElseBehind) {
  const std::string folder = Folder();
  ASSERT_TRUE(ReplaceFile(folder + "/a", "x").ok());
  // Renaming onto a folder fails after the temporary file was written.
  std::filesystem::create_directories(folder + "/d/x");
  EXPECT_FALSE(ReplaceFile(folder + "/d", "x").ok());
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    files += entry.is_regular_file() ? 1 : 0;
  }
  EXPECT_EQ(files, 1);
}

TEST(AtomicFileTest, NamesFileAndReason) {
  const auto missing = ReadWholeFile("/nowhere/a").status();
  EXPECT_TRUE(absl::IsNotFound(missing));
  EXPECT_THAT(std::string(missing.message()), HasSubstr("opening '/nowhere/a': No such file"));
  EXPECT_THAT(std::string(ReplaceFile("/nowhere/a", "x").message()),
              HasSubstr("creating '/nowhere/a."));
}

TEST(AtomicFileTest, RefusesWhatIsTooLarge) {
  const std::string path = Folder() + "/a";
  ASSERT_TRUE(ReplaceFile(path, "12345").ok());
  EXPECT_TRUE(ReadWholeFile(path, 5).ok());
  const auto status = ReadWholeFile(path, 4).status();
  EXPECT_TRUE(absl::IsOutOfRange(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("larger than the bound of 4 bytes"));
}

}  // namespace
}  // namespace trimtab
