#include "trimtab/scaling/derm/tree_tail.h"

#include <algorithm>
#include <cmath>

#include "absl/status/statusor.h"

namespace trimtab {
namespace {

// Tails below this cannot be told from rounding in 1 - P.
constexpr double kLeastTail = 1e-13;
// What the contour takes; the gamma of this shape has a skewness of 0.002 and is as good as one of
// any smaller skewness.
constexpr double kMostShape = 9e5;

LatencyTreeBuilder::NodeId Add(const DermNode& node, std::span<const int> members,
                               LatencyTreeBuilder& builder) {
  if (node.kind == DermNode::Kind::kVisit) {
    const auto at = std::ranges::lower_bound(members, node.microservice);
    return builder.AddStage(static_cast<std::size_t>(at - members.begin()), node.visits);
  }
  std::vector<LatencyTreeBuilder::NodeId> children;
  children.reserve(node.children.size());
  for (const DermNode& child : node.children) children.push_back(Add(child, members, builder));
  return node.kind == DermNode::Kind::kSequence ? builder.AddSeries(children, node.visits)
                                                : builder.AddParallel(children, node.visits);
}

LatencyTree TreeOf(const DermNode& node, std::span<const int> members) {
  LatencyTreeBuilder builder;
  const auto root = Add(node, members, builder);
  return *builder.Build(root);
}

}  // namespace

TreeTail::TreeTail(const DermNode& node, std::span<const int> members,
                   std::span<const LoadLaw> laws)
    : tree_(TreeOf(node, members)),
      evaluator_(tree_),
      cumulants_(members.size()),
      slopes_(members.size()),
      laws_(members.size()) {
  for (const int i : members) {
    const LoadLaw& law = laws[static_cast<std::size_t>(i)];
    members_.push_back({.microservice = static_cast<std::size_t>(i),
                        .exponential = law.exponential(),
                        .offset = law.offset()});
  }
}

double TreeTail::Beyond(double time, std::span<const LoadLaw::Moments> moments,
                        std::span<double> prices) {
  for (std::size_t k = 0; k < members_.size(); ++k) {
    const LoadLaw::Moments& of = moments[members_[k].microservice];
    cumulants_[k] = {.mean = of.mean, .variance = of.variance, .third = of.third};
  }
  if (prices.empty()) return std::max(1 - evaluator_.Within(cumulants_, time), kLeastTail);
  const double within = evaluator_.WithinAndSlopes(cumulants_, time, slopes_);
  for (std::size_t k = 0; k < members_.size(); ++k) {
    const LoadLaw::Moments& of = moments[members_[k].microservice];
    prices[k] = -(slopes_[k].mean + slopes_[k].variance * of.variance_slope +
                  slopes_[k].third * of.third_slope);
  }
  return std::max(1 - within, kLeastTail);
}

// A gamma of shape k and some rate has the variance k / rate^2 and the skewness 2 / sqrt(k);
// k calls of a stage are that gamma, offset included.
bool TreeTail::SetStages(std::span<const LoadLaw::Moments> moments) {
  stages_.clear();
  for (const StageVisits& visit : tree_.visits()) {
    const Member& member = members_[visit.stage];
    const LoadLaw::Moments& of = moments[member.microservice];
    if (member.exponential) {
      stages_.push_back(
          {.rate = 1 / (of.mean - member.offset), .visits = visit.visits, .offset = member.offset});
      continue;
    }
    const double skewed = 4 * of.variance * of.variance * of.variance / (of.third * of.third);
    const double shape = std::min(skewed, kMostShape / visit.visits);
    const double rate = std::sqrt(shape / of.variance);
    stages_.push_back(
        {.rate = rate, .visits = shape * visit.visits, .offset = of.mean / shape - 1 / rate});
  }
  return ValidateStages(stages_).ok();
}

double TreeTail::Check(double time, std::span<const LoadLaw::Moments> moments, std::size_t cells) {
  if (tree_.is_sequence() && SetStages(moments)) {
    return SequenceTailAt(stages_, time, workspace_).beyond;
  }
  for (std::size_t k = 0; k < members_.size(); ++k) {
    const Member& member = members_[k];
    const LoadLaw::Moments& of = moments[member.microservice];
    if (member.exponential) {
      laws_[k] = Stage{.rate = 1 / (of.mean - member.offset), .visits = 1, .offset = member.offset};
    } else {
      laws_[k] = Cumulants{.mean = of.mean, .variance = of.variance, .third = of.third};
    }
  }
  // A law that the grid refuses is no law under which a plan may count on the graph.
  return 1 - GridWithin(tree_, laws_, time, {.cells = cells}).value_or(0);
}

}  // namespace trimtab
