// A YAML document as a plain tree: strict, bounded, with the line of everything.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "trimtab/quantity/quantity.h"

namespace trimtab {

inline constexpr Bytes kLargestConfiguration = Mebibytes(64);

// One value. A map keeps its order; its keys are unique.
struct YamlNode {
  enum class Kind { kScalar, kSequence, kMap };
  struct Entry;

  Kind kind = Kind::kScalar;
  int line = 1;      // in the file, from 1
  std::string text;  // of a scalar; empty for a null
  std::vector<YamlNode> items;
  std::vector<Entry> entries;
};
struct YamlNode::Entry {
  std::string key;
  int key_line = 1;
  YamlNode value;
};

// The only place where yaml-cpp is called. kInvalidArgument, with `name` and the line: not YAML,
// not exactly one document, a double key, a key that is not text, an anchor or alias (a file that
// can grow when read is refused), a tag, more than 64 levels, more than a million values.
// kResourceExhausted: more than kLargestConfiguration, before anything is parsed.
absl::StatusOr<YamlNode> ParseYaml(std::string_view text, std::string_view name);

// The whole file. kNotFound: it cannot be opened; kResourceExhausted: above kLargestConfiguration.
absl::StatusOr<std::string> ReadConfiguration(const std::string& path);

}  // namespace trimtab
