#include "trimtab/scaling/derm/derm_options.h"

#include <array>
#include <string>

#include "fmt/format.h"
#include "trimtab/quantity/text.h"

namespace trimtab {
namespace {

constexpr std::array<std::string_view, 2> kNames = {"paper", "corrected"};

}  // namespace

std::string_view DermFidelityName(DermFidelity fidelity) {
  return kNames[static_cast<std::size_t>(fidelity)];
}

absl::StatusOr<DermFidelity> ParseDermFidelity(std::string_view name) {
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (kNames[i] == name) return static_cast<DermFidelity>(i);
  }
  return absl::InvalidArgumentError(
      fmt::format("fidelity '{}' is none of {}", name, fmt::join(kNames, ", ")));
}

absl::Status DermOptions::Validate() const {
  std::string problems;
  const auto in = [&problems](std::string_view name, double value, double low, double high) {
    if (value >= low && value <= high) return;
    problems += fmt::format("; {} is {}, must be in [{}, {}]", name, value, low, high);
  };
  in("step", InSeconds(step), 1, 3600);
  in("load quantile", load_quantile, 0.5, 0.999);
  in("share error", share_error, 0, 0.5);
  in("rare total", rare_total, 0, 0.5);
  in("linear share change", linear_share_change, 0, 1);
  in("share windows", share_windows, 1, 100);
  in("most graphs", static_cast<double>(most_graphs), 1, 1000);
  if (container_start < Duration(0) || container_start >= step) {
    problems += fmt::format(
        "; a container needs {} until it serves, which must be less than the step of {}: "
        "containers "
        "would be ready after the step that they were planned for",
        FormatDuration(container_start), FormatDuration(step));
  }
  if (problems.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError("derm options: " + problems.substr(2));
}

}  // namespace trimtab
