#include "trimtab/simulation/argument_draw.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

#include "fmt/format.h"

namespace trimtab {
namespace {

std::vector<double> CumulativeOf(const ArgumentMix& mix, std::size_t values) {
  std::vector<double> cumulative;
  double sum = 0;
  for (std::size_t i = 0; i < values; ++i) {
    sum += mix.weights.empty() ? std::pow(static_cast<double>(i + 1), -mix.zipf) : mix.weights[i];
    cumulative.push_back(sum);
  }
  for (double& value : cumulative) value /= sum;
  return cumulative;
}

}  // namespace

ArgumentDraw::ArgumentDraw(const ArgumentSpec& spec, std::uint64_t seed)
    : spec_(spec), stream_(seed, fmt::format("argument/{}", spec.name)) {
  const auto values = static_cast<std::size_t>(spec.last - spec.first + 1);
  for (const ArgumentMix& mix : spec.mixes) cumulative_.push_back(CumulativeOf(mix, values));
}

ArgumentDraw::Blend ArgumentDraw::BlendAt(SimNanos now) const {
  const SimNanos period = spec_.period.count();
  const SimNanos at = period > 0 ? now % period : now;
  std::size_t from = spec_.mixes.size() - 1;
  while (from > 0 && spec_.mixes[from].at.count() > at) --from;
  const bool is_last = from + 1 == spec_.mixes.size();
  if (!spec_.gradual || (is_last && period == 0)) return {from, from, 0};
  const std::size_t to = is_last ? 0 : from + 1;
  const SimNanos start = spec_.mixes[from].at.count();
  const SimNanos end = is_last ? period : spec_.mixes[to].at.count();
  return {from, to, static_cast<double>(at - start) / static_cast<double>(end - start)};
}

std::int64_t ArgumentDraw::Draw(SimNanos now) {
  if (spec_.first == spec_.last) return spec_.first;
  const Blend blend = BlendAt(now);
  const bool second = blend.share > 0 && stream_.Uniform() < blend.share;
  const std::vector<double>& mix = cumulative_[second ? blend.to : blend.from];
  const auto chosen = std::upper_bound(mix.begin(), mix.end() - 1, stream_.Uniform());
  return spec_.first + (chosen - mix.begin());
}

std::uint16_t ArgumentDraw::ClassOf(std::int64_t value) const {
  if (spec_.classes.empty()) return 0;
  const auto found = std::ranges::lower_bound(spec_.classes, value);
  return static_cast<std::uint16_t>(found - spec_.classes.begin());
}

std::string ArgumentDraw::ClassName(std::uint16_t index) const {
  if (spec_.classes.empty()) return {};
  const std::int64_t low = index == 0 ? spec_.first : spec_.classes[index - 1U] + 1;
  const std::int64_t high = spec_.classes[index];
  return low == high ? fmt::format("{}={}", spec_.name, low)
                     : fmt::format("{}={}-{}", spec_.name, low, high);
}

std::vector<double> ArgumentDraw::SharesAt(SimNanos now) const {
  const Blend blend = BlendAt(now);
  std::vector<double> shares;
  double below = 0;
  for (std::size_t i = 0; i < cumulative_.front().size(); ++i) {
    const double up_to =
        (1 - blend.share) * cumulative_[blend.from][i] + blend.share * cumulative_[blend.to][i];
    shares.push_back(up_to - below);
    below = up_to;
  }
  return shares;
}

}  // namespace trimtab
