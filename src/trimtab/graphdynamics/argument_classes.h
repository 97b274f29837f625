// Classes of the values of a request argument, bounded in number, without keeping a value.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "trimtab/probability/log_histogram.h"

namespace trimtab {

// Derm V-A classifies "request arguments into distinct classes based on their values" and does not
// say how (D20). Here: when nine of ten values are numbers, classes are intervals with about
// equally many values each, between bounds of logarithmic bins; otherwise the most frequent values
// are classes of their own, known by a salted 64-bit hash alone. The last class, "(other)", takes
// what fits nowhere: rare values, values never seen, numbers that are negative or not numbers at
// all. So neither the model nor its file holds a value that a user sent.
// Thread-safety: const after construction.
class ArgumentClasses {
 public:
  struct Options {
    std::size_t most_classes = 12;  // with "(other)" (Derm VIII-B: 12); at least 2
    std::uint64_t salt = 0;         // of the hashes; without it values cannot be guessed from them
  };

  // Values one at a time. Memory: at most kMostTracked hashes and one histogram.
  class Learner {
   public:
    static constexpr std::size_t kMostTracked = 4096;

    explicit Learner(Options options) : options_(options) {}
    void Add(std::string_view value);
    ArgumentClasses Finish() const;

   private:
    Options options_;
    std::uint64_t total_ = 0;
    std::uint64_t numbers_ = 0;
    LogHistogram histogram_;  // of numbers, in thousandths
    std::unordered_map<std::uint64_t, std::uint64_t> counts_;
  };

  // "up to 12.5", "value 1" by falling frequency; the last is "(other)".
  const std::vector<std::string>& names() const { return names_; }
  std::size_t other() const { return names_.size() - 1; }
  std::size_t IndexOf(std::string_view value) const;

 private:
  std::uint64_t salt_ = 0;
  bool numeric_ = false;
  std::vector<double> upper_bounds_;                         // numeric: rising
  std::unordered_map<std::uint64_t, std::size_t> class_of_;  // otherwise: by hash
  std::vector<std::string> names_;
};

}  // namespace trimtab
