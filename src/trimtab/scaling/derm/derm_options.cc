#include "trimtab/scaling/derm/derm_options.h"

#include <array>
#include <span>
#include <string>

#include "fmt/format.h"
#include "trimtab/quantity/text.h"

namespace trimtab {
namespace {

constexpr std::array<std::string_view, 2> kNames = {"paper", "corrected"};
constexpr std::array<std::string_view, 2> kPredictors = {"network", "persistence"};

template <class T>
absl::StatusOr<T> ParseName(std::string_view what, std::string_view name,
                            std::span<const std::string_view> names) {
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i] == name) return static_cast<T>(i);
  }
  return absl::InvalidArgumentError(
      fmt::format("{} '{}' is none of {}", what, name, fmt::join(names, ", ")));
}

}  // namespace

std::string_view DermFidelityName(DermFidelity fidelity) {
  return kNames[static_cast<std::size_t>(fidelity)];
}

absl::StatusOr<DermFidelity> ParseDermFidelity(std::string_view name) {
  return ParseName<DermFidelity>("fidelity", name, kNames);
}

std::string_view DermPredictorName(DermPredictor predictor) {
  return kPredictors[static_cast<std::size_t>(predictor)];
}

absl::StatusOr<DermPredictor> ParseDermPredictor(std::string_view name) {
  return ParseName<DermPredictor>("predictor", name, kPredictors);
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
  in("scored windows", scored_windows, 5, 1000);
  in("retrain windows", retrain_windows, 20, 1'000'000);
  in("drift", drift, 0, 1);
  in("first training windows", first_training_windows, 20, 400);
  in("training samples", static_cast<double>(training_samples), 64, 1'000'000);
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
