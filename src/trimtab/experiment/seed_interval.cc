#include "trimtab/experiment/seed_interval.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <span>
#include <string>

#include "fmt/format.h"

namespace trimtab {
namespace {

// The 97.5th percentile of Student's t for 1 to 10 degrees of freedom.
constexpr std::array kStudent = {12.706, 4.303, 3.182, 2.776, 2.571,
                                 2.447,  2.365, 2.306, 2.262, 2.228};

}  // namespace

SeedInterval IntervalOf(std::span<const double> values) {
  const auto n = static_cast<double>(values.size());
  SeedInterval interval;
  for (const double value : values) interval.mean += value / n;
  if (values.size() < 2) return interval;
  double squares = 0;
  for (const double value : values) squares += (value - interval.mean) * (value - interval.mean);
  // Beyond the table its last entry is too wide, never too narrow.
  const std::size_t degrees = std::min(values.size() - 1, kStudent.size());
  interval.half = kStudent[degrees - 1] * std::sqrt(squares / (n - 1) / n);
  return interval;
}

std::string IntervalText(const SeedInterval& interval, double scale, int decimals) {
  return fmt::format("{:.{}f} ± {:.{}f}", interval.mean * scale, decimals, interval.half * scale,
                     decimals);
}

}  // namespace trimtab
