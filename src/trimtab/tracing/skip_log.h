// What was skipped while reading, where and why.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace trimtab {

// Counts every skipped row by reason and keeps the first few with their place.
// Thread-safety: none. Memory: bounded by the number of reasons.
class SkipLog {
 public:
  struct Example {
    std::string file;
    std::uint64_t row = 0;  // 1 is the header of a CSV file; the number of the trace in JSON
    std::string reason;     // with the offending value
  };

  explicit SkipLog(std::size_t examples_kept = 10) : examples_kept_(examples_kept) {}

  // `reason` says what is wrong, `value` what stands there (shortened when long; may be empty).
  // `count` of the same kind make one example; none make nothing.
  void Add(std::string_view file, std::uint64_t row, std::string_view reason,
           std::string_view value = {}, std::uint64_t count = 1);

  std::uint64_t total() const { return total_; }
  const std::map<std::string, std::uint64_t, std::less<>>& by_reason() const { return by_reason_; }
  const std::vector<Example>& examples() const { return examples_; }

 private:
  std::size_t examples_kept_;
  std::uint64_t total_ = 0;
  std::map<std::string, std::uint64_t, std::less<>> by_reason_;
  std::vector<Example> examples_;
};

}  // namespace trimtab
