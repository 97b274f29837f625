#include "trimtab/latency/cumulant_curve.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "trimtab/neural/portable_math.h"
#include "trimtab/probability/random_stream.h"

namespace trimtab {
namespace {

using Member = double Cumulants::*;
constexpr Member kMembers[] = {&Cumulants::mean, &Cumulants::variance, &Cumulants::third};

absl::Status ValidatePoints(std::span<const CumulantPoint> points) {
  if (points.empty()) return absl::InvalidArgumentError("a cumulant curve has no point");
  for (std::size_t i = 0; i < points.size(); ++i) {
    const CumulantPoint& at = points[i];
    if (!std::isfinite(at.container_load) || at.container_load < 0 ||
        (i > 0 && at.container_load <= points[i - 1].container_load)) {
      return absl::InvalidArgumentError(fmt::format(
          "point {} of a cumulant curve is at {} calls/s, expected loads that rise from at least 0",
          i, at.container_load));
    }
    const Cumulants& of = at.cumulants;
    // Squares and cubes of what is representable must be, too.
    if (!(of.mean > 1e-12 && of.mean < 1e12 && of.variance > 1e-24 && of.variance < 1e24) ||
        !std::isfinite(of.third)) {
      return absl::InvalidArgumentError(
          fmt::format("point {} of a cumulant curve has mean {} s, variance {} s2 and third "
                      "cumulant {} s3, expected the first two above 0 and all finite",
                      i, of.mean, of.variance, of.third));
    }
  }
  return absl::OkStatus();
}

// The nearest sequence that does not fall: neighbours that do are averaged until none does (the
// pool-adjacent-violators algorithm).
void MakeRising(std::vector<double>& values) {
  struct Block {
    double mean;
    std::size_t size;
  };
  std::vector<Block> blocks;
  for (const double value : values) {
    blocks.push_back({value, 1});
    while (blocks.size() > 1 && blocks[blocks.size() - 2].mean > blocks.back().mean) {
      const Block last = blocks.back();
      blocks.pop_back();
      Block& into = blocks.back();
      const auto sizes = static_cast<double>(into.size + last.size);
      into.mean = (into.mean * static_cast<double>(into.size) +
                   last.mean * static_cast<double>(last.size)) /
                  sizes;
      into.size += last.size;
    }
  }
  std::size_t next = 0;
  for (const Block& block : blocks) {
    for (std::size_t i = 0; i < block.size; ++i) values[next++] = block.mean;
  }
}

}  // namespace

double LeastThird(const Cumulants& of) {
  return kLeastSkewness * of.variance * std::sqrt(of.variance);
}

Cumulants CumulantsOf(std::span<const double> seconds) {
  const auto count = static_cast<double>(seconds.size());
  double mean = 0;
  for (const double value : seconds) mean += value;
  mean /= count;
  double squares = 0;
  double cubes = 0;
  for (const double value : seconds) {
    const double distance = value - mean;
    squares += distance * distance;
    cubes += distance * distance * distance;
  }
  return {.mean = mean,
          .variance = squares / (count - 1),
          .third = cubes * count / ((count - 1) * (count - 2))};
}

double QuantileOf(const Cumulants& cumulants, double p) {
  const double deviation = std::sqrt(cumulants.variance);
  const double skewness = cumulants.third / (cumulants.variance * deviation);
  const double normal = InverseNormal(p);
  if (std::abs(skewness) < kLeastSkewness) return cumulants.mean + deviation * normal;
  const double sixth = skewness / 6;
  const double root = std::max(1 - sixth * sixth + sixth * normal, 0.0);
  return cumulants.mean + deviation * 2 / skewness * (root * root * root - 1);
}

absl::StatusOr<CumulantCurve> CumulantCurve::Fit(std::vector<CumulantPoint> measured) {
  if (absl::Status status = ValidatePoints(measured); !status.ok()) return status;
  for (const Member member : kMembers) {
    std::vector<double> logarithms;
    for (CumulantPoint& at : measured) {
      // The variance is final by now.
      if (member == &Cumulants::third) {
        at.cumulants.third = std::max(at.cumulants.third, LeastThird(at.cumulants));
      }
      logarithms.push_back(PortableLog(at.cumulants.*member));
    }
    std::vector<double> rising = logarithms;
    MakeRising(rising);
    for (std::size_t i = 0; i < measured.size(); ++i) {
      if (rising[i] != logarithms[i]) measured[i].cumulants.*member = PortableExp(rising[i]);
    }
    // Rounding of a value kept next to one replaced.
    for (std::size_t i = 1; i < measured.size(); ++i) {
      double& value = measured[i].cumulants.*member;
      value = std::max(value, measured[i - 1].cumulants.*member);
    }
  }
  return Create(std::move(measured));
}

absl::StatusOr<CumulantCurve> CumulantCurve::Create(std::vector<CumulantPoint> points) {
  if (absl::Status status = ValidatePoints(points); !status.ok()) return status;
  for (std::size_t i = 0; i < points.size(); ++i) {
    if (!(points[i].cumulants.third > 1e-40)) {
      return absl::InvalidArgumentError(
          fmt::format("point {} of a cumulant curve has third cumulant {} s3, expected above 0", i,
                      points[i].cumulants.third));
    }
    for (const Member member : kMembers) {
      if (i > 0 && points[i].cumulants.*member < points[i - 1].cumulants.*member) {
        return absl::InvalidArgumentError(fmt::format(
            "a cumulant of point {} of a cumulant curve is {}, expected at least {} as before it",
            i, points[i].cumulants.*member, points[i - 1].cumulants.*member));
      }
    }
  }
  return CumulantCurve(std::move(points));
}

Cumulants CumulantCurve::At(double container_load) const {
  if (container_load <= points_.front().container_load) return points_.front().cumulants;
  if (container_load >= points_.back().container_load) return points_.back().cumulants;
  std::size_t upper = 1;
  while (points_[upper].container_load <= container_load) ++upper;
  const CumulantPoint& low = points_[upper - 1];
  const CumulantPoint& high = points_[upper];
  const double part =
      (container_load - low.container_load) / (high.container_load - low.container_load);
  Cumulants between;
  for (const Member member : kMembers) {
    const double from = PortableLog(low.cumulants.*member);
    between.*member = PortableExp(from + part * (PortableLog(high.cumulants.*member) - from));
  }
  return between;
}

}  // namespace trimtab
