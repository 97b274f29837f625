#include "trimtab/scaling/grad/grad_options.h"

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"

namespace trimtab {

std::string_view GradFidelityName(GradFidelity fidelity) {
  return fidelity == GradFidelity::kPaper ? "paper" : "corrected";
}

absl::StatusOr<GradFidelity> ParseGradFidelity(std::string_view name) {
  if (name == "paper") return GradFidelity::kPaper;
  if (name == "corrected") return GradFidelity::kCorrected;
  return absl::InvalidArgumentError(
      fmt::format("fidelity is '{}', expected 'paper' or 'corrected'", name));
}

absl::Status GradOptions::Validate() const {
  std::vector<std::string> problems;
  const auto check = [&problems](std::string_view name, double value, double low, double high) {
    if (value >= low && value <= high) return;
    problems.push_back(fmt::format("{} is {}, expected {} to {}", name, value, low, high));
  };
  check("step_cpu in millicores", step_cpu.as_double(), 10, 2000);
  check("step_memory in MiB", InMebibytes(step_memory), 1, 2048);
  check("scale_down_below", scale_down_below, 0.1, 1);
  check("most_utilization", most_utilization, 0.1, 1);
  check("confidence", confidence, 0.5, 0.999);
  check("memory_margin", memory_margin, 0, 1);
  check("demand.horizon in s", InSeconds(demand.horizon), 0, 3600);
  check("demand.load_margin", demand.load_margin, 0, 1);
  check("least_gain", least_gain, 0, 0.1);
  check("most_steps", most_steps, 1, 100'000);
  check("most_steps_after_miss", most_steps_after_miss, 1, 100'000);
  check("exact_candidates", exact_candidates, 1, 16);
  check("slope_refresh", slope_refresh, 0, 1);
  check("alternatives", alternatives, 0, 4);
  if (problems.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(fmt::format("grad options: {}", fmt::join(problems, "; ")));
}

}  // namespace trimtab
