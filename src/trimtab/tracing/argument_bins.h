// Classes of the arguments of requests, from attributes of spans; values are not kept.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace trimtab {

// Which attributes of an entry's span are arguments of its request, and into which classes their
// values fall. "seats=2,5" makes of the numbers of the attribute `seats` the classes "seats=..2",
// "seats=2..5" and "seats=5..", each without its upper bound; "tier=free,gold" makes of texts the
// classes "tier=free", "tier=gold" and "tier=(other)". A value that is not of the kind of the
// bounds is in no class. The class is all that is kept of a value. Thread-safety: const after
// construction.
class ArgumentBins {
 public:
  // kInvalidArgument: a text without '=', without bounds, with one attribute twice, or with numbers
  // that do not rise.
  static absl::StatusOr<ArgumentBins> Parse(const std::vector<std::string>& texts);

  bool empty() const { return arguments_.empty(); }

  // The classes of the arguments of one request, gathered attribute by attribute.
  class Request {
   public:
    explicit Request(const ArgumentBins& bins) : bins_(bins), classes_(bins.arguments_.size()) {}
    // An attribute of any name; one that is no argument is passed over.
    // Numbers are given as text, too.
    void Add(std::string_view attribute, std::string_view value);
    // "distance=2..4;seats=..2", in the order of Parse(); empty without arguments. Begins anew.
    std::string Take();

   private:
    const ArgumentBins& bins_;
    std::vector<std::string> classes_;
  };

 private:
  struct Argument {
    std::string attribute;
    std::vector<double> bounds;      // rising; empty for texts
    std::vector<std::string> names;  // bounds as they were written, or texts
  };
  std::optional<std::size_t> Find(std::string_view attribute) const;

  std::vector<Argument> arguments_;
};

}  // namespace trimtab
