#include "trimtab/callgraph/graph_class.h"

#include <fmt/format.h>

#include <charconv>
#include <system_error>

namespace trimtab {

std::string_view ToString(ClassKey key) {
  switch (key) {
    case ClassKey::kAdjacency:
      return "adjacency";
    case ClassKey::kMultiplicity:
      return "multiplicity";
    case ClassKey::kCanonical:
      break;
  }
  return "canonical";
}

std::optional<ClassKey> ClassKeyFromString(std::string_view name) {
  for (const ClassKey key : {ClassKey::kAdjacency, ClassKey::kMultiplicity, ClassKey::kCanonical}) {
    if (name == ToString(key)) return key;
  }
  return std::nullopt;
}

std::string ClassId::ToString() const { return fmt::format("{:016x}", value_); }

std::optional<ClassId> ClassId::FromString(std::string_view text) {
  if (text.empty() || text.size() > 16) return std::nullopt;
  std::uint64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value, 16);
  if (error != std::errc() || stop != end) return std::nullopt;
  return ClassId(value);
}

std::string ClassText(const CallTree& tree, ClassKey key) {
  switch (key) {
    case ClassKey::kAdjacency:
      return AdjacencyText(tree);
    case ClassKey::kMultiplicity:
      return MultiplicityText(tree);
    case ClassKey::kCanonical:
      break;
  }
  return CanonicalText(tree);
}

ClassId ClassOf(const CallTree& tree, ClassKey key) {
  std::uint64_t hash = 0xcbf29ce484222325;  // FNV-1a, 64 bit
  for (const char c : ClassText(tree, key)) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  }
  // FNV's high bits move slowly on short texts; the finaliser of MurmurHash3 spreads them.
  hash = (hash ^ (hash >> 33)) * 0xff51afd7ed558ccd;
  hash = (hash ^ (hash >> 33)) * 0xc4ceb9fe1a85ec53;
  return ClassId(hash ^ (hash >> 33));
}

}  // namespace trimtab
