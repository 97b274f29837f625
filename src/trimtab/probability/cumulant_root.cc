// The probability at the root of a tree, and its slopes.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "trimtab/probability/cumulant_kernels.h"
#include "trimtab/probability/cumulant_law.h"
#include "trimtab/probability/cumulant_tail.h"
#include "trimtab/probability/latency_tree.h"

namespace trimtab {
namespace {

using cumulant::IsConstant;
using cumulant::kNodes;
using cumulant::Times;
using Kind = LatencyNode::Kind;

// Shares of the variance of a series between which its largest part takes over.
constexpr double kSharedBelow = 0.5;
constexpr double kDominantFrom = 0.8;

// From 0 to 1 without a kink, and its slope.
struct Blend {
  double weight = 0.0;
  double slope = 0.0;
};

Blend BlendAt(double share) {
  const double width = kDominantFrom - kSharedBelow;
  const double x = std::clamp((share - kSharedBelow) / width, 0.0, 1.0);
  return {x * x * (3.0 - 2.0 * x), 6.0 * x * (1.0 - x) / width};
}

// Two points with mean 0, variance 1 and third moment g: (g +- sqrt(g^2 + 4)) / 2.
struct TwoPoints {
  double at[2] = {0.0, 0.0};
  double weight[2] = {1.0, 0.0};
  double at_slope[2] = {};  // by g
  double weight_slope[2] = {};
};

TwoPoints PointsOf(double g) {
  const double root = std::sqrt(g * g + 4.0);
  TwoPoints points;
  points.at[0] = 0.5 * (g + root);
  points.at[1] = 0.5 * (g - root);
  points.weight[0] = -points.at[1] / root;
  points.weight[1] = points.at[0] / root;
  points.at_slope[0] = 0.5 * (1.0 + g / root);
  points.at_slope[1] = 0.5 * (1.0 - g / root);
  points.weight_slope[0] = -points.at_slope[1] / root + points.at[1] * g / (root * root * root);
  points.weight_slope[1] = -points.weight_slope[0];
  return points;
}

}  // namespace

std::span<const std::uint32_t> CumulantEvaluator::BranchesOf(const std::uint32_t& node) const {
  // The branches of a block are independent, so its distribution needs no moments.
  const bool product = nodes_[node].kind == Kind::kParallel && nodes_[node].repeats == 1.0;
  return product ? ChildrenOf(node) : std::span(&node, 1);
}

double CumulantEvaluator::ProductAt(const std::uint32_t& node, double time, double weight,
                                    double* density) {
  const double constant = SetLaws(BranchesOf(node));
  if (constant > time) return 0.0;
  if (laws_.empty()) return 1.0;
  alignas(64) double x[kNodes];
  alignas(64) double within[kNodes];
  std::ranges::fill(x, time);
  cumulant::MultiplyLaws(laws_, x, within);
  if (density == nullptr) return within[0];
  alignas(64) double first[kNodes] = {1.0};
  adjoints_.resize(laws_.size());
  cumulant::LawAdjoints(laws_, x, x, within, first, adjoints_);
  for (std::size_t i = 0; i < laws_.size(); ++i) {
    const double deviation = laws_[i].deviation;
    *density += adjoints_[i].density / deviation;
    AddSlopes(law_nodes_[i], -weight * adjoints_[i].density / deviation,
              -weight * adjoints_[i].density_by_deviate / deviation,
              weight * adjoints_[i].skewness);
  }
  return within[0];
}

std::optional<std::uint32_t> CumulantEvaluator::DominantPart() const {
  if (nodes_.back().kind != Kind::kSeries || IsConstant(total_)) return std::nullopt;
  std::optional<std::uint32_t> largest;
  double variance = kSharedBelow * total_.variance;
  for (const std::uint32_t child : ChildrenOf(nodes_.size() - 1)) {
    const double here = nodes_[child].repeats * cumulants_[child].variance;
    if (here <= variance) continue;
    variance = here;
    largest = child;
  }
  return largest;
}

// E F(t - S), F of the part as it is, S the sum of the others at two points with their cumulants.
double CumulantEvaluator::AtDominant(const std::uint32_t& part, double time, double weight,
                                     bool with_slopes) {
  const Cumulants own = Times(nodes_[part].repeats, cumulants_[part]);
  const Cumulants rest = {total_.mean - own.mean, total_.variance - own.variance,
                          total_.third - own.third};
  // Subtraction leaves a trace of what was never there.
  if (!(rest.variance > 1e-9 * total_.variance)) {
    double density = 0.0;
    const double within =
        ProductAt(part, time - rest.mean, weight, with_slopes ? &density : nullptr);
    AddRestSlopes(part, {-weight * density, 0.0, 0.0});
    return within;
  }
  const double deviation = std::sqrt(rest.variance);
  const double skewness = rest.third / (rest.variance * deviation);
  const TwoPoints points = PointsOf(skewness);
  double within = 0.0;
  double by_mean = 0.0;
  double by_deviation = 0.0;
  double by_skewness = 0.0;
  for (int i = 0; i < 2; ++i) {
    double density = 0.0;
    const double value = ProductAt(part, time - rest.mean - deviation * points.at[i],
                                   weight * points.weight[i], with_slopes ? &density : nullptr);
    within += points.weight[i] * value;
    by_mean -= points.weight[i] * density;
    by_deviation -= points.weight[i] * density * points.at[i];
    by_skewness += points.weight_slope[i] * value -
                   points.weight[i] * density * deviation * points.at_slope[i];
  }
  if (with_slopes) {
    AddRestSlopes(part, {weight * by_mean,
                         weight * (by_deviation / (2.0 * deviation) -
                                   1.5 * skewness * by_skewness / rest.variance),
                         weight * by_skewness / (rest.variance * deviation)});
  }
  return within;
}

void CumulantEvaluator::AddRestSlopes(std::uint32_t part, const Cumulants& slopes) {
  for (const std::uint32_t child : ChildrenOf(nodes_.size() - 1)) {
    if (child == part) continue;
    const Cumulants all = Times(nodes_[child].repeats, slopes);
    slopes_[child].mean += all.mean;
    slopes_[child].variance += all.variance;
    slopes_[child].third += all.third;
  }
}

double CumulantEvaluator::AtRoot(double time, bool with_slopes) {
  const auto root = static_cast<std::uint32_t>(nodes_.size() - 1);
  total_ = Times(nodes_[root].repeats, cumulants_[root]);
  if (with_slopes) std::ranges::fill(slopes_, Cumulants{});
  if (std::isinf(time)) return time > 0.0 ? 1.0 : 0.0;
  double unused = 0.0;
  double* const density = with_slopes ? &unused : nullptr;
  const std::optional<std::uint32_t> part = DominantPart();
  if (!part) return ProductAt(root, time, 1.0, density);
  const double own_variance = nodes_[*part].repeats * cumulants_[*part].variance;
  const double share = std::min(1.0, own_variance / total_.variance);
  const Blend blend = BlendAt(share);
  const double shared = ProductAt(root, time, 1.0 - blend.weight, density);
  const double dominant = AtDominant(*part, time, blend.weight, with_slopes);
  if (with_slopes) {
    const double by_share = blend.slope * (dominant - shared) / total_.variance;
    slopes_[*part].variance += nodes_[*part].repeats * by_share;
    slopes_[root].variance -= share * by_share;
  }
  return blend.weight * dominant + (1.0 - blend.weight) * shared;
}

}  // namespace trimtab
