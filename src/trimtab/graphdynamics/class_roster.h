// A bounded list of classes out of an unbounded stream of names: the frequent ones, and the rest.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace trimtab {

// The classes that a model knows, and where a name belongs. Rare names, and names never seen when
// the roster was made, belong to the last class, "(other)": a new variant of a graph then changes
// one share and never the size of the model, and a plan sizes for "(other)" as for any class.
// Thread-safety: const after construction.
class ClassRoster {
 public:
  struct Options {
    std::size_t most_classes = 40;  // "(other)" not counted
    double least_share = 0.001;     // of all counts; rarer names are "(other)"
  };

  // By descending count, then name. Counts of names that do not make it add up to other_share().
  static ClassRoster Create(const std::map<std::string, std::uint64_t>& counts, Options options);

  // Names of the classes; the last is "(other)".
  const std::vector<std::string>& names() const { return names_; }
  std::size_t size() const { return names_.size(); }
  std::size_t other() const { return names_.size() - 1; }
  // What share of the counts went to "(other)".
  double other_share() const { return other_share_; }
  // The class of a name; other() for one that is not listed.
  std::size_t IndexOf(std::string_view name) const;

 private:
  std::vector<std::string> names_;
  std::map<std::string, std::size_t, std::less<>> index_;
  double other_share_ = 0;
};

}  // namespace trimtab
