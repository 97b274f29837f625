// Series-parallel trees of stages, flattened: what a request's latency is composed of.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/statusor.h"

namespace trimtab {

// A node of a LatencyTree: a stage (by its index), a sequence of children (their sum) or a parallel
// block (their maximum), `repeats` independent times one after the other.
struct LatencyNode {
  enum class Kind : std::uint8_t { kStage, kSeries, kParallel };

  Kind kind = Kind::kStage;
  std::uint32_t stage = 0;   // of a kStage: index into the stages that an evaluator is given
  std::uint32_t parent = 0;  // of the root: its own index
  std::uint32_t children = 0;
  double repeats = 1.0;  // visits of a stage; whole for the other kinds
};

// What a sequence visits: a stage and how often.
struct StageVisits {
  std::uint32_t stage = 0;
  double visits = 0.0;
};

// The call graph of one class of requests as its latency sees it: a microservice is a stage, calls
// one after the other are a series, calls at the same time a parallel block (Derm IV-B; a block is
// the maximum of its branches, not the branch of the smallest rate: paper-notes D5).
//
// Children stand before their parents, of several the larger subtree first, so evaluators run over
// the nodes without recursion and hold O(log nodes) intermediate results. Made by
// LatencyTreeBuilder. Thread-safety: immutable.
class LatencyTree {
 public:
  std::span<const LatencyNode> nodes() const { return nodes_; }
  // The last node.
  const LatencyNode& root() const { return nodes_.back(); }
  // One more than the largest index of a stage.
  std::size_t stage_count() const { return stage_count_; }
  // No parallel block with more than one child anywhere.
  bool is_sequence() const { return is_sequence_; }
  // Visits of every stage in one request, ascending by stage; the whole of a sequence.
  std::span<const StageVisits> visits() const { return visits_; }

 private:
  friend class LatencyTreeBuilder;

  std::vector<LatencyNode> nodes_;
  std::vector<StageVisits> visits_;
  std::size_t stage_count_ = 0;
  bool is_sequence_ = true;
};

// Builds a tree from its leaves upwards; what is built cannot contain a cycle.
class LatencyTreeBuilder {
 public:
  using NodeId = std::uint32_t;

  // `visits` calls of a stage one after the other; a fraction is a gamma (see Stage).
  NodeId AddStage(std::size_t stage, double visits = 1.0);
  // The sum, or the maximum, of the children, `repeats` times one after the other. No children
  // takes no time.
  NodeId AddSeries(std::span<const NodeId> children, double repeats = 1.0);
  NodeId AddParallel(std::span<const NodeId> children, double repeats = 1.0);

  // The tree below `root`, which may be any node; what does not hang below it is left out.
  // Series in series and parallel in parallel are merged, single children take their parent's
  // place, visits of one stage in one series are added up.
  // kInvalidArgument: a node with two parents, or an unknown one; visits outside [0, 1e6]; repeats
  // that are not whole or outside [0, 1e6]; a stage index of 2^31 or more.
  absl::StatusOr<LatencyTree> Build(NodeId root) const;

 private:
  struct Node {
    LatencyNode::Kind kind;
    std::uint32_t stage;
    double repeats;
    std::vector<NodeId> children;
  };

  std::vector<Node> nodes_;
};

}  // namespace trimtab
