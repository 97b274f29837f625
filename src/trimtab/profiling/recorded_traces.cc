#include "trimtab/profiling/recorded_traces.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "trimtab/callgraph/call_tree.h"
#include "trimtab/callgraph/graph_class.h"
#include "trimtab/probability/latency_tree.h"

namespace trimtab {
namespace {

using KindOfTree = std::function<std::uint32_t(const CallTree&)>;

// As deep as VisitBuilder lets a trace be.
LatencyTreeBuilder::NodeId AddTree(const CallTree& tree, const KindOfTree& kind_of,
                                   LatencyTreeBuilder& builder) {
  std::vector<LatencyTreeBuilder::NodeId> parts = {builder.AddStage(kind_of(tree))};
  for (const TreeStep& step : tree.steps) {
    std::vector<LatencyTreeBuilder::NodeId> branches;
    for (const CallTree& branch : step.branches) {
      if (!step.parallel) {
        const auto once = AddTree(branch, kind_of, builder);
        parts.push_back(builder.AddSeries(std::span(&once, 1), static_cast<double>(branch.calls)));
        continue;
      }
      for (std::int64_t call = 0; call < branch.calls; ++call) {
        branches.push_back(AddTree(branch, kind_of, builder));
      }
    }
    if (!branches.empty()) parts.push_back(builder.AddParallel(branches));
  }
  return builder.AddSeries(parts);
}

// Every subtree of a trace, callers before callees, with nothing known of what is parallel.
CallTree TreeOf(const TraceVisits& trace, std::size_t visit, const NameTable& names) {
  CallTree tree{.microservice = std::string(names.Name(trace.visits[visit].service)), .steps = {}};
  for (const std::uint32_t callee : trace.CalleesOf(visit)) {
    tree.steps.push_back(Sequential(TreeOf(trace, callee, names)));
  }
  return tree;
}

// One call of it, however often it stands in its place.
std::string OneCallText(CallTree tree) {
  tree.calls = 1;
  return MultiplicityText(tree);
}

}  // namespace

std::uint32_t TraceRecorder::KindOf(const std::string& key, const std::string& microservice) {
  const auto next = static_cast<std::uint32_t>(kind_of_.size());
  const auto [entry, is_new] = kind_of_.try_emplace(key, next);
  if (is_new) recorded_.kinds.push_back(microservice);
  return entry->second;
}

void TraceRecorder::AcceptTrace(const TraceId& trace, std::span<const SpanRecord> spans) {
  loads_.AcceptTrace(trace, spans);
  const TraceVisits* visits = builder_.Build(spans, names_);
  if (visits == nullptr || visits->visits.empty()) return;
  inference_.Add(*visits);
  RecordedTrace recorded{.start = visits->visits.front().start,
                         .seconds = InSeconds(visits->visits.front().duration()),
                         .first_visit = recorded_.visits.size(),
                         .visits = visits->visits.size()};
  std::vector<bool> waited_for(visits->visits.size(), true);
  for (std::size_t v = 0; v < visits->visits.size(); ++v) {
    const CallTree tree = TreeOf(*visits, v, names_);
    const std::string text = OneCallText(tree);
    const std::string& key = key_ == VisitKey::kMicroservice ? tree.microservice : text;
    const Visit& visit = visits->visits[v];
    double seconds = InSeconds(visit.own_latency);
    if (v > 0) {
      waited_for[v] = waited_for[visit.caller] && visit.waited > Duration(0);
      seconds += InSeconds(visit.waited - visit.duration());
    }
    recorded_.visits.push_back(
        {KindOf(key, tree.microservice), waited_for[v] ? static_cast<float>(seconds) : 0.0F});
    if (v == 0) recorded.graph = graph_of_.try_emplace(text, graph_of_.size()).first->second;
  }
  recorded_.traces.push_back(recorded);
}

absl::StatusOr<RecordedTraces> TraceRecorder::Collect() {
  const auto loaded = loads_.Collect();
  if (!loaded.ok()) return loaded.status();
  RecordedTraces result = recorded_;
  result.loads = loaded->loads;
  // Graphs by the order of the inference.
  std::vector<std::optional<std::size_t>> place(graph_of_.size());
  for (const InferredClass& inferred : inference_.Classes(ClassKey::kMultiplicity)) {
    const auto entry = graph_of_.find(OneCallText(inferred.tree));
    if (entry == graph_of_.end()) continue;
    LatencyTreeBuilder builder;
    const auto root = AddTree(
        inferred.tree,
        [this](const CallTree& tree) {
          return KindOf(key_ == VisitKey::kMicroservice ? tree.microservice : OneCallText(tree),
                        tree.microservice);
        },
        builder);
    auto tree = builder.Build(root);
    if (!tree.ok()) return tree.status();
    place[entry->second] = result.graphs.size();
    result.graphs.push_back({inferred.id, *std::move(tree)});
  }
  result.kinds = recorded_.kinds;
  std::vector<RecordedTrace> kept;
  for (std::size_t i = 0; i < result.traces.size(); ++i) {
    RecordedTrace trace = result.traces[i];
    if (!loaded->load_of_trace[i] || !place[trace.graph]) continue;
    trace.load = *loaded->load_of_trace[i];
    trace.graph = *place[trace.graph];
    kept.push_back(trace);
  }
  std::ranges::stable_sort(kept, {}, &RecordedTrace::start);
  result.traces = std::move(kept);
  return result;
}

}  // namespace trimtab
