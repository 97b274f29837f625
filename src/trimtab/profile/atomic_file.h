// Whole files, read with a bound and replaced in one step.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace trimtab {

// A configuration file larger than this is refused before it is parsed.
inline constexpr std::int64_t kLargestDocumentBytes = std::int64_t{64} << 20;

// kNotFound when there is none, kOutOfRange with size and bound when it is larger than `most`,
// kUnavailable with the system's reason when it cannot be read.
absl::StatusOr<std::string> ReadWholeFile(const std::string& path,
                                          std::int64_t most = kLargestDocumentBytes);

// Writes to a temporary file beside `path`, flushes it to the disk and renames it: at any moment
// `path` holds the old content or the new one, whole. kUnavailable with the system's reason.
absl::Status ReplaceFile(const std::string& path, std::string_view content);

}  // namespace trimtab
