#include "trimtab/graphdynamics/traced_shares.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "trimtab/callgraph/call_tree.h"
#include "trimtab/tracing/text_hash.h"

namespace trimtab {
namespace {

constexpr std::uint64_t kFirst = 0x9e3779b97f4a7c15;
constexpr std::uint64_t kSecond = 0xd1b54a32d192ed03;

// The tree below a visit, every call on its own and in sequence: the keys that are asked for do not
// see more.
CallTree TreeOf(const TraceVisits& trace, const NameTable& names) {
  std::vector<CallTree> trees(trace.visits.size());
  for (std::size_t visit = trace.visits.size(); visit-- > 0;) {
    CallTree& tree = trees[visit];
    tree.microservice = names.Name(trace.visits[visit].service);
    for (const std::uint32_t callee : trace.CalleesOf(visit)) {
      tree.steps.push_back(Sequential(std::move(trees[callee])));
    }
  }
  return std::move(trees.front());
}

// Counts of one window, or of one block.
struct WindowCounts {
  std::int64_t window = 0;
  double requests = 0;
  std::vector<double> joint;  // [arguments][graphs]
};

void AppendStep(const WindowCounts& counts, std::size_t arguments, std::size_t graphs,
                double step_seconds, ShareBlock& block) {
  std::vector<double> row(arguments + graphs + 1, 0.0);
  for (std::size_t a = 0; a < arguments; ++a) {
    for (std::size_t g = 0; g < graphs; ++g) {
      const double share = counts.joint[a * graphs + g] / counts.requests;
      row[a] += share;
      row[arguments + g] += share;
    }
  }
  for (double& share : row) share = std::min(share, 1.0);
  row.back() = counts.requests / step_seconds;
  block.rows.insert(block.rows.end(), row.begin(), row.end());
}

ClassRoster RosterOf(const std::vector<std::string>& names, std::span<const TracedRequest> requests,
                     std::uint32_t TracedRequest::* which, const ClassRoster::Options& options) {
  std::vector<std::uint64_t> counts(names.size(), 0);
  for (const TracedRequest& request : requests) ++counts[request.*which];
  std::map<std::string, std::uint64_t> by_name;
  for (std::size_t i = 0; i < names.size(); ++i) by_name[names[i]] += counts[i];
  return ClassRoster::Create(by_name, options);
}

std::vector<std::size_t> IndicesOf(const std::vector<std::string>& names,
                                   const ClassRoster& roster) {
  std::vector<std::size_t> indices;
  indices.reserve(names.size());
  for (const std::string& name : names) indices.push_back(roster.IndexOf(name));
  return indices;
}

}  // namespace

TracedRequests::TracedRequests(const NameTable& names, ClassKey key)
    : names_(names), key_(key), assembler_({}, *this), operations_(names) {}

void TracedRequests::Accept(std::span<const TracedSpan> batch) { assembler_.Add(batch, Instant()); }

void TracedRequests::Finish() {
  assembler_.Flush();
  std::ranges::stable_sort(requests_, {}, &TracedRequest::start);
}

std::vector<std::string> TracedRequests::operations() const {
  std::vector<std::string> names;
  std::uint32_t last = 0;
  for (const TracedRequest& request : requests_) last = std::max(last, request.operation + 1);
  for (std::uint32_t i = 0; i < last; ++i) {
    const EntryOperation& of = operations_.operation(i);
    names.push_back(
        fmt::format("{} {}", of.microservice, of.operation.substr(0, of.operation.find('?'))));
  }
  return names;
}

// The shape is a hash of names that does not depend on the order of callees: each shape's class is
// worked out once.
std::uint32_t TracedRequests::GraphOf(const TraceVisits& trace) {
  shape_.assign(trace.visits.size(), 0);
  for (std::size_t visit = trace.visits.size(); visit-- > 0;) {
    const std::uint64_t name = names_.Hash(trace.visits[visit].service);
    shape_[visit] = MixWords(name ^ kFirst, shape_[visit] ^ kSecond);
    if (visit > 0) {
      shape_[trace.visits[visit].caller] += MixWords(shape_[visit] ^ kSecond, kFirst);
    }
  }
  const auto known = graph_by_shape_.find(shape_[0]);
  if (known != graph_by_shape_.end()) return known->second;
  const ClassId id = ClassOf(TreeOf(trace, names_), key_);
  const auto [entry, is_new] =
      graph_by_id_.try_emplace(id.value(), static_cast<std::uint32_t>(graphs_.size()));
  if (is_new) graphs_.push_back(id.ToString());
  graph_by_shape_.emplace(shape_[0], entry->second);
  return entry->second;
}

void TracedRequests::AcceptTrace(const TraceId& /*trace*/, std::span<const SpanRecord> spans) {
  const TraceVisits* const trace = visits_.Build(spans, names_);
  if (trace == nullptr) return;
  requests_.push_back({.start = trace->visits.front().start,
                       .operation = operations_.Add(*trace),
                       .graph = GraphOf(*trace)});
}

double TracedShares::RequestsIn(const SharePlace& place) const {
  const std::size_t width = series.space.width();
  return std::round(series.blocks[place.block].rows[(place.step + 1) * width - 1] *
                    InSeconds(step));
}

absl::StatusOr<TracedShares> SharesOf(const TracedRequests& traced,
                                      const ShareWindowOptions& options) {
  const auto requests = traced.requests();
  const auto operation_names = traced.operations();
  const ClassRoster operations =
      RosterOf(operation_names, requests, &TracedRequest::operation, options.operations);
  const ClassRoster graphs =
      RosterOf(traced.graphs(), requests, &TracedRequest::graph, options.graphs);
  const auto operation_of = IndicesOf(operation_names, operations);
  const auto graph_of = IndicesOf(traced.graphs(), graphs);
  TracedShares out{.series = {.space = {operations.names(), graphs.names()}, .blocks = {}},
                   .joint = {},
                   .step = options.step};
  const std::size_t cells = operations.size() * graphs.size();
  WindowCounts counts{.joint = std::vector<double>(cells, 0.0)};
  std::int64_t last_kept = 0;
  const auto close = [&] {
    if (counts.requests >= static_cast<double>(options.least_requests)) {
      if (out.series.blocks.empty() || counts.window != last_kept + 1) {
        out.series.blocks.emplace_back();
        out.joint.emplace_back(cells, 0.0);
      }
      last_kept = counts.window;
      AppendStep(counts, operations.size(), graphs.size(), InSeconds(options.step),
                 out.series.blocks.back());
      for (std::size_t i = 0; i < cells; ++i) out.joint.back()[i] += counts.joint[i];
      out.requests += static_cast<std::size_t>(counts.requests);
    }
    std::ranges::fill(counts.joint, 0.0);
    counts.requests = 0;
  };
  for (const TracedRequest& request : requests) {
    const std::int64_t window = request.start.time_since_epoch() / options.step;
    if (window != counts.window) close();
    counts.window = window;
    counts.requests += 1;
    counts.joint[operation_of[request.operation] * graphs.size() + graph_of[request.graph]] += 1;
  }
  close();
  if (out.series.blocks.empty()) {
    return absl::InvalidArgumentError(
        fmt::format("none of {} whole traces lies in a window of {:g} s with {} traces or more",
                    requests.size(), InSeconds(options.step), options.least_requests));
  }
  return out;
}

}  // namespace trimtab
