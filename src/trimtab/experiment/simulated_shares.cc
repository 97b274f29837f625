#include "trimtab/experiment/simulated_shares.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "trimtab/experiment/graph_sizes.h"
#include "trimtab/experiment/test_days.h"
#include "trimtab/graphdynamics/class_roster.h"
#include "trimtab/neural/parallel_for.h"
#include "trimtab/probability/random_stream.h"
#include "trimtab/simulation/request_graphs.h"
#include "trimtab/simulation/request_process.h"
#include "trimtab/workload/load_series.h"

namespace trimtab {
namespace {

// Blocks of the test that its days are looked for on.
constexpr std::size_t kMostTried = 8;

// Requests by index of a class, in the order of first appearance in a block.
using IndexedCounts = std::vector<std::uint32_t>;

// What one block left, before names became classes of the series.
struct RawBlock {
  std::vector<std::string> argument_names;
  std::vector<std::string> graph_names;
  std::vector<std::int64_t> calls;       // of each graph
  std::vector<IndexedCounts> arguments;  // by step
  std::vector<IndexedCounts> graphs;
  std::vector<IndexedCounts> expected;
  std::vector<IndexedCounts> by_operation;  // graphs by operation, over all steps
  std::vector<double> load;                 // by step
  std::uint64_t requests = 0;
};

void AddOne(std::size_t index, IndexedCounts& counts) {
  if (index >= counts.size()) counts.resize(index + 1, 0);
  ++counts[index];
}

GraphCounts Named(const IndexedCounts& counts, const std::vector<std::string>& names) {
  GraphCounts named;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] > 0) named[names[i]] += counts[i];
  }
  return named;
}

ClusterScenario WithStocks(ClusterScenario cluster, double scale, Duration stagger) {
  const auto scaled = [scale](std::int64_t units) {
    return static_cast<std::int64_t>(std::llround(static_cast<double>(units) * scale));
  };
  for (StateSpec& state : cluster.states) {
    state.initial = scaled(state.initial);
    state.most = scaled(state.most);
    if (!state.restock) continue;
    state.restock->level = scaled(state.restock->level);
    state.restock->stagger = std::min(state.restock->stagger, stagger);
  }
  return cluster;
}

// Levels spread evenly over the bounds, joined by straight lines.
absl::StatusOr<StepSeries> LoadOf(const SimulatedShareOptions& options, std::size_t steps,
                                  std::uint64_t seed, std::string_view name) {
  RandomStream random(seed, name);
  const auto level = [&] {
    return options.lowest_load + (options.highest_load - options.lowest_load) * random.Uniform();
  };
  const auto between =
      std::max<std::size_t>(1, static_cast<std::size_t>(options.load_knots / options.step));
  std::vector<double> values;
  double from = level();
  double to = level();
  for (std::size_t s = 0; s < steps; ++s) {
    const std::size_t at = s % between;
    if (s > 0 && at == 0) {
      from = to;
      to = level();
    }
    values.push_back(from + (to - from) * static_cast<double>(at) / static_cast<double>(between));
  }
  return StepSeries::Create(options.step, std::move(values));
}

// The graph class of each request, as an index into the names of a block.
class GraphIndex {
 public:
  GraphIndex(const ClusterScenario& cluster, const RequestProcess& process, ClassKey key,
             std::uint64_t seed, RawBlock& block)
      : graphs_(cluster, process, key, seed), block_(block) {
    for (std::size_t i = 0; i < block.graph_names.size(); ++i) {
      index_.emplace(ClassId::FromString(block.graph_names[i])->value(), i);
    }
  }

  std::size_t Of(const Request& request) {
    const ClassId id = graphs_.ClassOf(request);
    const auto [entry, is_new] = index_.try_emplace(id.value(), block_.graph_names.size());
    if (is_new) {
      block_.graph_names.push_back(id.ToString());
      block_.calls.push_back(TotalCalls(graphs_.FirstOf(id)));
    }
    return entry->second;
  }

