// Interned names of services, pods and operations.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "trimtab/quantity/quantity.h"

namespace trimtab {

// A name of one NameTable. The default is the empty name.
using NameId = Index<struct NameIdTag>;

// Gives each different name a small number, in order of appearance.
//
// Operation names with arguments in them would let the table grow with the length of a file, so it
// is bounded: once the names hold `text_bound` bytes, every new name is "(other)", and counted.
// Thread-safety: none. Cost: about 5 ns for a recently used name.
class NameTable {
 public:
  explicit NameTable(Bytes text_bound = Mebibytes(64));

  NameId Intern(std::string_view name);

  const std::string& Name(NameId id) const { return entries_[id.value()].name; }
  // A hash of the name itself, which does not depend on the order of appearance.
  std::uint64_t Hash(NameId id) const { return entries_[id.value()].hash; }
  std::size_t size() const { return entries_.size(); }
  // The classes of a request's arguments, "distance=4-6;seats=1", as a small number; 0 for the
  // empty text. At most kMostArgumentClasses different ones: were values written in place of
  // classes, the rest would stand as "(other)".
  std::uint16_t InternArgumentClasses(std::string_view classes);
  const std::string& ArgumentClasses(std::uint16_t index) const {
    return Name(argument_classes_[index]);
  }
  static constexpr std::size_t kMostArgumentClasses = 4096;
  // Names that came after the bound was reached and stand as "(other)".
  std::uint64_t refused() const { return refused_; }

 private:
  struct Entry {
    std::string name;
    std::uint64_t hash;
  };
  struct Recent {
    std::uint64_t hash = 0;
    NameId id;
  };
  NameId InternSlow(std::string_view name, std::uint64_t hash);
  NameId Append(std::string_view name, std::uint64_t hash);

  std::deque<Entry> entries_;  // a deque: names stay where they are
  absl::flat_hash_map<std::uint64_t, NameId> by_hash_;
  std::array<Recent, 1024> recent_;  // direct-mapped by hash
  Bytes text_bound_;
  Bytes text_;
  std::uint64_t refused_ = 0;
  std::vector<NameId> argument_classes_;
  absl::flat_hash_map<std::size_t, std::uint16_t> argument_class_of_;  // by NameId
};

}  // namespace trimtab
