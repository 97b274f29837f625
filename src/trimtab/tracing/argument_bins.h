// Classes of the arguments of requests, from attributes of spans; values are not kept.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace trimtab {

// Which attributes of an entry's span are arguments of its request, and into which classes their
// values fall. "seats=2,5" makes of the numbers of the attribute `seats` the classes "seats=..2",
// "seats=2..5" and "seats=5..", each without its upper bound; "tier=free,gold" makes of texts the
// classes "tier=free", "tier=gold" and "tier=(other)". A value that is not of the kind of the
// bounds is in no class. The class is all that is kept of a value. Both generations of
// OpenTelemetry's names of HTTP attributes mean the same: "http.request.method" also reads
// "http.method", and "url.path" the path of "http.target". Thread-safety: const after construction.
class ArgumentBins {
 public:
  // kInvalidArgument: a text without '=', without bounds, with a ';', with one attribute twice,
  // with numbers that do not rise, or with a ".." in a text to compare with.
  static absl::StatusOr<ArgumentBins> Parse(const std::vector<std::string>& texts);
  // The bins of several readers in one: every bound and text of any. From its classes Regrouped()
  // of each makes what that one would have made of the values.
  static ArgumentBins Merged(std::span<const ArgumentBins> all);

  bool empty() const { return arguments_.empty(); }

  // The classes of these bins for classes of merged ones; empty for those of others.
  std::string Regrouped(std::string_view classes) const;

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
    friend class ArgumentBins;
    const ArgumentBins& bins_;
    std::vector<std::string> classes_;
  };

 private:
  enum class Part { kWhole, kPath, kQuery };  // of a value such as "/hotels?distance=3"
  struct Key {
    std::string name;
    Part part;
  };
  struct Argument {
    std::string attribute;
    std::vector<double> bounds;      // rising; empty for texts
    std::vector<std::string> names;  // bounds as they were written, or texts
    std::vector<Key> keys;           // names of attributes that hold it

    void FindKeys();
    // Empty: none.
    std::string ClassOf(double number) const;
    std::string ClassOf(std::string_view text) const;
  };

  std::vector<Argument> arguments_;
};

}  // namespace trimtab