 private:
  RequestGraphs graphs_;
  RawBlock& block_;
  absl::flat_hash_map<std::uint64_t, std::size_t> index_;
};

// The argument class of each kind of request, looked up once a kind.
class ArgumentIndex {
 public:
  explicit ArgumentIndex(RawBlock& block) : block_(block) {}

  std::size_t Of(const RequestProcess& process, std::uint32_t kind) {
    if (kind >= by_kind_.size()) by_kind_.resize(process.kinds().size());
    if (!by_kind_[kind]) {
      const std::string& name = process.ArgumentClasses(kind);
      const auto at = std::ranges::find(block_.argument_names, name);
      by_kind_[kind] = static_cast<std::size_t>(at - block_.argument_names.begin());
      if (at == block_.argument_names.end()) block_.argument_names.push_back(name);
    }
    return *by_kind_[kind];
  }

 private:
  RawBlock& block_;
  std::vector<std::optional<std::size_t>> by_kind_;
};

struct BlockTask {
  const ClusterScenario* cluster = nullptr;
  const SimulatedShareOptions* options = nullptr;
  std::size_t steps = 0;
  std::string name;  // of its random streams
  bool expected = false;
};

// The step that begins now, as it may come.
class Futures {
 public:
  Futures(const BlockTask& task, const StepSeries& load, std::uint64_t seed, RawBlock& block)
      : options_(*task.options),
        load_(load),
        process_(*task.cluster, load, seed),
        graphs_(*task.cluster, process_, options_.class_by, seed, block) {}

  IndexedCounts CountStep(const RequestProcess& present, std::size_t step, RandomStream& seeds) {
    const SimNanos begin = static_cast<SimNanos>(step) * options_.step.count();
    const double requests = load_.At(Duration(begin)) * InSeconds(options_.step);
    const auto enough = static_cast<std::size_t>(std::ceil(options_.expected_requests / requests));
    IndexedCounts counts;
    for (std::size_t i = 0; i < std::max(options_.futures, enough); ++i) {
      process_.StartFrom(present, seeds.NextBits());
      const SimNanos end = begin + options_.step.count();
      for (Request request = process_.Next(); request.time < end; request = process_.Next()) {
        AddOne(graphs_.Of(request), counts);
      }
    }
    return counts;
  }

 private:
  const SimulatedShareOptions& options_;
  const StepSeries& load_;
  RequestProcess process_;
  GraphIndex graphs_;
};

absl::StatusOr<RawBlock> RunBlock(const BlockTask& task) {
  const SimulatedShareOptions& options = *task.options;
  RandomStream seeds(options.seed, task.name);
  const auto load = LoadOf(options, task.steps, seeds.NextBits(), "simulated-shares/load");
  if (!load.ok()) return load.status();
  RequestProcess process(*task.cluster, *load, seeds.NextBits());
  RawBlock block;
  block.by_operation.resize(task.cluster->entries.size());
  GraphIndex graphs(*task.cluster, process, options.class_by, seeds.NextBits(), block);
  ArgumentIndex arguments(block);
  std::optional<Futures> futures;
  if (task.expected) futures.emplace(task, *load, seeds.NextBits(), block);
  Request request = process.Next();
  for (std::size_t s = 0; s < task.steps; ++s) {
    const SimNanos end = static_cast<SimNanos>(s + 1) * options.step.count();
    if (futures) block.expected.push_back(futures->CountStep(process, s, seeds));
    IndexedCounts& by_argument = block.arguments.emplace_back();
    IndexedCounts& by_graph = block.graphs.emplace_back();
    std::uint64_t count = 0;
    for (; request.time < end; request = process.Next(), ++count) {
      const std::size_t graph = graphs.Of(request);
      AddOne(arguments.Of(process, request.kind), by_argument);
      AddOne(graph, by_graph);
      AddOne(graph, block.by_operation[request.entry]);
    }
    block.load.push_back(static_cast<double>(count) / InSeconds(options.step));
    block.requests += count;
    if (options.stopped && options.stopped())
      return absl::CancelledError("stopped while simulating");
  }
  return block;
}

