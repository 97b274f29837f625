// JSON read field by field into typed values, with every problem named by its path.
#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "trimtab/quantity/quantity.h"
#include "trimtab/quantity/time.h"

namespace trimtab {

// What is wrong with one object, as path and words: {"spec.objective.latency", "is 0s, must be
// above 0s"}.
struct FieldProblems {
  std::vector<std::pair<std::string, std::string>> list{};
  bool is_strict = false;  // fields that nobody asked for are problems

  void Add(std::string path, std::string what) {
    list.emplace_back(std::move(path), std::move(what));
  }
  // OK without problems; else kInvalidArgument with the first 20 and their number.
  absl::Status ToStatus() const;
};

// Reads one object. Every read leaves its target as it is when the field is absent or null.
// Numbers and flags may be written as text, as a YAML file has them.
class FieldReader {
 public:
  using Json = nlohmann::json;
  // Both must outlive it. What is no object is reported once and read as an empty one.
  FieldReader(const Json& object, std::string path, FieldProblems& problems);

  bool Has(std::string_view key) { return Find(key) != nullptr; }
  // Reports it when it is absent.
  void Require(std::string_view key);
  void Ignore(std::string_view key) { (void)Find(key); }

  void Text(std::string_view key, std::string& target);
  void Texts(std::string_view key, std::vector<std::string>& target);
  void Flag(std::string_view key, std::optional<bool>& target);
  void Integer(std::string_view key, int& target, int lowest, int highest);
  void Number(std::string_view key, double& target);
  void Time(std::string_view key, Duration& target);
  void Cpu(std::string_view key, Millicores& target);  // above 0
  void Memory(std::string_view key, Bytes& target);    // above 0
  void Percent(std::string_view key, double& target);  // "20%" is 0.2; at least 1 %
  // The place of the text among `names`; the problem lists them all.
  std::optional<std::size_t> Choice(std::string_view key,
                                    std::initializer_list<std::string_view> names);
  // A nested object; none when absent.
  std::optional<FieldReader> Object(std::string_view key);
  void Items(std::string_view key, const std::function<void(const Json&, std::string path)>& each);

  // Of an object whose keys are names that somebody chose; all of them are then known.
  std::vector<std::string> Keys();

  void Problem(std::string_view key, std::string what);
  // Reports what was not asked for, where that is a problem.
  void Finish();

  FieldProblems& problems() { return problems_; }
  std::string PathOf(std::string_view key) const;

 private:
  const Json* Find(std::string_view key);
  std::optional<std::string> Scalar(std::string_view key);

  const Json& object_;
  std::string path_;
  FieldProblems& problems_;
  std::set<std::string, std::less<>> known_;
};

}  // namespace trimtab
