#include "trimtab/probability/cumulant_tail.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "trimtab/probability/cumulant_kernels.h"
#include "trimtab/probability/cumulant_law.h"
#include "trimtab/probability/latency_tree.h"

namespace trimtab {
namespace {

using cumulant::IsConstant;
using cumulant::kNodes;
using cumulant::Law;
using cumulant::LawOf;
using cumulant::Times;
using Kind = LatencyNode::Kind;

// On [0, 1].
constexpr double kPlaces[kNodes] = {
    0.0052995325041750307, 0.0277124884633837,  0.067184398806084122, 0.1222977958224985,
    0.19106187779867811,   0.27099161117138632, 0.35919822461037054,  0.45249374508118129,
    0.54750625491881877,   0.64080177538962946, 0.72900838882861363,  0.80893812220132189,
    0.87770220417750155,   0.93281560119391593, 0.9722875115366163,   0.99470046749582497};
constexpr double kWeights[kNodes] = {
    0.013576229705877048, 0.031126761969323947, 0.047579255841246393, 0.062314485627766938,
    0.074797994408288368, 0.084578259697501268, 0.091301707522461792, 0.094725305227534251,
    0.094725305227534251, 0.091301707522461792, 0.084578259697501268, 0.074797994408288368,
    0.062314485627766938, 0.047579255841246393, 0.031126761969323947, 0.013576229705877048};

// Normal deviates between which a block's moments are integrated: the third moment lies far out.
constexpr double kLowest = -5.0;
constexpr double kHighest = 5.2;
// The same of an exponential, in standard deviations from its mean.
constexpr double kHighestExponential = 17.0;

// Where a law reaches the normal deviate `y`, in its standard deviations, and the slope of that by
// its skewness.
struct Place {
  double deviate = 0.0;
  double by_skewness = 0.0;
};

Place PlaceOf(const Law& law, double y) {
  const double g = law.skewness;
  if (law.kind == Law::Kind::kExponential) return {y < 0.0 ? -1.0 : kHighestExponential, 0.0};
  if (law.kind == Law::Kind::kNormal) return {y + g * (y * y - 1) / 6, (y * y - 1) / 6};
  const double base = 1 - g * g / 36 + y * g / 6;
  if (base <= 0.0) return {-2 / g, 2 / (g * g)};
  const double deviate = 2 / g * (base * base * base - 1);
  return {deviate, -deviate / g + 6 / g * base * base * (y / 6 - g / 18)};
}

}  // namespace

Cumulants ShiftedExponentialCumulants(double rate, double offset) {
  const double mean = 1.0 / rate;
  return {offset + mean, mean * mean, 2.0 * mean * mean * mean};
}

absl::Status ValidateCumulants(std::span<const Cumulants> stages, std::size_t first_index) {
  for (std::size_t k = 0; k < stages.size(); ++k) {
    const Cumulants& stage = stages[k];
    if (!(std::abs(stage.mean) <= 1e9)) {
      return absl::InvalidArgumentError(absl::StrCat("stage ", first_index + k, ": mean ",
                                                     stage.mean, " s, expected within 1e9 of 0"));
    }
    if (!(stage.variance >= 0.0 && stage.variance <= 1e18)) {
      return absl::InvalidArgumentError(absl::StrCat("stage ", first_index + k, ": variance ",
                                                     stage.variance,
                                                     " s^2, expected within [0, 1e18]"));
    }
    const double most = 1e3 * stage.variance * std::sqrt(stage.variance);
    if (!(std::abs(stage.third) <= most)) {
      return absl::InvalidArgumentError(absl::StrCat("stage ", first_index + k, ": third cumulant ",
                                                     stage.third, " s^3, expected within ", most,
                                                     " of 0, a skewness of 1000"));
    }
  }
  return absl::OkStatus();
}

CumulantEvaluator::CumulantEvaluator(const LatencyTree& tree)
    : nodes_(tree.nodes().begin(), tree.nodes().end()),
      first_child_(nodes_.size() + 1, 0),
      children_(nodes_.size() - 1),
      block_of_(nodes_.size(), 0),
      cumulants_(nodes_.size()),
      changed_(nodes_.size(), true),
      slopes_(nodes_.size()) {
  std::size_t most_branches = 1;
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    first_child_[i + 1] = first_child_[i] + nodes_[i].children;
    if (nodes_[i].kind != Kind::kParallel) continue;
    block_of_[i] = static_cast<std::uint32_t>(blocks_.size());
    blocks_.emplace_back();
    most_branches = std::max<std::size_t>(most_branches, nodes_[i].children);
  }
  std::vector<std::uint32_t> filled(first_child_.begin(), first_child_.end() - 1);
  for (std::uint32_t i = 0; i + 1 < nodes_.size(); ++i) {
    children_[filled[nodes_[i].parent]++] = i;
  }
  law_nodes_.reserve(most_branches);
  laws_.reserve(most_branches);
  adjoints_.reserve(most_branches);
}

