#include "trimtab/graphdynamics/share_series.h"

#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "fmt/format.h"

namespace trimtab {
namespace {

constexpr double kSumTolerance = 1e-3;

struct Place {
  std::size_t block;
  std::size_t step;
};

absl::Status CheckShares(std::span<const double> shares, const std::vector<std::string>& names,
                         std::string_view kind, Place place, bool may_be_empty) {
  double sum = 0;
  for (std::size_t i = 0; i < shares.size(); ++i) {
    if (!(shares[i] >= 0 && shares[i] <= 1)) {
      return absl::InvalidArgumentError(
          fmt::format("block {} step {}: share of {} '{}' is {}, expected 0 to 1", place.block,
                      place.step, kind, names[i], shares[i]));
    }
    sum += shares[i];
  }
  if (may_be_empty && sum == 0) return absl::OkStatus();
  if (std::abs(sum - 1) > kSumTolerance) {
    return absl::InvalidArgumentError(
        fmt::format("block {} step {}: {} shares sum to {}, expected 1 +- {}", place.block,
                    place.step, kind, sum, kSumTolerance));
  }
  return absl::OkStatus();
}

}  // namespace

std::size_t ShareSeries::steps() const {
  std::size_t steps = 0;
  for (std::size_t b = 0; b < blocks.size(); ++b) steps += StepsOf(b);
  return steps;
}

ShareWindow ShareSeries::Before(std::size_t block, std::size_t at, std::size_t steps) const {
  const std::size_t width = space.width();
  return {&space, std::span(blocks[block].rows).subspan((at - steps) * width, steps * width)};
}

std::span<const double> ShareSeries::graphs(std::size_t block, std::size_t at) const {
  return std::span(blocks[block].rows)
      .subspan(at * space.width() + space.arguments(), space.graphs());
}

ShareSeries ShareSeries::Select(std::span<const std::size_t> which) const {
  ShareSeries out{.space = space, .blocks = {}};
  for (const std::size_t block : which) out.blocks.push_back(blocks[block]);
  return out;
}

absl::Status ShareSeries::Validate() const {
  if (space.graphs() == 0) return absl::InvalidArgumentError("there are no graph classes");
  for (std::size_t b = 0; b < blocks.size(); ++b) {
    const ShareBlock& block = blocks[b];
    if (block.rows.size() % space.width() != 0) {
      return absl::InvalidArgumentError(
          fmt::format("block {} has {} numbers, expected a multiple of {}", b, block.rows.size(),
                      space.width()));
    }
    const std::size_t steps = StepsOf(b);
    if (!block.expected.empty() && block.expected.size() != steps * space.graphs()) {
      return absl::InvalidArgumentError(fmt::format("block {} has {} expected shares, expected {}",
                                                    b, block.expected.size(),
                                                    steps * space.graphs()));
    }
    const ShareWindow all{&space, block.rows};
    for (std::size_t s = 0; s < steps; ++s) {
      if (auto status =
              CheckShares(all.arguments(s), space.argument_classes, "argument class", {b, s}, true);
          !status.ok()) {
        return status;
      }
      if (auto status =
              CheckShares(all.graphs(s), space.graph_classes, "graph class", {b, s}, false);
          !status.ok()) {
        return status;
      }
      if (!(all.load(s) >= 0 && all.load(s) < 1e12)) {
        return absl::InvalidArgumentError(
            fmt::format("block {} step {}: application load is {} requests/s, expected 0 to 1e12",
                        b, s, all.load(s)));
      }
    }
  }
  return absl::OkStatus();
}

std::vector<SharePlace> PlacesOf(const ShareSeries& series, std::size_t window) {
  std::vector<SharePlace> places;
  for (std::size_t b = 0; b < series.blocks.size(); ++b) {
    for (std::size_t s = window; s < series.StepsOf(b); ++s) places.push_back({b, s});
  }
  return places;
}

void NormaliseShares(std::span<double> shares) {
  double sum = 0;
  for (const double share : shares) sum += share;
  if (!(sum > 0)) {
    for (double& share : shares) share = 1.0 / static_cast<double>(shares.size());
    return;
  }
  for (double& share : shares) share /= sum;
}

}  // namespace trimtab
