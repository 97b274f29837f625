#include "trimtab/scaling/derm/load_law.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "absl/status/status.h"
#include "fmt/format.h"

namespace trimtab {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
// The least growth of a table's mean from point to point, so that its inverse exists.
constexpr double kLeastGrowth = 1e-9;
// Relative distance past the last point of a table that is rounding.
constexpr double kPastEnd = 1e-9;

bool Positive(double value) { return value > 0 && std::isfinite(value); }
bool NotNegative(double value) { return value >= 0 && std::isfinite(value); }

double SlopeOf(double from, double to, double width) { return std::log(to / from) / width; }

}  // namespace

absl::StatusOr<LoadLaw> LoadLaw::Of(const RateLaw& law) {
  if (!Positive(law.intercept)) {
    return absl::InvalidArgumentError(
        fmt::format("the rate of an idle container is {} 1/s, expected above 0", law.intercept));
  }
  if (!std::isfinite(law.slope)) {
    return absl::InvalidArgumentError(fmt::format("the slope is {}, not a number", law.slope));
  }
  if (!std::isfinite(law.offset)) {
    return absl::InvalidArgumentError(fmt::format("the offset is {} s, not a number", law.offset));
  }
  if (!NotNegative(law.most_load)) {
    return absl::InvalidArgumentError(fmt::format(
        "the largest load is {} calls/s, expected 0 (no bound) or more", law.most_load));
  }
  LoadLaw made;
  made.answers_ = law.slope < 0;
  made.offset_ = law.offset;
  made.slope_ = std::min(law.slope, 0.0);
  made.intercept_ = law.intercept;
  made.limit_ = made.answers_ ? law.intercept / -law.slope : kInfinity;
  if (law.most_load > 0) made.limit_ = std::min(made.limit_, law.most_load);
  return made;
}

absl::StatusOr<LoadLaw> LoadLaw::Of(std::span<const LoadPoint> points) {
  if (points.empty()) return absl::InvalidArgumentError("the table over load is empty");
  LoadLaw made;
  for (std::size_t i = 0; i < points.size(); ++i) {
    LoadPoint at = points[i];
    if (!NotNegative(at.load) || (i > 0 && at.load <= points[i - 1].load)) {
      return absl::InvalidArgumentError(
          fmt::format("load {} of point {} does not rise", at.load, i));
    }
    if (!Positive(at.mean) || !Positive(at.variance) || !std::isfinite(at.third)) {
      return absl::InvalidArgumentError(
          fmt::format("point {} has mean {} s, variance {} s2, third cumulant {} s3, expected the "
                      "first two above 0 and all finite",
                      i, at.mean, at.variance, at.third));
    }
    // A right tail that is shorter than that of a normal law is noise of the third moment.
    at.third = std::max(at.third, 1e-3 * std::pow(at.variance, 1.5));
    if (i > 0) {
      const LoadPoint& before = made.points_.back().at;
      at.mean = std::max(at.mean, before.mean * (1 + kLeastGrowth));
      at.variance = std::max(at.variance, before.variance);
      at.third = std::max(at.third, before.third);
    }
    made.points_.push_back({.at = at});
  }
  for (std::size_t i = 0; i + 1 < made.points_.size(); ++i) {
    Segment& from = made.points_[i];
    const LoadPoint& to = made.points_[i + 1].at;
    const double width = to.load - from.at.load;
    from.mean_slope = SlopeOf(from.at.mean, to.mean, width);
    from.variance_slope = SlopeOf(from.at.variance, to.variance, width);
    from.third_slope = SlopeOf(from.at.third, to.third, width);
  }
  made.answers_ = points.size() > 1;
  made.limit_ = points.back().load;
  return made;
}

std::size_t LoadLaw::SegmentOf(double load) const {
  std::size_t i = 0;
  while (i + 1 < points_.size() && points_[i + 1].at.load <= load) ++i;
  return i;
}

double LoadLaw::Mean(double load) const {
  if (points_.empty()) {
    const double rate = intercept_ + slope_ * load;
    return rate > 0 ? 1 / rate : kInfinity;
  }
  if (load > limit_ * (1 + kPastEnd)) return kInfinity;
  const Segment& segment = points_[SegmentOf(load)];
  const double distance = std::max(load - segment.at.load, 0.0);
  return segment.at.mean * std::exp(segment.mean_slope * distance);
}

