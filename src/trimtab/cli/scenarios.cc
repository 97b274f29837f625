#include "trimtab/cli/scenarios.h"

#include <algorithm>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_join.h"
#include "fmt/format.h"

namespace trimtab {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kSuffix = ".yaml";

// The names of the scenarios in a folder, sorted; empty for a folder that is not there.
std::vector<std::string> ScenarioNames(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
    if (entry.path().extension() == kSuffix) names.push_back(entry.path().stem().string());
  }
  std::ranges::sort(names);
  return names;
}

}  // namespace

absl::StatusOr<std::string> FindScenario(std::string_view name) {
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  if (error) {
    return absl::InternalError(
        fmt::format("finding the program's own folder: {}", error.message()));
  }
  return FindScenario(name, program.parent_path());
}

absl::StatusOr<std::string> FindScenario(std::string_view name, const fs::path& folder) {
  std::error_code error;
  if (name.find('/') != std::string_view::npos || name.ends_with(kSuffix)) {
    if (fs::is_regular_file(fs::path(name), error)) return std::string(name);
    return absl::NotFoundError(fmt::format("scenario file '{}' does not exist", name));
  }
  const std::vector<fs::path> places = {folder / ".." / "share" / "trimtab" / "scenarios",
                                        folder / ".." / ".." / "scenarios"};
  std::vector<std::string> looked;
  std::vector<std::string> known;
  for (const fs::path& place : places) {
    const fs::path clean = place.lexically_normal();
    const fs::path file = clean / fmt::format("{}{}", name, kSuffix);
    if (fs::is_regular_file(file, error)) return file.string();
    looked.push_back(clean.string());
    for (std::string& other : ScenarioNames(clean)) known.push_back(std::move(other));
  }
  return absl::NotFoundError(fmt::format("scenario '{}' is in none of {}; there are: {}", name,
                                         absl::StrJoin(looked, ", "),
                                         known.empty() ? "none" : absl::StrJoin(known, ", ")));
}

}  // namespace trimtab
