#include "trimtab/simulation/sampler.h"

#include <cmath>
#include <cstddef>
#include <functional>
#include <limits>
#include <memory>
#include <utility>
#include <variant>
#include <vector>

#include "trimtab/quantity/time.h"
#include "trimtab/simulation/distribution.h"

namespace trimtab {
namespace {

constexpr double kNanosPerMilli = 1e6;

}  // namespace

InverseCdfTable::InverseCdfTable(const std::function<double(double)>& quantile)
    : nodes_(kPieces * kOctaves + 1) {
  std::vector<double> values(nodes_.size());
  std::vector<double> tails(nodes_.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::size_t octave = i / kPieces;
    const auto piece = static_cast<double>(i % kPieces);
    tails[i] = std::ldexp(1.0 - piece / (2.0 * kPieces), -static_cast<int>(octave));
    values[i] = quantile(1.0 - tails[i]);
  }
  double mean = tails.back() * values.back();
  for (std::size_t i = 1; i < values.size(); ++i) {
    mean += (tails[i - 1] - tails[i]) * (values[i - 1] + values[i]) / 2;
  }
  for (std::size_t i = 0; i < values.size(); ++i) {
    nodes_[i] = static_cast<float>(values[i] / mean);
  }
}

Sampler SamplerFactory::FromTable(std::pair<int, double> shape, const Distribution& unit,
                                  double scale, double shift) {
  Sampler sampler;
  sampler.shift_ = shift;
  if (scale <= 0) return sampler;
  auto& table = tables_[shape];
  if (table == nullptr) {
    table = std::make_shared<const InverseCdfTable>(
        [&](double probability) { return QuantileOf(unit, probability).count(); });
  }
  sampler.table_ = table;
  sampler.scale_ = scale;
  return sampler;
}

Sampler SamplerFactory::Make(const std::function<double(double)>& quantile, double mean) {
  Sampler sampler;
  sampler.table_ = std::make_shared<const InverseCdfTable>(quantile);
  sampler.scale_ = mean;
  return sampler;
}

Sampler SamplerFactory::Make(const Distribution& distribution) {
  constexpr Latency kUnit{1};
  Sampler sampler;
  if (const auto* d = std::get_if<Exponential>(&distribution)) {
    return FromTable({0, 0}, trimtab::Exponential{kUnit}, d->mean.count() * kNanosPerMilli, 0);
  }
  if (const auto* d = std::get_if<Lognormal>(&distribution)) {
    return FromTable({1, d->cv}, Lognormal{kUnit, d->cv}, d->mean.count() * kNanosPerMilli, 0);
  }
  if (const auto* d = std::get_if<ShiftedLognormal>(&distribution)) {
    return FromTable({1, d->cv}, Lognormal{kUnit, d->cv}, d->mean.count() * kNanosPerMilli,
                     d->shift.count() * kNanosPerMilli);
  }
  if (const auto* d = std::get_if<TwoPoint>(&distribution)) {
    sampler.shift_ = d->low.count() * kNanosPerMilli;
    sampler.scale_ = d->high.count() * kNanosPerMilli;
    sampler.high_threshold_ = d->high_share >= 1
                                  ? std::numeric_limits<std::uint64_t>::max()
                                  : static_cast<std::uint64_t>(std::ldexp(d->high_share, 64));
    return sampler;
  }
  if (const auto* d = std::get_if<Deterministic>(&distribution)) {
    sampler.shift_ = d->value.count() * kNanosPerMilli;
    return sampler;
  }
  const double mean = MeanOf(distribution).count() * kNanosPerMilli;
  if (mean <= 0) return sampler;
  return Make([&](double probability) { return QuantileOf(distribution, probability).count(); },
              mean);
}

}  // namespace trimtab
