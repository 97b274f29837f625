// Strict reading of a YAML tree into typed values, with every problem reported at its place.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "trimtab/quantity/quantity.h"
#include "trimtab/quantity/time.h"
#include "trimtab/yaml/yaml_document.h"

namespace trimtab {

// The problems of one file. A problem reads "scenario.yaml:12: microservices[geo].bounds.cpu: ...".
class ConfigProblems {
 public:
  explicit ConfigProblems(std::string file) : file_(std::move(file)) {}

  void Add(int line, std::string_view path, std::string_view what);
  bool empty() const { return count_ == 0; }
  // OK without problems; else kInvalidArgument with the first 20, one a line, and their number.
  absl::Status ToStatus() const;

 private:
  std::string file_;
  std::vector<std::string> lines_;
  std::size_t count_ = 0;
};

// A bound on a number, both ends allowed.
struct Bound {
  double lowest;
  double highest;
};

// Reads one map: each key that is asked for is marked, Finish() reports the others as unknown. A
// reader of a node that is not a map reports that once and then finds nothing.
// Every Read leaves the target as it is when the key is absent; Require reports its absence.
class MapReader {
 public:
  // `node` and `problems` must outlive it.
  MapReader(const YamlNode& node, std::string path, ConfigProblems& problems);

  // The value, or nullptr; marks the key as known.
  const YamlNode* Find(std::string_view key);
  const YamlNode* Require(std::string_view key);

  void Text(std::string_view key, std::string& target);
  void Number(std::string_view key, double& target, Bound bound);
  void Integer(std::string_view key, int& target, Bound bound);
  void Cpu(std::string_view key, Millicores& target, Bound cores);
  void Memory(std::string_view key, Bytes& target);
  // Not negative.
  void Time(std::string_view key, Duration& target);
  // Calls `each` for every item of the sequence under `key`, with its path.
  void Items(std::string_view key,
             const std::function<void(const YamlNode& item, const std::string& path)>& each);

  // Reports what was not asked for.
  void Finish();

  int line() const { return node_.line; }
  const std::string& path() const { return path_; }
  ConfigProblems& problems() { return problems_; }
  std::string PathOf(std::string_view key) const;
  void Problem(std::string_view key, std::string_view what);

 private:
  template <class T, class Parse, class Check>
  void Scalar(std::string_view key, T& target, const Parse& parse, const Check& check);

  const YamlNode& node_;
  std::string path_;
  ConfigProblems& problems_;
  std::set<std::string, std::less<>> known_;
};

// How a list item is named in paths: by its "name" if it has one, else by its index.
std::string ItemLabel(const YamlNode& item, std::size_t index);

// A scalar's text as a time, not negative; the reason otherwise.
absl::StatusOr<Duration> TimeOf(const YamlNode& node);
// A scalar's text as a finite number within the bound; the reason otherwise.
absl::StatusOr<double> NumberOf(const YamlNode& node, Bound bound);

}  // namespace trimtab
