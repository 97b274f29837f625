// Where scenario files are.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace trimtab {

// The file of a scenario. A name with a '/' or that ends with ".yaml" is a path and must exist.
// Any other is looked for, with ".yaml" put after it, beside the program:
// ../share/trimtab/scenarios of an installed one, ../../scenarios of one in the build tree.
// kNotFound names where it looked and which scenarios there are.
absl::StatusOr<std::string> FindScenario(std::string_view name);

// The same for a program in `folder`.
absl::StatusOr<std::string> FindScenario(std::string_view name,
                                         const std::filesystem::path& folder);

}  // namespace trimtab