absl::StatusOr<std::vector<RawBlock>> RunBlocks(const ClusterScenario& cluster,
                                                const SimulatedShareOptions& options,
                                                std::size_t steps, std::string_view name,
                                                bool expected) {
  const std::size_t count = (steps + options.block_steps - 1) / options.block_steps;
  std::vector<absl::StatusOr<RawBlock>> blocks(count, absl::InternalError("not run"));
  std::atomic<std::size_t> done{0};
  std::mutex telling;
  ParallelFor(count, options.threads, [&](std::size_t b) {
    const std::size_t from = b * options.block_steps;
    blocks[b] = RunBlock({.cluster = &cluster,
                          .options = &options,
                          .steps = std::min(options.block_steps, steps - from),
                          .name = fmt::format("simulated-shares/{}/{}", name, b),
                          .expected = expected});
    const std::size_t now = done.fetch_add(1) + 1;
    const std::lock_guard lock(telling);
    if (options.progress) options.progress(now, count);
  });
  std::vector<RawBlock> out;
  for (auto& block : blocks) {
    if (!block.ok()) return block.status();
    out.push_back(*std::move(block));
  }
  return out;
}

GraphCounts TotalOf(const std::vector<RawBlock>& blocks) {
  GraphCounts total;
  for (const RawBlock& block : blocks) {
    for (const IndexedCounts& step : block.graphs) {
      for (const auto& [graph, count] : Named(step, block.graph_names)) total[graph] += count;
    }
  }
  return total;
}

std::map<std::string, std::int64_t> CallsOf(const std::vector<RawBlock>& blocks) {
  std::map<std::string, std::int64_t> calls;
  for (const RawBlock& block : blocks) {
    for (std::size_t i = 0; i < block.calls.size(); ++i) {
      calls.emplace(block.graph_names[i], block.calls[i]);
    }
  }
  return calls;
}

std::vector<SizeShares> SharesOfOperations(const std::vector<RawBlock>& blocks,
                                           const std::map<std::string, std::int64_t>& calls,
                                           const GraphSizes& sizes) {
  std::vector<GraphCounts> by_operation(blocks.front().by_operation.size());
  for (const RawBlock& block : blocks) {
    for (std::size_t i = 0; i < by_operation.size(); ++i) {
      for (const auto& [graph, count] : Named(block.by_operation[i], block.graph_names)) {
        by_operation[i][graph] += count;
      }
    }
  }
  std::vector<SizeShares> shares;
  for (const GraphCounts& of : by_operation) shares.push_back(SizeSharesOf(of, calls, sizes));
  return shares;
}

void AppendShares(const GraphCounts& counts, const ClassRoster& roster, std::vector<double>& row) {
  std::vector<double> shares(roster.size(), 0.0);
  double total = 0;
  for (const auto& [name, count] : counts) {
    shares[roster.IndexOf(name)] += static_cast<double>(count);
    total += static_cast<double>(count);
  }
  for (double& share : shares) share = total > 0 ? share / total : 0;
  row.insert(row.end(), shares.begin(), shares.end());
}

