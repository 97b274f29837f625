#include "trimtab/probability/grid_pass.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <utility>
#include <variant>
#include <vector>

#include "trimtab/probability/cumulant_tail.h"
#include "trimtab/probability/cumulants.h"
#include "trimtab/probability/grid_law.h"
#include "trimtab/probability/latency_curve.h"
#include "trimtab/probability/latency_tree.h"
#include "trimtab/probability/sequence_tail.h"

namespace trimtab {
namespace {

using Kind = LatencyNode::Kind;

// Beyond this normal deviate of Wilson and Hilferty a sum counts as done.
constexpr double kDone = 8.0;
// ln of the share that a bound on a sum of gammas leaves out.
constexpr double kTailDigits = 30.0;
constexpr double kManyVisits = 16.0;

double CeilingOf(const Cumulants& k) {
  const double deviation = std::sqrt(k.variance);
  if (deviation == 0.0) return k.mean;
  const double g = k.third / (k.variance * deviation);
  if (std::abs(g) < 1e-3) return k.mean + (kDone + 1.0) * deviation;
  const double base = 1 - g * g / 36 + kDone * g / 6;
  if (base <= 1.0) return k.mean + 2.0 * kDone * deviation;
  return k.mean + deviation * 2 / g * (base * base * base - 1);
}

// Of one visit.
Cumulants CumulantsOf(const StageLaw& law) {
  if (const auto* cumulants = std::get_if<Cumulants>(&law)) return *cumulants;
  if (const auto* stage = std::get_if<Stage>(&law); stage != nullptr && stage->visits == 1.0) {
    return ShiftedExponentialCumulants(stage->rate, stage->offset);
  }
  return GridLaw(law, 1.0).cumulants();
}

constexpr std::uint32_t kNoLeaf = 0xffffffff;

}  // namespace

GridPass::GridPass(const LatencyTree& tree, std::span<const StageLaw> laws)
    : nodes_(tree.nodes()),
      first_child_(nodes_.size() + 1, 0),
      children_(nodes_.size() - 1),
      leaf_of_(nodes_.size(), 0),
      cumulants_(nodes_.size()),
      floor_(nodes_.size(), 0.0),
      ceiling_(nodes_.size(), 0.0),
      end_(nodes_.size(), 0.0),
      sums_(nodes_.size()),
      carrier_(nodes_.size(), kNoLeaf) {
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    first_child_[i + 1] = first_child_[i] + nodes_[i].children;
    if (nodes_[i].kind != Kind::kStage) continue;
    leaf_of_[i] = static_cast<std::uint32_t>(leaves_.size());
    leaves_.emplace_back(laws[nodes_[i].stage], nodes_[i].repeats);
  }
  std::vector<std::uint32_t> filled(first_child_.begin(), first_child_.end() - 1);
  for (std::uint32_t i = 0; i + 1 < nodes_.size(); ++i) {
    children_[filled[nodes_[i].parent]++] = i;
  }
  std::vector<Cumulants> stages;
  stages.reserve(laws.size());
  for (const StageLaw& law : laws) stages.push_back(CumulantsOf(law));
  CumulantEvaluator evaluator(tree);
  evaluator.Within(stages, 0.0);
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    const Cumulants& one = evaluator.of_nodes()[i];
    const double repeats = nodes_[i].repeats;
    cumulants_[i] = {repeats * one.mean, repeats * one.variance, repeats * one.third};
  }
  Bound();
}

void GridPass::Bound() {
  for (std::uint32_t i = 0; i < nodes_.size(); ++i) {
    const double repeats = nodes_[i].repeats;
    if (nodes_[i].kind == Kind::kStage) {
      const GridLaw& law = LawOf(i);
      floor_[i] = law.floor() * law.repeats();
      ceiling_[i] = law.ceiling() * law.repeats();
      continue;
    }
    const bool series = nodes_[i].kind == Kind::kSeries;
    double low = series ? 0.0 : -std::numeric_limits<double>::infinity();
    double high = low;
    for (const std::uint32_t child : ChildrenOf(i)) {
      low = series ? low + floor_[child] : std::max(low, floor_[child]);
      high = series ? high + ceiling_[child] : std::max(high, ceiling_[child]);
    }
    floor_[i] = low * repeats;
    ceiling_[i] = high * repeats;
    if (high > low && (series || repeats > 1.0)) {
      ceiling_[i] = std::min(ceiling_[i], std::max(CeilingOf(cumulants_[i]), floor_[i]));
    }
  }
}

