// Decompression with a bound on what comes out.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace trimtab {

// The text of a gzip stream, several members in a row included. kResourceExhausted when it is
// longer than `most_bytes`, kInvalidArgument when the stream is damaged or cut. Memory: the text;
// a bomb stops at the bound.
absl::StatusOr<std::string> Gunzip(std::string_view bytes, std::size_t most_bytes);

}  // namespace trimtab
