#include "trimtab/workload/fitted_series.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "fmt/ranges.h"
#include "trimtab/probability/random_stream.h"
#include "trimtab/quantity/text.h"
#include "trimtab/quantity/time.h"
#include "trimtab/workload/load_series.h"

namespace trimtab {
namespace {

// Step-down (inverse Levinson) recursion: an autoregression is stationary if and only if every
// reflection coefficient lies inside (-1, 1).
bool IsStationary(std::vector<double> coefficients) {
  while (!coefficients.empty()) {
    const double reflection = coefficients.back();
    if (!(std::abs(reflection) < 1)) return false;
    coefficients.pop_back();
    const std::vector<double> longer = coefficients;
    for (std::size_t i = 0; i < coefficients.size(); ++i) {
      coefficients[i] =
          (longer[i] + reflection * longer[longer.size() - 1 - i]) / (1 - reflection * reflection);
    }
  }
  return true;
}

// Steps until the start from zero is forgotten. A residual that forgets more slowly starts nearer
// to zero than it should, which the bound on the work makes acceptable.
constexpr int kBurnIn = 2000;

std::vector<double> Residual(const FittedSeries& d, std::size_t steps, RandomStream& random) {
  std::vector<double> all(kBurnIn + steps, 0.0);
  for (std::size_t i = 0; i < all.size(); ++i) {
    double value = d.sigma * random.Normal();
    for (std::size_t j = 0; j < d.autoregression.size() && j < i; ++j) {
      value += d.autoregression[j] * all[i - 1 - j];
    }
    all[i] = value;
  }
  return {all.begin() + kBurnIn, all.end()};
}

}  // namespace

absl::Status ValidateFittedSeries(const FittedSeries& d) {
  std::vector<std::string> problems;
  const auto finite = [&](const std::string& name, double value) {
    if (!std::isfinite(value))
      problems.push_back(fmt::format("{} is {}, must be finite", name, value));
  };
  if (d.step <= Duration(0)) {
    problems.push_back(fmt::format("step is {} ns, must be above 0", d.step.count()));
  } else if (d.length < d.step || d.length / d.step > kMostSeriesSteps) {
    problems.push_back(fmt::format("length is {} s in steps of {} s, must be 1 to {} steps",
                                   InSeconds(d.length), InSeconds(d.step), kMostSeriesSteps));
  }
  finite("level", d.level);
  finite("slope", d.slope);
  for (std::size_t i = 0; i < d.harmonics.size(); ++i) {
    if (d.harmonics[i].period <= Duration(0)) {
      problems.push_back(fmt::format("period of harmonic {} is {} ns, must be above 0", i,
                                     d.harmonics[i].period.count()));
    }
    finite(fmt::format("amplitude of harmonic {}", i), d.harmonics[i].amplitude);
    finite(fmt::format("phase of harmonic {}", i), d.harmonics[i].phase);
  }
  if (!IsStationary(d.autoregression)) {
    problems.push_back(
        fmt::format("autoregression [{}] is not stationary", fmt::join(d.autoregression, ", ")));
  }
  if (!(d.sigma >= 0) || !std::isfinite(d.sigma)) {
    problems.push_back(fmt::format("sigma is {}, must be finite and not negative", d.sigma));
  }
  if (!(d.lowest >= 0 && d.lowest <= d.highest) || !std::isfinite(d.highest)) {
    problems.push_back(fmt::format(
        "bounds are [{}, {}], must be finite, ascending and not negative", d.lowest, d.highest));
  }
  if (problems.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(fmt::format("{}", fmt::join(problems, "; ")));
}

FittedSeries RoundedTo(const FittedSeries& description, int digits) {
  const auto rounded = [digits](double value) {
    if (value == 0 || !std::isfinite(value)) return value;
    // Through text, so that the result is the number that the file will hold.
    return ParseNumber(fmt::format("{:.{}g}", value, digits)).value_or(value);
  };
  FittedSeries d = description;
  for (double* number : {&d.level, &d.slope, &d.sigma, &d.lowest, &d.highest}) {
    *number = rounded(*number);
  }
  for (Harmonic& h : d.harmonics) {
    h.amplitude = rounded(h.amplitude);
    h.phase = rounded(h.phase);
  }
  for (double& coefficient : d.autoregression) coefficient = rounded(coefficient);
  return d;
}

FittedSeries Rescaled(const FittedSeries& description, double factor, double offset) {
  FittedSeries d = description;
  d.level = factor * d.level + offset;
  d.slope *= factor;
  d.sigma *= factor;
  for (Harmonic& h : d.harmonics) h.amplitude *= factor;
  d.lowest = std::max(0.0, factor * d.lowest + offset);
  d.highest = std::max(0.0, factor * d.highest + offset);
  return d;
}

absl::StatusOr<StepSeries> Realize(const FittedSeries& d, double stretch, std::uint64_t seed,
                                   std::string_view stream) {
  if (absl::Status status = ValidateFittedSeries(d); !status.ok()) return status;
  const double step_seconds = InSeconds(d.step) * stretch;
  if (!(step_seconds >= 1e-9) || step_seconds > 1e9) {
    return absl::InvalidArgumentError(fmt::format(
        "stretch is {}, must make steps of 1 ns to 1e9 s out of {} s", stretch, InSeconds(d.step)));
  }
  const auto steps = static_cast<std::size_t>(d.length / d.step);
  RandomStream random(seed, stream);
  std::vector<double> values = Residual(d, steps, random);
  for (std::size_t i = 0; i < steps; ++i) {
    const double t = InSeconds(d.step) * static_cast<double>(i);
    double value = d.level + d.slope * t + values[i];
    for (const Harmonic& h : d.harmonics) {
      value += h.amplitude * std::cos(2 * std::numbers::pi * t / InSeconds(h.period) + h.phase);
    }
    values[i] = std::clamp(value, d.lowest, d.highest);
  }
  return StepSeries::Create(SecondsToDuration(step_seconds), std::move(values));
}

}  // namespace trimtab