LoadLaw::Moments LoadLaw::At(double load) const {
  if (points_.empty()) {
    const double z = Mean(load);
    return {.mean = offset_ + z,
            .variance = z * z,
            .third = 2 * z * z * z,
            .variance_slope = 2 * z,
            .third_slope = 6 * z * z};
  }
  if (load > limit_ * (1 + kPastEnd)) return {.mean = kInfinity};
  const Segment& segment = points_[SegmentOf(load)];
  const double distance = std::max(load - segment.at.load, 0.0);
  Moments moments{.mean = segment.at.mean * std::exp(segment.mean_slope * distance),
                  .variance = segment.at.variance * std::exp(segment.variance_slope * distance),
                  .third = segment.at.third * std::exp(segment.third_slope * distance)};
  const double mean_slope = segment.mean_slope * moments.mean;
  if (mean_slope > 0) {
    moments.variance_slope = segment.variance_slope * moments.variance / mean_slope;
    moments.third_slope = segment.third_slope * moments.third / mean_slope;
  }
  return moments;
}

double LoadLaw::LoadOf(double mean) const {
  if (points_.empty()) {
    if (!answers_) return 0;
    return std::clamp((intercept_ - 1 / mean) / -slope_, 0.0, limit_);
  }
  std::size_t i = 0;
  while (i + 1 < points_.size() && points_[i + 1].at.mean <= mean) ++i;
  const Segment& segment = points_[i];
  if (i + 1 == points_.size() || mean <= segment.at.mean) return segment.at.load;
  return segment.at.load + std::log(mean / segment.at.mean) / segment.mean_slope;
}

LoadLaw::Choice LoadLaw::Cheapest(double demand, double price, double lowest,
                                  double highest) const {
  return points_.empty() ? CheapestOfRate(demand, price, lowest, highest)
                         : CheapestOfTable(demand, price, lowest, highest);
}

LoadLaw::Choice LoadLaw::CheapestOfRate(double demand, double price, double lowest,
                                        double highest) const {
  const double root = std::sqrt(-slope_ * demand / price) / intercept_;
  const double mean = 1 / intercept_ + root;
  const double load = (intercept_ - 1 / mean) / -slope_;
  if (load <= lowest) return {.load = lowest, .mean = Mean(lowest), .slope = 0};
  if (load >= highest) return {.load = highest, .mean = Mean(highest), .slope = 0};
  return {.load = load, .mean = mean, .slope = -0.5 * root / price};
}

LoadLaw::Choice LoadLaw::CheapestOfTable(double demand, double price, double lowest,
                                         double highest) const {
  Choice best{.load = highest, .mean = Mean(highest), .slope = 0};
  double least = demand / highest + price * best.mean;
  for (std::size_t i = 0; i < points_.size(); ++i) {
    const Segment& segment = points_[i];
    const double from = std::max(segment.at.load, lowest);
    const double to = i + 1 < points_.size() ? std::min(points_[i + 1].at.load, highest) : from;
    if (from > highest || to < from) continue;
    // Stationary where demand / load^2 = price * slope * mean(load): in x = ln(load) the root of
    // the rising, convex 2 x + slope e^x, reached from above by Newton's method.
    const double slope = segment.mean_slope;
    double load = from;
    if (slope > 0 && to > from) {
      const double level =
          std::log(demand / (price * slope * segment.at.mean)) + slope * segment.at.load;
      double x = std::log(to);
      for (int pass = 0; pass < 20; ++pass) {
        const double rise = slope * std::exp(x);
        const double step = (2 * x + rise - level) / (2 + rise);
        if (step <= 1e-14) break;
        x -= step;
      }
      load = std::clamp(std::exp(x), from, to);
    }
    const double mean = segment.at.mean * std::exp(slope * std::max(load - segment.at.load, 0.0));
    const double total = demand / load + price * mean;
    if (total < least) {
      least = total;
      const bool inside = load > from && load < to;
      best = {.load = load,
              .mean = mean,
              .slope = inside ? -slope * mean / (price * (2 / load + slope)) : 0};
    }
  }
  return best;
}

}  // namespace trimtab
