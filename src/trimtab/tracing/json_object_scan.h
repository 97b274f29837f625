// Finds the end of a JSON object, 64 bytes at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "trimtab/tracing/byte_scan.h"

namespace trimtab {

// Fed with the text of an object from its opening brace on, in pieces of any length; says where its
// closing brace is. Knows strings and escapes; everything else it takes as it comes.
class JsonObjectScan {
 public:
  // Looks at `size` further bytes. The number of bytes up to and including the closing brace, or
  // nothing when the object goes on.
  std::optional<std::size_t> Feed(const char* text, std::size_t size);

 private:
  // The same for one block of up to 64 bytes.
  std::optional<std::size_t> FeedBlock(const JsonBytes& block);
  std::uint64_t Escaped(std::uint64_t backslashes);

  std::uint64_t depth_ = 0;
  std::uint64_t in_string_ = 0;  // all ones when the next byte is inside a string
  bool is_escaped_ = false;      // the next byte is
};

}  // namespace trimtab
