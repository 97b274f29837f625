#include "trimtab/neural/mlp_shape.h"

#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "fmt/format.h"

namespace trimtab {

absl::Status MlpShape::Validate() const {
  std::string violations;
  const auto check = [&violations](const char* name, int value, int low, int high) {
    if (value >= low && value <= high) return;
    violations += fmt::format("{}network {} is {}, expected {} to {}",
                              violations.empty() ? "" : "; ", name, value, low, high);
  };
  check("inputs", inputs, 1, kMaxInputs);
  check("hidden width", hidden, 1, kMaxHidden);
  check("layers", layers, kMinLayers, kMaxLayers);
  return violations.empty() ? absl::OkStatus() : absl::InvalidArgumentError(violations);
}

std::size_t MlpShape::weights_offset(int layer) const {
  const auto width = static_cast<std::size_t>(padded_hidden());
  if (layer == 0) return 0;
  return (static_cast<std::size_t>(padded_inputs()) + 1) * width +
         static_cast<std::size_t>(layer - 1) * (width + 1) * width;
}

std::size_t MlpShape::bias_offset(int layer) const {
  return weights_offset(layer) + static_cast<std::size_t>(padded_fan_in(layer)) * padded_hidden();
}

double MlpShape::TrainingFlopsPerSample() const {
  const double first = static_cast<double>(inputs) * hidden;
  const double rest = static_cast<double>(hidden_layers() - 1) * hidden * hidden + hidden;
  // Two operations a weight, forward and for the weight's gradient; the gradient of a layer's
  // input is needed for all but the first.
  return 4 * first + 6 * rest;
}

}  // namespace trimtab