ShareSeries SeriesOf(const std::vector<RawBlock>& blocks, const ClassRoster& arguments,
                     const ClassRoster& graphs) {
  ShareSeries series{.space = {arguments.names(), graphs.names()}, .blocks = {}};
  for (const RawBlock& raw : blocks) {
    ShareBlock& block = series.blocks.emplace_back();
    for (std::size_t s = 0; s < raw.load.size(); ++s) {
      // A step without a request repeats the one before it.
      if (raw.load[s] == 0 && !block.rows.empty()) {
        const std::vector<double> last(
            block.rows.end() - static_cast<std::ptrdiff_t>(series.space.width()), block.rows.end());
        block.rows.insert(block.rows.end(), last.begin(), last.end());
        block.rows.back() = 0;
      } else if (raw.load[s] == 0) {
        continue;
      } else {
        AppendShares(Named(raw.arguments[s], raw.argument_names), arguments, block.rows);
        AppendShares(Named(raw.graphs[s], raw.graph_names), graphs, block.rows);
        block.rows.push_back(raw.load[s]);
      }
      if (raw.expected.empty()) continue;
      AppendShares(Named(raw.expected[s], raw.graph_names), graphs, block.expected);
    }
  }
  return series;
}

GraphCounts ArgumentsOf(const std::vector<RawBlock>& blocks) {
  GraphCounts total;
  for (const RawBlock& block : blocks) {
    for (const IndexedCounts& step : block.arguments) {
      for (const auto& [name, count] : Named(step, block.argument_names)) total[name] += count;
    }
  }
  return total;
}

}  // namespace

absl::StatusOr<SimulatedShares> SimulateShares(const Scenario& scenario,
                                               const SimulatedShareOptions& options) {
  if (scenario.cluster.arguments.empty() && scenario.cluster.states.empty()) {
    return absl::InvalidArgumentError(
        fmt::format("scenario '{}' has neither arguments nor states: its graph shares do not move",
                    scenario.name));
  }
  ClusterScenario cluster =
      WithStocks(scenario.cluster, options.stock_scale, options.restock_stagger);
  auto training = RunBlocks(cluster, options, options.training_steps, "training", false);
  if (!training.ok()) return training.status();
  const GraphCounts graphs = TotalOf(*training);
  auto calls = CallsOf(*training);
  const GraphSizes sizes = FindGraphSizes(
      graphs, calls, {.simple = options.simple_training, .complex = options.complex_training});
  const SizeShares trained = SizeSharesOf(graphs, calls, sizes);
  std::vector<double> simple;
  for (const SizeShares& of : SharesOfOperations(*training, calls, sizes)) {
    simple.push_back(of.simple);
  }
  const auto days = FindTestDays(
      {.simple = options.simple_test, .complex = options.complex_test},
      [&](const TestDays& at) -> absl::StatusOr<SizeShares> {
        const auto blocks = RunBlocks(
            OnTestDays(cluster, at, simple), options,
            std::min(options.test_steps, kMostTried * options.block_steps), "test", false);
        if (!blocks.ok()) return blocks.status();
        return SizeSharesOf(TotalOf(*blocks), CallsOf(*blocks), sizes);
      });
  if (!days.ok()) return days.status();
  cluster = OnTestDays(std::move(cluster), *days, simple);
  auto test = RunBlocks(cluster, options, options.test_steps, "test", true);
  if (!test.ok()) return test.status();

  const ClassRoster arguments =
      ClassRoster::Create(ArgumentsOf(*training), {.most_classes = 64, .least_share = 0});
  const ClassRoster roster =
      ClassRoster::Create(graphs, {.most_classes = options.graph_classes - 1, .least_share = 0});
  const auto test_calls = CallsOf(*test);
  calls.insert(test_calls.begin(), test_calls.end());
  const SizeShares tested = SizeSharesOf(TotalOf(*test), calls, sizes);
  SimulatedShares out{.training = SeriesOf(*training, arguments, roster),
                      .test = SeriesOf(*test, arguments, roster),
                      .classes_seen = calls.size(),
                      .complex_training = trained.complex,
                      .simple_training = trained.simple,
                      .complex_test = tested.complex,
                      .simple_test = tested.simple,
                      .days = *days};
  for (const RawBlock& block : *training) out.requests += block.requests;
  for (const RawBlock& block : *test) out.requests += block.requests;
  return out;
}

}  // namespace trimtab