// What a parent needs of a child: a sum, no more above its floor than above its own; a maximum,
// everything up to its own end.
void GridPass::Extend(double time) {
  const std::size_t root = nodes_.size() - 1;
  // At the floor itself a sliver is enough to see an atom there.
  end_[root] = std::max(time, floor_[root] + 1e-6 * (ceiling_[root] - floor_[root]));
  for (std::size_t i = root; i-- > 0;) {
    const std::size_t parent = nodes_[i].parent;
    const double above = end_[parent] - floor_[parent];
    const double one =
        nodes_[parent].kind == Kind::kSeries ? floor_[i] : floor_[parent] / nodes_[parent].repeats;
    end_[i] = one + above;
  }
}

// Zero everywhere on the grid of a node.
LatencyCurve GridPass::EmptyCurve(std::size_t node) const {
  LatencyCurve curve;
  curve.start = floor_[node];
  curve.step = StepOf(node);
  curve.complete = ceiling_[node] <= end_[node];
  curve.within.assign(cells_ + 1, 0.0);
  return curve;
}

LatencyCurve GridPass::LeafCurve(std::uint32_t leaf) const {
  const GridLaw& law = LawOf(leaf);
  LatencyCurve curve;
  curve.start = law.floor();
  if (law.ceiling() <= law.floor()) {
    curve.within = {1.0};
    return curve;
  }
  const double end = law.floor() + (end_[leaf] - floor_[leaf]);
  curve.complete = law.ceiling() <= end;
  curve.step = (std::min(law.ceiling(), end) - law.floor()) / static_cast<double>(cells_);
  curve.within.resize(cells_ + 1);
  law.Sweep(curve.start, curve.step, curve.within);
  return curve;
}

LatencyCurve GridPass::Repeat(std::size_t node, const LatencyCurve& one, double repeats) const {
  if (repeats == 1.0) return one;
  LatencyCurve curve = EmptyCurve(node);
  if (one.is_constant() || curve.step <= 0.0) {
    curve.within = {1.0};
    return curve;
  }
  one.Sample(one.start, curve.step, curve.within);
  const auto weights = HatWeights(one, curve.step, cells_ + 1);
  Convolve(PowerOfWeights(weights, repeats - 1.0, cells_ + 1), curve.within);
  return curve;
}

// A series begins with its widest part, which its grid resolves best: a leaf, exact there, or the
// block that is at hand.
void GridPass::Begin(std::size_t series, const LatencyCurve* block, double variance) {
  std::uint32_t widest = kNoLeaf;
  for (const std::uint32_t child : ChildrenOf(series)) {
    if (nodes_[child].kind != Kind::kStage || LawOf(child).repeats() != 1.0) continue;
    if (LawOf(child).cumulants().variance <= variance) continue;
    widest = child;
    variance = LawOf(child).cumulants().variance;
  }
  if (widest == kNoLeaf && block == nullptr) return;
  LatencyCurve curve = EmptyCurve(series);
  const double start = widest == kNoLeaf ? block->start : LawOf(widest).floor();
  if (widest != kNoLeaf) {
    LawOf(widest).Sweep(start, curve.step, curve.within);
  } else {
    block->Sample(start, curve.step, curve.within);
  }
  carrier_[series] = widest;
  sums_[series] = std::move(curve);
}

void GridPass::AddToSeries(std::size_t series, const LatencyCurve& part, double repeats,
                           double variance) {
  if (part.is_constant() || repeats == 0.0) return;
  if (!sums_[series].has_value()) {
    Begin(series, &part, variance);
    if (carrier_[series] == kNoLeaf) repeats -= 1.0;
  }
  LatencyCurve& sum = *sums_[series];
  const auto weights = HatWeights(part, sum.step, cells_ + 1);
  if (repeats > 0.0) Convolve(PowerOfWeights(weights, repeats, cells_ + 1), sum.within);
}

bool GridPass::IsNarrow(std::size_t series, const GridLaw& law) const {
  // By the coarse grid, lest Richardson extrapolates between two methods.
  return law.shape() > 0.0 && law.rate() * StepOf(series) * coarsening_ > 0.5;
}

// A cell widens every stage that is narrower than it; of many such the sum is one part, exact by
// its contour. Few are left to Richardson.
bool GridPass::AddNarrowStages(std::size_t series) {
  narrow_.clear();
  double visits = 0.0;
  double mean = 0.0;
  double variance = 0.0;
  double slowest = std::numeric_limits<double>::infinity();
  for (const std::uint32_t child : ChildrenOf(series)) {
    if (nodes_[child].kind != Kind::kStage || child == carrier_[series]) continue;
    const GridLaw& law = LawOf(child);
    if (!IsNarrow(series, law)) continue;
    narrow_.push_back({.rate = law.rate(), .visits = law.shape()});
    visits += law.shape();
    mean += law.shape() / law.rate();
    variance += law.cumulants().variance;
    slowest = std::min(slowest, law.rate());
  }
  if (visits < kManyVisits) return false;
  LatencyCurve curve;
  // A sum of gammas ends no later than one of the slowest rate with their mean and variance.
  const double end = mean + std::sqrt(2.0 * kTailDigits * variance) + kTailDigits / slowest;
  const std::size_t points = std::max<std::size_t>(cells_ / 4, 8);
  curve.step = end / static_cast<double>(points);
  for (std::size_t m = 0; m <= points; ++m) {
    const double time = static_cast<double>(m) * curve.step;
    curve.within.push_back(SequenceTailAt(narrow_, time, workspace_).within);
  }
  AddToSeries(series, curve, 1.0, variance);
  return true;
}

