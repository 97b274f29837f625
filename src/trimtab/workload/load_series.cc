#include "trimtab/workload/load_series.h"

#include <cmath>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "trimtab/quantity/time.h"

namespace trimtab {

StepSeries::StepSeries(Duration step, std::vector<double> values)
    : step_(step), values_(std::move(values)) {}

StepSeries StepSeries::Constant(double value) { return {std::chrono::hours(1), {value}}; }

absl::StatusOr<StepSeries> StepSeries::Create(Duration step, std::vector<double> values) {
  if (step <= Duration(0)) {
    return absl::InvalidArgumentError(
        fmt::format("series step is {} ns, must be above 0", step.count()));
  }
  if (values.empty()) return absl::InvalidArgumentError("series has no values");
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!std::isfinite(values[i]) || values[i] < 0) {
      return absl::InvalidArgumentError(
          fmt::format("series value {} is {}, must be finite and not negative", i, values[i]));
    }
  }
  return StepSeries(step, std::move(values));
}

}  // namespace trimtab
