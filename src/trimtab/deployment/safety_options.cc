#include "trimtab/deployment/safety_options.h"

#include <string>

#include "fmt/format.h"
#include "trimtab/quantity/text.h"

namespace trimtab {

absl::Status SafetyOptions::Validate() const {
  std::string problems;
  const auto factor = [&](const char* name, double value) {
    if (!(value >= 1 && value <= 1e6)) {
      problems += fmt::format("; {} is {}, must lie in [1, 1e6]", name, value);
    }
  };
  const auto share = [&](const char* name, double value) {
    if (!(value >= 0 && value <= 1)) {
      problems += fmt::format("; {} is {}, must lie in [0, 1]", name, value);
    }
  };
  const auto duration = [&](const char* name, Duration value) {
    if (value < Duration(0)) {
      problems += fmt::format("; {} is {}, must not be negative", name, FormatDuration(value));
    }
  };
  factor("largest raise", largest_raise);
  share("largest lower", largest_lower);
  duration("rate window", rate_window);
  factor("largest raise in window", largest_raise_in_window);
  share("largest lower in window", largest_lower_in_window);
  duration("scale-down stabilisation", scale_down_stabilisation);
  duration("scale-up stabilisation", scale_up_stabilisation);
  share("raise tolerance", raise_tolerance);
  share("lower tolerance", lower_tolerance);
  share("most throttled", most_throttled);
  share("memory margin", memory_margin);
  duration("longest start", longest_start);
  if (problems.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError("safety options: " + problems.substr(2));
}

}  // namespace trimtab