void GridPass::FinishSeries(std::size_t series) {
  const bool narrow_added = AddNarrowStages(series);
  if (!sums_[series].has_value()) Begin(series, nullptr, 0.0);
  for (const std::uint32_t child : ChildrenOf(series)) {
    if (nodes_[child].kind != Kind::kStage || child == carrier_[series]) continue;
    const GridLaw& law = LawOf(child);
    if (narrow_added && IsNarrow(series, law)) continue;
    if (law.exponentials() > 0) {
      for (int v = 0; v < law.exponentials(); ++v) {
        ConvolveExponential(law.rate(), sums_[series]->step, sums_[series]->within);
      }
    } else {
      AddToSeries(series, LeafCurve(child), law.repeats(), law.cumulants().variance);
    }
  }
  LatencyCurve curve;
  curve.within = {1.0};
  if (sums_[series].has_value()) curve = *std::exchange(sums_[series], std::nullopt);
  curve.start = floor_[series];
  Deliver(series, std::move(curve));
}

// `curve` is null for a leaf.
void GridPass::AddToBlock(std::size_t block, std::uint32_t branch, const LatencyCurve* curve) {
  LatencyCurve& product = *sums_[block];
  branch_.resize(product.within.size());
  if (curve == nullptr) {
    LawOf(branch).Sweep(product.start, product.step, branch_);
  } else {
    curve->Sample(product.start, product.step, branch_);
  }
  for (std::size_t m = 0; m < branch_.size(); ++m) product.within[m] *= branch_[m];
}

void GridPass::Deliver(std::size_t node, LatencyCurve curve) {
  const double repeats = nodes_[node].kind == Kind::kParallel ? nodes_[node].repeats : 1.0;
  if (node + 1 == nodes_.size()) {
    root_ = Repeat(node, curve, repeats);
    return;
  }
  const std::size_t parent = nodes_[node].parent;
  if (nodes_[parent].kind == Kind::kSeries) {
    AddToSeries(parent, curve, repeats, cumulants_[node].variance);
    return;
  }
  const LatencyCurve all = Repeat(node, curve, repeats);
  AddToBlock(parent, static_cast<std::uint32_t>(node), &all);
}

LatencyCurve GridPass::Evaluate(double time, std::size_t cells, double coarsening) {
  cells_ = cells;
  coarsening_ = coarsening;
  std::ranges::fill(carrier_, kNoLeaf);
  Extend(time);
  const auto begin_block = [this](std::size_t block) {
    if (sums_[block].has_value()) return;
    const double repeats = nodes_[block].repeats;
    LatencyCurve curve;
    curve.start = floor_[block] / repeats;
    const double high = std::min(ceiling_[block], end_[block]) - floor_[block];
    if (high <= 0.0) {
      curve.within = {1.0};
    } else {
      curve.step = high / static_cast<double>(cells_);
      curve.complete = ceiling_[block] <= end_[block];
      curve.within.assign(cells_ + 1, 1.0);
    }
    sums_[block] = std::move(curve);
  };
  for (std::uint32_t i = 0; i < nodes_.size(); ++i) {
    const std::size_t parent = nodes_[i].parent;
    const bool in_block = i + 1 < nodes_.size() && nodes_[parent].kind == Kind::kParallel;
    if (in_block) begin_block(parent);
    if (nodes_[i].kind == Kind::kSeries) {
      FinishSeries(i);
    } else if (nodes_[i].kind == Kind::kParallel) {
      begin_block(i);
      Deliver(i, *std::exchange(sums_[i], std::nullopt));
    } else if (i + 1 == nodes_.size()) {
      root_ = Repeat(i, LeafCurve(i), LawOf(i).repeats());
    } else if (in_block && LawOf(i).repeats() == 1.0) {
      AddToBlock(parent, i, nullptr);
    } else if (in_block) {
      const LatencyCurve all = Repeat(i, LeafCurve(i), LawOf(i).repeats());
      AddToBlock(parent, i, &all);
    }
  }
  return std::move(root_);
}

}  // namespace trimtab
