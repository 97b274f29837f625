#include "tests/servers/programs.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "absl/strings/str_split.h"
#include "gtest/gtest.h"

namespace trimtab::servers {
namespace {

constexpr std::array<std::string_view, 3> kAssets = {"kube-apiserver", "etcd", "kubectl"};

std::string Environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

bool IsInPath(std::string_view name) {
  const std::string path = Environment("PATH");
  for (const absl::string_view folder : absl::StrSplit(path, ':')) {
    if (access(fmt::format("{}/{}", std::string(folder), name).c_str(), X_OK) == 0) return true;
  }
  return false;
}

void FailOrSkip(std::string_view why) {
  if (!Environment("CI").empty()) FAIL() << why;
  GTEST_SKIP() << why;
}

}  // namespace

absl::StatusOr<std::string> ProgramPath(std::string_view name) {
  std::string folder = TRIMTAB_SERVERS_DIR;
  std::string remedy = "run 'make servers'";
  if (const std::string assets = Environment("KUBEBUILDER_ASSETS");
      !assets.empty() && std::find(kAssets.begin(), kAssets.end(), name) != kAssets.end()) {
    folder = assets;
    remedy = "KUBEBUILDER_ASSETS names that folder";
  }
  std::string path = fmt::format("{}/{}", folder, name);
  if (access(path.c_str(), X_OK) != 0) {
    return absl::NotFoundError(fmt::format("no program '{}': {}", path, remedy));
  }
  return path;
}

void RequirePrograms(std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) {
    const absl::StatusOr<std::string> path = ProgramPath(name);
    if (!path.ok()) return FailOrSkip(std::string(path.status().message()));
  }
}

void RequireInstalled(std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) {
    if (IsInPath(name)) continue;
    return FailOrSkip(
        fmt::format("no program '{}' in $PATH: scripts/install_dependencies.sh test", name));
  }
}

}  // namespace trimtab::servers