std::span<const std::uint32_t> CumulantEvaluator::ChildrenOf(std::size_t node) const {
  return std::span(children_).subspan(first_child_[node], nodes_[node].children);
}

double CumulantEvaluator::SetLaws(std::span<const std::uint32_t> nodes) {
  laws_.clear();
  law_nodes_.clear();
  double constant = -std::numeric_limits<double>::infinity();
  for (const std::uint32_t node : nodes) {
    const Cumulants all = Times(nodes_[node].repeats, cumulants_[node]);
    if (IsConstant(all)) {
      constant = std::max(constant, all.mean);
    } else {
      laws_.push_back(LawOf(all));
      law_nodes_.push_back(node);
    }
  }
  return constant;
}

void CumulantEvaluator::Forward(std::span<const Cumulants> stages) {
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    const LatencyNode& node = nodes_[i];
    if (node.kind == Kind::kStage && cumulants_[i] != stages[node.stage]) changed_[i] = true;
    if (!changed_[i]) continue;
    changed_[i] = false;
    changed_[node.parent] = i + 1 < nodes_.size();
    if (node.kind == Kind::kStage) {
      cumulants_[i] = stages[node.stage];
    } else if (node.kind == Kind::kParallel) {
      ForwardBlock(i);
    } else {
      Cumulants sum;
      for (const std::uint32_t child : ChildrenOf(i)) {
        const Cumulants all = Times(nodes_[child].repeats, cumulants_[child]);
        sum.mean += all.mean;
        sum.variance += all.variance;
        sum.third += all.third;
      }
      cumulants_[i] = sum;
    }
  }
}

// Moments of max - lowest: r int v^(r-1) (1 - prod F(lowest + v)) dv, on v = range y^2.
void CumulantEvaluator::ForwardBlock(std::size_t node) {
  Block& block = blocks_[block_of_[node]];
  const std::span<const std::uint32_t> children = ChildrenOf(node);
  block.lowest = SetLaws(children);
  double highest = block.lowest;
  if (std::isfinite(block.lowest)) {
    block.lowest_of = *std::ranges::max_element(children, {}, [this](std::uint32_t child) {
      const Cumulants all = Times(nodes_[child].repeats, cumulants_[child]);
      return IsConstant(all) ? all.mean : -std::numeric_limits<double>::infinity();
    });
  }
  for (std::size_t i = 0; i < laws_.size(); ++i) {
    const Law& law = laws_[i];
    const double low = law.mean + law.deviation * PlaceOf(law, kLowest).deviate;
    const double high = law.mean + law.deviation * PlaceOf(law, kHighest).deviate;
    if (low > block.lowest) {
      block.lowest = low;
      block.lowest_of = law_nodes_[i];
    }
    if (high > highest) {
      highest = high;
      block.highest_of = law_nodes_[i];
    }
  }
  block.range = std::max(0.0, highest - block.lowest);
  if (block.range <= 0.0) {
    cumulants_[node] = {block.lowest, 0.0, 0.0};
    return;
  }
  alignas(64) double x[kNodes];
  for (std::size_t q = 0; q < kNodes; ++q) {
    x[q] = block.lowest + block.range * kPlaces[q] * kPlaces[q];
  }
  cumulant::MultiplyLaws(laws_, x, block.product);
  double sums[3] = {};
  for (std::size_t q = 0; q < kNodes; ++q) {
    const double square = kPlaces[q] * kPlaces[q];
    double term = kWeights[q] * kPlaces[q] * (1.0 - block.product[q]);
    for (double& sum : sums) {
      sum += term;
      term *= square;
    }
  }
  double scale = 1.0;
  for (int r = 0; r < 3; ++r) {
    scale *= block.range;
    block.moments[r] = 2.0 * (r + 1) * scale * sums[r];
  }
  const double m1 = block.moments[0];
  const double m2 = block.moments[1];
  cumulants_[node] = {block.lowest + m1, std::max(0.0, m2 - m1 * m1),
                      block.moments[2] - 3 * m1 * m2 + 2 * m1 * m1 * m1};
}

