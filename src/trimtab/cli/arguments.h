// What a command takes on its line: options, flags and positionals with their bounds and defaults.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "trimtab/cli/output.h"
#include "trimtab/quantity/quantity.h"
#include "trimtab/quantity/time.h"

namespace trimtab {

// A command declares each argument with a pointer to the value it sets; what the value holds at
// that time is the default that --help prints. The pointer must live until the command ran. Names
// are kebab-case and without dashes: "load-file" is --load-file; "namespace" is -n, too, and
// "all-namespaces" -A. Values are checked when the line is parsed: an error names the argument, the
// value and the bound.
class Arguments {
 public:
  // numeric_limits knows no durations and says 0 for both of their ends.
  template <class T>
  static constexpr T Lowest() {
    if constexpr (std::is_same_v<T, Duration>) return Duration::min();
    return std::numeric_limits<T>::lowest();
  }
  template <class T>
  static constexpr T Highest() {
    if constexpr (std::is_same_v<T, Duration>) return Duration::max();
    return std::numeric_limits<T>::max();
  }
  template <class T>
  struct Bounds {
    T min = Lowest<T>();
    T max = Highest<T>();
  };

  // --name, without a value: true when given.
  void Flag(std::string_view name, bool* value, std::string_view description);

  void Option(std::string_view name, std::string* value, std::string_view description,
              std::string_view type = "TEXT");
  void Option(std::string_view name, std::int64_t* value, Bounds<std::int64_t> bounds,
              std::string_view description);
  void Option(std::string_view name, double* value, Bounds<double> bounds,
              std::string_view description);
  // Quantities as Kubernetes and Go write them: "200m", "100Mi", "30s".
  void Option(std::string_view name, Millicores* value, std::string_view description);
  void Option(std::string_view name, Bytes* value, std::string_view description);
  void Option(std::string_view name, Duration* value, Bounds<Duration> bounds,
              std::string_view description);
  // May be given several times.
  void OptionList(std::string_view name, std::vector<std::string>* values,
                  std::string_view description, std::string_view type = "TEXT");
  // One of the texts named; the error for another value names them all.
  void Choice(std::string_view name, std::string* value, std::vector<std::string> choices,
              std::string_view description);

  // The common ones: -o/--output table|json|csv and --seed.
  void Output(OutputFormat* value);
  // The same, or the name of a file to save the result in, which ends in ".json".
  void OutputOrFile(OutputFormat* value, std::string* file);
  void Seed(std::uint64_t* value);

  // By place on the line, in the order of declaration; "-" is standard input or output.
  void Positional(std::string_view name, std::string* value, std::string_view description,
                  bool required = true);
  void PositionalChoice(std::string_view name, std::string* value, std::vector<std::string> choices,
                        std::string_view description);
  // One or more, or none where it is not required; the last positional.
  void PositionalList(std::string_view name, std::vector<std::string>* values,
                      std::string_view description, bool required = true);

  // What the parser of the command line reads.
  struct Declared {
    enum class Kind { kFlag, kOption, kPositional };
    Kind kind = Kind::kOption;
    std::string name;
    std::string short_name;  // one letter, or empty
    std::string type;        // "TEXT", "N"; printed by --help
    std::string description;
    std::string default_text;  // printed by --help; empty where there is none
    bool required = false;
    bool list = false;
    std::function<absl::Status(std::string_view)> set;  // called once for each value given
  };
  const std::vector<Declared>& declared() const { return declared_; }

 private:
  Declared& Add(Declared::Kind kind, std::string_view name, std::string_view type,
                std::string_view description);

  std::vector<Declared> declared_;
};

}  // namespace trimtab
