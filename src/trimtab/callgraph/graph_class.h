// Graph classes: which call trees count as the same, and the stable id of each class.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "trimtab/callgraph/call_tree.h"

namespace trimtab {

// What must agree for two call trees to be of one class.
enum class ClassKey {
  kAdjacency,     // the set of caller and callee pairs (Derm III)
  kMultiplicity,  // the unordered tree of visits with their numbers
  kCanonical,     // the same, and what is sequential and what parallel
};

std::string_view ToString(ClassKey key);
// Nothing for a name that is none of adjacency, multiplicity, canonical.
std::optional<ClassKey> ClassKeyFromString(std::string_view name);

// The id of a class: a 64-bit hash (FNV-1a with a final mix) of the class's text. The same on
// every machine and in every version of the program that writes the same text.
class ClassId {
 public:
  constexpr ClassId() = default;
  constexpr explicit ClassId(std::uint64_t value) : value_(value) {}
  constexpr std::uint64_t value() const { return value_; }
  friend constexpr auto operator<=>(ClassId, ClassId) = default;
  // Sixteen lower-case hexadecimal digits.
  std::string ToString() const;
  // Reads 1 to 16 hexadecimal digits; nothing for anything else.
  static std::optional<ClassId> FromString(std::string_view text);

 private:
  std::uint64_t value_ = 0;
};

// The text that all trees of one class share, and no other.
std::string ClassText(const CallTree& tree, ClassKey key);
ClassId ClassOf(const CallTree& tree, ClassKey key);

}  // namespace trimtab
