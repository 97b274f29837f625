// A profile for an application of two workloads, made in a moment.
#pragma once

#include <string>

#include "absl/status/status.h"

namespace trimtab {

// The workloads of every application here: the first is the entry and calls the second.
inline constexpr char kFrontWorkload[] = "front";
inline constexpr char kBackWorkload[] = "back";

// Writes a profile of the two for `trimtab run --profile`: more CPU makes each faster, 20 ms at one
// core and in inverse proportion below, and more load slower; the tail is the sum of both.
absl::Status WriteRunProfile(const std::string& path);

}  // namespace trimtab
