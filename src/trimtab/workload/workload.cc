#include "trimtab/workload/workload.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "fmt/ranges.h"
#include "trimtab/application/interference.h"
#include "trimtab/probability/random_stream.h"
#include "trimtab/quantity/text.h"
#include "trimtab/quantity/time.h"
#include "trimtab/workload/fitted_series.h"
#include "trimtab/workload/load_series.h"

namespace trimtab {
namespace {

constexpr double kMostInterference = 0.95;
constexpr double kSurgeCorrelation = 0.8;

void CheckSeries(const std::string& name, const SeriesDescription& series, double highest,
                 std::vector<std::string>& problems) {
  if (const double* constant = std::get_if<double>(&series); constant != nullptr) {
    if (!(*constant >= 0 && *constant <= highest)) {
      problems.push_back(
          fmt::format("{} is {}, must be between 0 and {}", name, *constant, highest));
    }
    return;
  }
  const auto& [fitted, stretch] = std::get<StretchedSeries>(series);
  if (const auto status = ValidateFittedSeries(fitted); !status.ok()) {
    problems.push_back(fmt::format("{}: {}", name, std::string(status.message())));
  } else if (fitted.highest > highest) {
    problems.push_back(
        fmt::format("{}: highest is {}, must be at most {}", name, fitted.highest, highest));
  }
  if (!(stretch > 0) || !std::isfinite(stretch)) {
    problems.push_back(fmt::format("{}: stretch is {}, must be above 0", name, stretch));
  }
}

absl::StatusOr<StepSeries> RealizeOne(const SeriesDescription& series, std::uint64_t seed,
                                      const std::string& stream) {
  if (const double* constant = std::get_if<double>(&series); constant != nullptr) {
    return StepSeries::Constant(*constant);
  }
  const auto& [fitted, stretch] = std::get<StretchedSeries>(series);
  return Realize(fitted, stretch, seed, stream);
}

// Brings `base` to a grid fine enough for the surge and replaces the values inside it.
template <class Change>
absl::StatusOr<StepSeries> Surged(const StepSeries& base, const Surge& surge, RandomStream random,
                                  const Change& change) {
  const Duration step = std::min(base.step(), surge.step);
  const Duration base_end = base.step() * static_cast<std::int64_t>(base.values().size());
  // One step after the surge, so that what holds for ever is the value without it.
  const std::int64_t steps = std::max(base_end, surge.end) / step + 2;
  if (steps > kMostSeriesSteps) {
    return absl::InvalidArgumentError(
        fmt::format("the series with its surge has {} steps, must "
                    "have at most {}",
                    steps, kMostSeriesSteps));
  }
  std::vector<double> values;
  values.reserve(static_cast<std::size_t>(steps));
  double noise = surge.fluctuation * random.Normal();
  std::int64_t noise_step = 0;
  const double innovation =
      surge.fluctuation * std::sqrt(1 - kSurgeCorrelation * kSurgeCorrelation);
  for (std::int64_t i = 0; i < steps; ++i) {
    const Duration at = step * i;
    double value = base.At(at);
    if (at >= surge.start && at < surge.end) {
      for (; noise_step < (at - surge.start) / surge.step; ++noise_step) {
        noise = kSurgeCorrelation * noise + innovation * random.Normal();
      }
      value = change(value, noise);
    }
    values.push_back(value);
  }
  return StepSeries::Create(step, std::move(values));
}

absl::StatusOr<StepSeries> LoadOf(const Workload& workload, std::uint64_t seed,
                                  const RecordedWorkload& recorded) {
  auto load = recorded.load ? *recorded.load : RealizeOne(workload.load, seed, "workload/load");
  if (!load.ok() || !workload.surge) return load;
  return Surged(*load, *workload.surge, RandomStream(seed, "workload/surge/load"),
                [&](double value, double noise) {
                  return value * std::max(0.0, workload.surge->load_factor * (1 + noise));
                });
}

absl::StatusOr<StepSeries> InterferenceOf(const Workload& workload, InterferenceKind kind,
                                          std::uint64_t seed, const RecordedWorkload& recorded) {
  const auto index = static_cast<std::size_t>(kind);
  const std::string name(InterferenceName(kind));
  auto series = recorded.interference[index]
                    ? *recorded.interference[index]
                    : RealizeOne(*workload.interference[index], seed, "workload/" + name);
  if (!series.ok()) return series;
  if (workload.surge) {
    const double raised = workload.surge->interference.value();
    series = Surged(
        *series, *workload.surge, RandomStream(seed, "workload/surge/" + name),
        [&](double value, double noise) { return std::max(value, std::max(0.0, raised + noise)); });
    if (!series.ok()) return series;
  }
  std::vector<double> values = series->values();
  for (double& value : values) value = std::min(value, kMostInterference);
  return StepSeries::Create(series->step(), std::move(values));
}

}  // namespace

absl::Status ValidateWorkload(const Workload& workload) {
  std::vector<std::string> problems;
  CheckSeries("load", workload.load, 1e9, problems);
  for (const InterferenceKind kind : kInterferenceKinds) {
    const auto& series = workload.interference[static_cast<std::size_t>(kind)];
    if (series) CheckSeries(std::string(InterferenceName(kind)), *series, 1.0, problems);
  }
  if (workload.surge) {
    const Surge& surge = *workload.surge;
    if (surge.start < Duration(0) || surge.end < surge.start) {
      problems.push_back(fmt::format("surge lasts from {} to {}, must not end before it starts",
                                     FormatDuration(surge.start), FormatDuration(surge.end)));
    }
    if (!(surge.load_factor >= 0) || !std::isfinite(surge.load_factor)) {
      problems.push_back(
          fmt::format("surge load factor is {}, must not be negative", surge.load_factor));
    }
    if (!(surge.fluctuation >= 0 && surge.fluctuation <= 1)) {
      problems.push_back(
          fmt::format("surge fluctuation is {}, must be between 0 and 1", surge.fluctuation));
    }
    if (surge.step <= Duration(0)) {
      problems.push_back(fmt::format("surge step is {} ns, must be above 0", surge.step.count()));
    }
  }
  if (problems.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(fmt::format("{}", fmt::join(problems, "; ")));
}

absl::StatusOr<WorkloadSeries> RealizeWorkload(const Workload& workload, std::uint64_t seed,
                                               const RecordedWorkload& recorded) {
  if (absl::Status status = ValidateWorkload(workload); !status.ok()) return status;
  WorkloadSeries all;
  auto load = LoadOf(workload, seed, recorded);
  if (!load.ok()) return load.status();
  all.load = *std::move(load);
  for (const InterferenceKind kind : kInterferenceKinds) {
    const auto index = static_cast<std::size_t>(kind);
    if (!recorded.interference[index] && !workload.interference[index]) continue;
    auto series = InterferenceOf(workload, kind, seed, recorded);
    if (!series.ok()) return series.status();
    all.interference[index] = *std::move(series);
  }
  return all;
}

absl::StatusOr<StepSeries> PlayedOver(const StepSeries& recording, Duration length) {
  const Duration step = length / static_cast<std::int64_t>(recording.values().size());
  return StepSeries::Create(step, recording.values());
}

}  // namespace trimtab
