#include "tests/servers/temporary_folder.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>
#include <utility>

#include "gtest/gtest.h"

namespace trimtab::servers {

absl::StatusOr<TemporaryFolder> TemporaryFolder::Make(std::string_view name) {
  std::string path = fmt::format("{}{}-XXXXXX", ::testing::TempDir(), name);
  if (mkdtemp(path.data()) == nullptr) {
    return absl::ErrnoToStatus(errno, fmt::format("making the folder '{}'", path));
  }
  return TemporaryFolder(std::move(path));
}

TemporaryFolder::TemporaryFolder(TemporaryFolder&& other) noexcept
    : path_(std::exchange(other.path_, {})) {}

TemporaryFolder& TemporaryFolder::operator=(TemporaryFolder&& other) noexcept {
  std::swap(path_, other.path_);
  return *this;
}

TemporaryFolder::~TemporaryFolder() {
  if (path_.empty()) return;
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string TemporaryFolder::File(std::string_view name) const {
  return fmt::format("{}/{}", path_, name);
}

absl::StatusOr<std::string> TemporaryFolder::Write(std::string_view name,
                                                   std::string_view content) const {
  std::string path = File(name);
  std::ofstream file(path, std::ios::binary);
  std::error_code error;
  std::filesystem::permissions(
      path, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write, error);
  file << content;
  file.close();
  if (!file || error) return absl::InternalError(fmt::format("file '{}' cannot be written", path));
  return path;
}

absl::StatusOr<std::string> ReadWholeFile(const std::string& path) {
  const std::ifstream file(path, std::ios::binary);
  std::ostringstream content;
  content << file.rdbuf();
  if (!file) return absl::NotFoundError(fmt::format("file '{}' cannot be read", path));
  return std::move(content).str();
}

}  // namespace trimtab::servers
