// A folder for the data of a server, which goes when its owner goes.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <string>
#include <string_view>

namespace trimtab::servers {

// A folder of its own within ::testing::TempDir(). Movable; whoever holds it last removes it.
class TemporaryFolder {
 public:
  // `name` begins the folder's name. Fails when the folder cannot be made.
  static absl::StatusOr<TemporaryFolder> Make(std::string_view name);

  TemporaryFolder(TemporaryFolder&& other) noexcept;
  TemporaryFolder& operator=(TemporaryFolder&& other) noexcept;
  ~TemporaryFolder();

  // Absolute, without a slash at its end.
  const std::string& path() const { return path_; }
  // The path of a file in it.
  std::string File(std::string_view name) const;
  // Writes a file that only its owner may read, and returns its path.
  absl::StatusOr<std::string> Write(std::string_view name, std::string_view content) const;

 private:
  explicit TemporaryFolder(std::string path) : path_(std::move(path)) {}

  std::string path_;  // empty when it was moved from
};

// The whole file; fails when it cannot be read.
absl::StatusOr<std::string> ReadWholeFile(const std::string& path);

}  // namespace trimtab::servers
