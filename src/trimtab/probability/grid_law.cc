#include "trimtab/probability/grid_law.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numbers>
#include <span>
#include <variant>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "trimtab/probability/cumulant_tail.h"
#include "trimtab/probability/grid_tail.h"
#include "trimtab/probability/latency_tree.h"
#include "trimtab/probability/sequence_tail.h"

namespace trimtab {
namespace {

// ln of the share that may lie beyond a ceiling.
constexpr double kDigits = 30.0;
// Sums of more exponentials are cheaper as one gamma.
constexpr double kMostExponentials = 64.0;
// 1 less this is 1; long before it underflows.
constexpr double kNoSurvivor = 1e-17;

absl::Status ValidateTable(std::size_t index, const QuantileTable& table, double visits) {
  if (table.values.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("stage ", index, ": no quantiles, expected one at least"));
  }
  for (std::size_t i = 0; i < table.values.size(); ++i) {
    const double value = table.values[i];
    if (!(std::abs(value) <= 1e9) || (i > 0 && value < table.values[i - 1])) {
      return absl::InvalidArgumentError(
          absl::StrCat("stage ", index, ": quantile ", i, " is ", value,
                       " s, expected within 1e9 of 0 and not below the one before"));
    }
  }
  if (visits != std::floor(visits)) {
    return absl::InvalidArgumentError(
        absl::StrCat("stage ", index, ": ", visits, " visits of a table, expected a whole number"));
  }
  return absl::OkStatus();
}

}  // namespace

GridLaw::GridLaw(const StageLaw& law, double visits) {
  if (const auto* stage = std::get_if<Stage>(&law)) {
    SetStage(*stage, visits);
  } else if (const auto* cumulants = std::get_if<Cumulants>(&law)) {
    SetCumulants(*cumulants, visits);
  } else {
    SetTable(std::get<QuantileTable>(law), visits);
  }
}

void GridLaw::SetStage(const Stage& stage, double visits) {
  const double shape = stage.visits * visits;
  floor_ = shape * stage.offset;
  ceiling_ = floor_;
  cumulants_.mean = floor_;
  if (shape == 0.0) return;
  kind_ = Kind::kGamma;
  shape_ = shape;
  rate_ = stage.rate;
  scale_ = 1.0 / stage.rate;
  origin_ = floor_;
  gamma_ = GammaDistribution(shape);
  ceiling_ = floor_ + scale_ * gamma_.Above(kDigits);
  cumulants_ = {floor_ + shape * scale_, shape * scale_ * scale_,
                2.0 * shape * scale_ * scale_ * scale_};
  if (shape == std::floor(shape) && shape <= kMostExponentials) {
    exponentials_ = static_cast<int>(shape);
  }
}

void GridLaw::SetCumulants(const Cumulants& one, double visits) {
  cumulants_ = {one.mean * visits, one.variance * visits, one.third * visits};
  floor_ = ceiling_ = cumulants_.mean;
  const double deviation = std::sqrt(cumulants_.variance);
  if (visits == 0.0 || deviation <= 1e-12 * std::abs(cumulants_.mean)) return;
  const double skewness = cumulants_.third / (cumulants_.variance * deviation);
  if (std::abs(skewness) < 1e-3) {
    kind_ = Kind::kNormal;
    scale_ = deviation;
    origin_ = cumulants_.mean;
    floor_ = origin_ - 8.0 * deviation;
    ceiling_ = origin_ + 8.0 * deviation;
    return;
  }
  kind_ = skewness > 0.0 ? Kind::kGamma : Kind::kMirroredGamma;
  gamma_ = GammaDistribution(4.0 / (skewness * skewness));
  scale_ = 0.5 * deviation * std::abs(skewness);
  const double reach = scale_ * gamma_.Above(kDigits);
  if (skewness > 0.0) {
    origin_ = cumulants_.mean - 2.0 * deviation / skewness;
    // Far below the mean a nearly symmetric gamma holds nothing.
    floor_ = std::max(origin_, cumulants_.mean - 8.0 * deviation);
    ceiling_ = origin_ + reach;
  } else {
    origin_ = cumulants_.mean - 2.0 * deviation / skewness;
    ceiling_ = std::min(origin_, cumulants_.mean + 8.0 * deviation);
    floor_ = origin_ - reach;
  }
}

void GridLaw::SetTable(const QuantileTable& table, double visits) {
  kind_ = Kind::kTable;
  table_ = &table;
  repeats_ = visits;
  floor_ = table.values.front();
  ceiling_ = table.values.back();
  // Between two quantiles the law is uniform: its raw moments in closed form.
  const auto cells = static_cast<double>(std::max<std::size_t>(1, table.values.size() - 1));
  double raw[3] = {};
  for (std::size_t i = 0; i + 1 < std::max<std::size_t>(2, table.values.size()); ++i) {
    const double a = table.values[i] - floor_;
    const double b = table.values[std::min(i + 1, table.values.size() - 1)] - floor_;
    raw[0] += (a + b) / 2 / cells;
    raw[1] += (a * a + a * b + b * b) / 3 / cells;
    raw[2] += (a + b) * (a * a + b * b) / 4 / cells;
  }
  cumulants_ = {floor_ + raw[0], std::max(0.0, raw[1] - raw[0] * raw[0]),
                raw[2] - 3 * raw[0] * raw[1] + 2 * raw[0] * raw[0] * raw[0]};
}

