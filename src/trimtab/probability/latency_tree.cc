#include "trimtab/probability/latency_tree.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <ranges>
#include <span>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"

namespace trimtab {
namespace {

using Kind = LatencyNode::Kind;

constexpr double kMostRepeats = 1e6;
constexpr std::size_t kMostStages = std::size_t{1} << 31;

// A node on the way to its final form. An empty series takes no time.
struct Part {
  Kind kind = Kind::kSeries;
  std::uint32_t stage = 0;
  double repeats = 1.0;
  std::vector<std::uint32_t> children;
  std::size_t size = 1;

  bool empty() const { return kind != Kind::kStage && children.empty(); }
};

// Repeating a sequence is repeating each of its parts.
absl::Status PushRepeats(std::vector<Part>& parts, Part& series) {
  for (const std::uint32_t child : series.children) {
    parts[child].repeats *= series.repeats;
    if (parts[child].repeats > kMostRepeats) {
      return absl::InvalidArgumentError(
          absl::StrCat(parts[child].repeats,
                       " repeats of one part of a latency tree, expected at most ", kMostRepeats));
    }
  }
  series.repeats = 1.0;
  return absl::OkStatus();
}

// Takes the grandchildren in: the longest list is kept and the others appended, so that deep nests
// cost no more than their size times its logarithm.
void Splice(std::vector<std::uint32_t>& into, std::vector<std::uint32_t>& from) {
  if (into.size() < from.size()) into.swap(from);
  into.insert(into.end(), from.begin(), from.end());
  from = {};
}

// The children of parts[at] are in final form; brings it there too.
absl::Status Simplify(std::vector<Part>& parts, std::uint32_t at) {
  Part part = std::move(parts[at]);
  if (part.repeats == 0.0) part = Part{};
  std::vector<std::uint32_t> flat;
  flat.reserve(part.children.size());
  for (const std::uint32_t child : part.children) {
    Part& inner = parts[child];
    if (inner.empty()) continue;
    if (inner.kind == part.kind && inner.repeats == 1.0) {
      Splice(flat, inner.children);
    } else {
      flat.push_back(child);
    }
  }
  part.children = std::move(flat);
  if (part.kind == Kind::kParallel && part.children.size() == 1) part.kind = Kind::kSeries;
  if (part.kind == Kind::kSeries && part.repeats != 1.0) {
    if (absl::Status status = PushRepeats(parts, part); !status.ok()) return status;
  }
  if (part.kind == Kind::kSeries && part.children.size() == 1) {
    part = std::move(parts[part.children.front()]);
  }
  parts[at] = std::move(part);
  return absl::OkStatus();
}

// Most lists are in order, and a stable sort takes memory all the same.
template <typename Iterator, typename Before>
void SortStably(Iterator first, Iterator last, const Before& before) {
  if (!std::is_sorted(first, last, before)) std::stable_sort(first, last, before);
}

// Adds up the visits of one stage within a series.
void MergeStages(std::vector<Part>& parts, Part& series) {
  const auto blocks = std::stable_partition(
      series.children.begin(), series.children.end(),
      [&parts](std::uint32_t child) { return parts[child].kind != Kind::kStage; });
  SortStably(blocks, series.children.end(), [&parts](std::uint32_t a, std::uint32_t b) {
    return parts[a].stage < parts[b].stage;
  });
  auto kept = blocks;
  for (auto child = blocks; child != series.children.end(); ++child) {
    if (kept != blocks && parts[*(kept - 1)].stage == parts[*child].stage) {
      parts[*(kept - 1)].repeats += parts[*child].repeats;
    } else {
      *kept++ = *child;
    }
  }
  series.children.erase(kept, series.children.end());
}

// Parents before children, first child last: read backwards it is the order of LatencyTree.
std::vector<std::uint32_t> ParentsFirst(const std::vector<Part>& parts, std::uint32_t root) {
  std::vector<std::uint32_t> order;
  std::vector<std::uint32_t> stack = {root};
  while (!stack.empty()) {
    const std::uint32_t at = stack.back();
    stack.pop_back();
    order.push_back(at);
    stack.insert(stack.end(), parts[at].children.begin(), parts[at].children.end());
  }
  return order;
}

absl::StatusOr<std::vector<LatencyNode>> Flatten(std::vector<Part>& parts, std::uint32_t root) {
  std::vector<std::uint32_t> order = ParentsFirst(parts, root);
  for (const std::uint32_t at : std::ranges::reverse_view(order)) {
    Part& part = parts[at];
    if (part.kind == Kind::kSeries) MergeStages(parts, part);
    part.size = 1;
    for (const std::uint32_t child : part.children) part.size += parts[child].size;
    SortStably(
        part.children.begin(), part.children.end(),
        [&parts](std::uint32_t a, std::uint32_t b) { return parts[a].size > parts[b].size; });
  }
  order = ParentsFirst(parts, root);
  std::vector<std::uint32_t> place(parts.size());
  std::vector<LatencyNode> nodes(order.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    const std::size_t index = order.size() - 1 - i;
    place[order[i]] = static_cast<std::uint32_t>(index);
    const Part& part = parts[order[i]];
    if (part.repeats > kMostRepeats) {
      return absl::InvalidArgumentError(absl::StrCat("stage ", part.stage, ": ", part.repeats,
                                                     " visits in a sequence, expected at most ",
                                                     kMostRepeats));
    }
    nodes[index].kind = part.kind;
    nodes[index].stage = part.stage;
    nodes[index].repeats = part.repeats;
    nodes[index].children = static_cast<std::uint32_t>(part.children.size());
  }
  nodes.back().parent = static_cast<std::uint32_t>(nodes.size() - 1);
  for (const std::uint32_t at : order) {
    for (const std::uint32_t child : parts[at].children) nodes[place[child]].parent = place[at];
  }
  return nodes;
}

std::vector<StageVisits> SumVisits(std::span<const LatencyNode> nodes) {
  std::vector<double> factor(nodes.size(), 1.0);
  std::vector<StageVisits> all;
  for (std::size_t i = nodes.size(); i-- > 0;) {
    const double above = i + 1 == nodes.size() ? 1.0 : factor[nodes[i].parent];
    factor[i] = above * nodes[i].repeats;
    if (nodes[i].kind == Kind::kStage) all.push_back({nodes[i].stage, factor[i]});
  }
  std::ranges::stable_sort(all, {}, &StageVisits::stage);
  std::vector<StageVisits> merged;
  for (const StageVisits& visit : all) {
    if (!merged.empty() && merged.back().stage == visit.stage) {
      merged.back().visits += visit.visits;
    } else {
      merged.push_back(visit);
    }
  }
  return merged;
}

}  // namespace

LatencyTreeBuilder::NodeId LatencyTreeBuilder::AddStage(std::size_t stage, double visits) {
  // An index that does not fit is kept as one that Build() refuses.
  const auto index = static_cast<std::uint32_t>(std::min(stage, kMostStages));
  nodes_.push_back({Kind::kStage, index, visits, {}});
  return static_cast<NodeId>(nodes_.size() - 1);
}

LatencyTreeBuilder::NodeId LatencyTreeBuilder::AddSeries(std::span<const NodeId> children,
                                                         double repeats) {
  nodes_.push_back({Kind::kSeries, 0, repeats, {children.begin(), children.end()}});
  return static_cast<NodeId>(nodes_.size() - 1);
}

LatencyTreeBuilder::NodeId LatencyTreeBuilder::AddParallel(std::span<const NodeId> children,
                                                           double repeats) {
  nodes_.push_back({Kind::kParallel, 0, repeats, {children.begin(), children.end()}});
  return static_cast<NodeId>(nodes_.size() - 1);
}

absl::StatusOr<LatencyTree> LatencyTreeBuilder::Build(NodeId root) const {
  if (root >= nodes_.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat("latency tree: root ", root, ", expected below ", nodes_.size()));
  }
  std::vector<Part> parts(root + std::size_t{1});
  std::vector<bool> has_parent(parts.size(), false);
  for (std::uint32_t i = 0; i <= root; ++i) {
    const Node& node = nodes_[i];
    if (!(node.repeats >= 0.0 && node.repeats <= kMostRepeats)) {
      return absl::InvalidArgumentError(absl::StrCat("latency tree: node ", i, " repeats ",
                                                     node.repeats, " times, expected within [0, ",
                                                     kMostRepeats, "]"));
    }
    if (node.kind != Kind::kStage && node.repeats != std::floor(node.repeats)) {
      return absl::InvalidArgumentError(absl::StrCat(
          "latency tree: node ", i, " repeats ", node.repeats, " times, expected a whole number"));
    }
    if (node.stage >= kMostStages) {
      return absl::InvalidArgumentError(
          absl::StrCat("latency tree: node ", i, ": stage index of ", kMostStages, " or more"));
    }
    for (const NodeId child : node.children) {
      if (child >= i) {
        return absl::InvalidArgumentError(
            absl::StrCat("latency tree: node ", i, " has the unknown child ", child));
      }
      if (has_parent[child]) {
        return absl::InvalidArgumentError(
            absl::StrCat("latency tree: node ", child, " has two parents, expected one"));
      }
      has_parent[child] = true;
    }
    parts[i] = {node.kind, node.stage, node.repeats, node.children, 1};
    if (absl::Status status = Simplify(parts, i); !status.ok()) return status;
  }
  auto nodes = Flatten(parts, root);
  if (!nodes.ok()) return nodes.status();
  LatencyTree tree;
  tree.nodes_ = *std::move(nodes);
  tree.visits_ = SumVisits(tree.nodes_);
  tree.is_sequence_ = std::ranges::none_of(
      tree.nodes_, [](const LatencyNode& node) { return node.kind == Kind::kParallel; });
  if (!tree.visits_.empty()) tree.stage_count_ = tree.visits_.back().stage + std::size_t{1};
  return tree;
}

}  // namespace trimtab