void CumulantEvaluator::AddSlopes(std::uint32_t node, double by_mean, double by_deviation,
                                  double by_skewness) {
  const double repeats = nodes_[node].repeats;
  Cumulants& slopes = slopes_[node];
  slopes.mean += repeats * by_mean;
  const Cumulants all = Times(repeats, cumulants_[node]);
  if (IsConstant(all)) return;
  const Law law = LawOf(all);
  slopes.variance += repeats * by_deviation / (2 * law.deviation);
  if (law.kind == Law::Kind::kExponential) return;
  slopes.variance -= repeats * 1.5 * law.skewness * by_skewness / all.variance;
  slopes.third += repeats * by_skewness / (all.variance * law.deviation);
}

void CumulantEvaluator::BackwardBlock(std::size_t node) {
  const Block& block = blocks_[block_of_[node]];
  const Cumulants& slope = slopes_[node];
  double by_lowest = slope.mean;
  if (block.range <= 0.0) {
    AddSlopes(block.lowest_of, by_lowest, 0.0, 0.0);
    return;
  }
  const double m1 = block.moments[0];
  const double m2 = block.moments[1];
  const double by_moment[3] = {
      slope.mean - 2 * m1 * slope.variance + (6 * m1 * m1 - 3 * m2) * slope.third,
      slope.variance - 3 * m1 * slope.third, slope.third};
  double by_range = 0.0;
  for (int r = 0; r < 3; ++r) by_range += by_moment[r] * (r + 1) * block.moments[r] / block.range;
  alignas(64) double x[kNodes];
  alignas(64) double squares[kNodes];
  alignas(64) double adjoint[kNodes];
  for (std::size_t q = 0; q < kNodes; ++q) {
    squares[q] = kPlaces[q] * kPlaces[q];
    x[q] = block.lowest + block.range * squares[q];
    const double v = block.range * squares[q];
    adjoint[q] = -2.0 * block.range * kWeights[q] * kPlaces[q] *
                 (by_moment[0] + v * (2 * by_moment[1] + v * 3 * by_moment[2]));
  }
  SetLaws(ChildrenOf(node));
  adjoints_.resize(laws_.size());
  cumulant::LawAdjoints(laws_, x, squares, block.product, adjoint, adjoints_);
  for (std::size_t i = 0; i < laws_.size(); ++i) {
    const double deviation = laws_[i].deviation;
    by_lowest += adjoints_[i].density / deviation;
    by_range += adjoints_[i].density_by_place / deviation;
    AddSlopes(law_nodes_[i], -adjoints_[i].density / deviation,
              -adjoints_[i].density_by_deviate / deviation, adjoints_[i].skewness);
  }
  by_lowest -= by_range;
  for (std::size_t i = 0; i < laws_.size(); ++i) {
    const auto add_end = [&](double y, double by_end) {
      const Place place = PlaceOf(laws_[i], y);
      AddSlopes(law_nodes_[i], by_end, by_end * place.deviate,
                by_end * laws_[i].deviation * place.by_skewness);
    };
    if (law_nodes_[i] == block.lowest_of) add_end(kLowest, by_lowest);
    if (law_nodes_[i] == block.highest_of) add_end(kHighest, by_range);
  }
  if (IsConstant(Times(nodes_[block.lowest_of].repeats, cumulants_[block.lowest_of]))) {
    AddSlopes(block.lowest_of, by_lowest, 0.0, 0.0);
  }
}

void CumulantEvaluator::Backward(std::span<Cumulants> slopes) {
  for (std::size_t i = nodes_.size(); i-- > 0;) {
    const LatencyNode& node = nodes_[i];
    const Cumulants slope = slopes_[i];
    if (slope.mean == 0.0 && slope.variance == 0.0 && slope.third == 0.0) continue;
    if (node.kind == Kind::kStage) {
      slopes[node.stage].mean += slope.mean;
      slopes[node.stage].variance += slope.variance;
      slopes[node.stage].third += slope.third;
    } else if (node.kind == Kind::kParallel) {
      BackwardBlock(i);
    } else {
      for (const std::uint32_t child : ChildrenOf(i)) {
        const Cumulants all = Times(nodes_[child].repeats, slope);
        slopes_[child].mean += all.mean;
        slopes_[child].variance += all.variance;
        slopes_[child].third += all.third;
      }
    }
  }
}

double CumulantEvaluator::Within(std::span<const Cumulants> stages, double time) {
  Forward(stages);
  return AtRoot(time, false);
}

double CumulantEvaluator::WithinAndSlopes(std::span<const Cumulants> stages, double time,
                                          std::span<Cumulants> slopes) {
  std::ranges::fill(slopes, Cumulants{});
  Forward(stages);
  const double within = AtRoot(time, true);
  Backward(slopes);
  return within;
}

}  // namespace trimtab