double GridLaw::WithinTable(double time) const {
  const auto& values = table_->values;
  const auto above = std::ranges::upper_bound(values, time);
  if (above == values.begin()) return 0.0;
  if (above == values.end()) return 1.0;
  const double low = *(above - 1);
  const auto index = static_cast<double>(above - values.begin() - 1);
  return (index + (time - low) / (*above - low)) / static_cast<double>(values.size() - 1);
}

double GridLaw::Within(double time) const {
  switch (kind_) {
    case Kind::kConstant:
      return time >= floor_ ? 1.0 : 0.0;
    case Kind::kGamma:
      if (exponentials_ == 1) return time > floor_ ? -std::expm1(-rate_ * (time - floor_)) : 0.0;
      return time > floor_ ? gamma_.Within((time - origin_) / scale_) : 0.0;
    case Kind::kMirroredGamma:
      return time > floor_ ? 1.0 - gamma_.Within((origin_ - time) / scale_) : 0.0;
    case Kind::kNormal:
      return 0.5 * std::erfc((origin_ - time) / (scale_ * std::numbers::sqrt2));
    case Kind::kTable:
      return WithinTable(time);
  }
  return 0.0;
}

void GridLaw::SweepExponential(double start, double step, std::span<double> within) const {
  std::size_t m = 0;
  for (; m < within.size() && !(start + static_cast<double>(m) * step > floor_); ++m) {
    within[m] = 0.0;
  }
  if (m == within.size()) return;
  // Four products in turn: each has to wait for the one four points before.
  double survivors[4];
  const double first = start + static_cast<double>(m) * step - floor_;
  for (int k = 0; k < 4; ++k) survivors[k] = std::exp(-rate_ * (first + k * step));
  const double decay = std::exp(-4.0 * rate_ * step);
  for (; m + 4 <= within.size() && survivors[0] > kNoSurvivor; m += 4) {
    for (std::size_t k = 0; k < 4; ++k) {
      within[m + k] = 1.0 - survivors[k];
      survivors[k] *= decay;
    }
  }
  for (std::size_t k = 0; m < within.size(); ++m, ++k) within[m] = k < 4 ? 1.0 - survivors[k] : 1.0;
}

void GridLaw::Sweep(double start, double step, std::span<double> within) const {
  if (kind_ == Kind::kGamma && exponentials_ == 1) {
    SweepExponential(start, step, within);
    return;
  }
  const auto time_of = [&](std::size_t m) { return start + static_cast<double>(m) * step; };
  const bool gamma = kind_ == Kind::kGamma;
  if (within.empty() || !(gamma || kind_ == Kind::kMirroredGamma)) {
    for (std::size_t m = 0; m < within.size(); ++m) within[m] = Within(time_of(m));
    return;
  }
  if (gamma) {
    gamma_.Sweep((start - origin_) / scale_, step / scale_, within);
  } else {
    gamma_.Sweep((origin_ - time_of(within.size() - 1)) / scale_, step / scale_, within);
    std::ranges::reverse(within);
    for (double& each : within) each = 1.0 - each;
  }
  for (std::size_t m = 0; m < within.size() && !(time_of(m) > floor_); ++m) within[m] = 0.0;
}

absl::Status ValidateLaws(const LatencyTree& tree, std::span<const StageLaw> laws) {
  if (laws.size() < tree.stage_count()) {
    return absl::InvalidArgumentError(
        absl::StrCat(laws.size(), " laws of stages, expected ", tree.stage_count(), " at least"));
  }
  for (std::size_t k = 0; k < laws.size(); ++k) {
    absl::Status status;
    if (const auto* stage = std::get_if<Stage>(&laws[k])) {
      status = ValidateStages(std::span(stage, 1), k);
    } else if (const auto* cumulants = std::get_if<Cumulants>(&laws[k])) {
      status = ValidateCumulants(std::span(cumulants, 1), k);
    } else {
      status = ValidateTable(k, std::get<QuantileTable>(laws[k]), 1.0);
    }
    if (!status.ok()) return status;
  }
  for (const LatencyNode& node : tree.nodes()) {
    if (node.kind != LatencyNode::Kind::kStage) continue;
    const auto* table = std::get_if<QuantileTable>(&laws[node.stage]);
    if (table == nullptr) continue;
    const absl::Status status = ValidateTable(node.stage, *table, node.repeats);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace trimtab
