#include "trimtab/profiling/composition_evaluation.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <numbers>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "trimtab/latency/conditional_exponential.h"
#include "trimtab/latency/distribution_fit.h"
#include "trimtab/latency/latency_distribution.h"
#include "trimtab/probability/cumulants.h"
#include "trimtab/probability/grid_tail.h"
#include "trimtab/probability/latency_curve.h"
#include "trimtab/probability/latency_tree.h"
#include "trimtab/probability/random_stream.h"
#include "trimtab/probability/sequence_tail.h"

namespace trimtab {
namespace {

constexpr double kMostRate = 1e9;  // 1/s
constexpr std::size_t kTableLevels = 129;
constexpr std::size_t kLawCells = 1024;
constexpr double kHighestCorrelation = 0.9;
constexpr double kCorrelationStep = 0.05;

struct WeightedNode {
  double at = 0;
  double weight = 0;
};

// Gauss and Hermite for a standard normal factor; each but 0 stands for its negative as well.
constexpr WeightedNode kFactorNodes[] = {
    {0.0, 0.3182595182595183},
    {0.799129068324548, 0.2324622936097322},
    {1.60671006902873, 0.0894177953998444},
    {2.432436827009758, 0.01736577449213761},
    {3.289082424398766, 0.001567357503549956},
    {4.196207711269016, 5.642146405189017e-5},
    {5.190093591304781, 5.975419597920605e-7},
    {6.363947888829838, 8.589649899633271e-10},
};

std::vector<WeightedNode> FactorNodes(double correlation) {
  if (correlation == 0) return {{0, 1}};
  std::vector<WeightedNode> nodes;
  for (const WeightedNode& node : kFactorNodes) {
    nodes.push_back(node);
    if (node.at > 0) nodes.push_back({-node.at, node.weight});
  }
  return nodes;
}

double NormalCdf(double y) { return 0.5 * std::erfc(-y / std::numbers::sqrt2); }

// Samples of every kind of visit in one block, sorted.
using Samples = std::vector<std::vector<double>>;

struct Block {
  std::size_t load = 0;
  std::vector<const RecordedTrace*> traces;
  std::vector<double> end_to_end;        // sorted
  std::map<std::size_t, double> shares;  // by graph
  Samples samples;
};

Block MakeBlock(const RecordedTraces& recorded, std::span<const RecordedTrace* const> traces) {
  Block block;
  block.load = traces.front()->load;
  block.samples.resize(recorded.kinds.size());
  for (const RecordedTrace* trace : traces) {
    block.end_to_end.push_back(trace->seconds);
    block.shares[trace->graph] += 1.0 / static_cast<double>(traces.size());
    for (const RecordedVisit& visit : recorded.VisitsOf(*trace)) {
      block.samples[visit.kind].push_back(visit.seconds);
    }
  }
  std::ranges::sort(block.end_to_end);
  for (auto& samples : block.samples) std::ranges::sort(samples);
  return block;
}

Cumulants CumulantsOf(const std::vector<double>& samples) {
  Cumulants k;
  const auto n = static_cast<double>(samples.size());
  for (const double x : samples) k.mean += x / n;
  for (const double x : samples) {
    const double d = x - k.mean;
    k.variance += d * d / n;
    k.third += d * d * d / n;
  }
  return k;
}

double EmpiricalQuantile(const std::vector<double>& sorted, double level) {
  return SortedQuantile(sorted, std::clamp(level, 1e-9, 1 - 1e-9));
}

// The distribution of one law by itself.
LatencyCurve CurveOf(const Cumulants& k) {
  LatencyTreeBuilder builder;
  const auto tree = builder.Build(builder.AddStage(0));
  const StageLaw law = k;
  const auto curve = GridCurve(*tree, std::span(&law, 1), kLawCells);
  return curve.ok() ? *curve : LatencyCurve{.start = k.mean, .step = 1, .within = {1.0}};
}

QuantileTable TableOf(const std::function<double(double)>& quantile_of_normal) {
  QuantileTable table;
  for (std::size_t i = 0; i < kTableLevels; ++i) {
    const double level = (static_cast<double>(i) + 0.02) / (kTableLevels - 0.96);
    const double value = quantile_of_normal(InverseNormal(level));
    table.values.push_back(table.values.empty() ? value : std::max(value, table.values.back()));
  }
  return table;
}

// The law of a kind of visit: of all requests when `correlation` is 0, else of those whose common
// factor is `factor`.
StageLaw LawOf(const std::vector<double>& sorted, CompositionModel model, double correlation,
               double factor) {
  if (sorted.empty()) return Cumulants{};
  const Cumulants k = CumulantsOf(sorted);
  if (!ValidateLatencies(sorted).ok()) return Cumulants{k.mean, 0, 0};
  const auto score = [&](double own) {
    return std::sqrt(correlation) * factor + std::sqrt(1 - correlation) * own;
  };
  if (model == CompositionModel::kEmpirical) {
    return TableOf([&](double y) { return EmpiricalQuantile(sorted, NormalCdf(score(y))); });
  }
  if (model == CompositionModel::kCumulants) {
    if (correlation == 0) return k;
    const LatencyCurve curve = CurveOf(k);
    return TableOf([&](double y) { return curve.TimeOf(NormalCdf(score(y))); });
  }
  const auto fit = FitShiftedExponential(sorted, model == CompositionModel::kExponential
                                                     ? ExponentialFit::kLeastSquares
                                                     : ExponentialFit::kMoments);
  if (!fit.ok()) return Cumulants{k.mean, 0, 0};
  // Least squares on samples of which most are the smallest one: the offset alone, within 1 ns.
  const double rate = std::min(fit->rate, kMostRate);
  if (correlation == 0) return Stage{.rate = rate, .offset = fit->offset_seconds};
  return TableOf(
      [&](double y) { return fit->Quantile(std::clamp(NormalCdf(score(y)), 1e-12, 1 - 1e-12)); });
}

// A mixture of curves: over graphs and values of the common factor.
struct Composed {
  std::vector<std::pair<double, LatencyCurve>> parts;

  double Within(double time) const {
    double sum = 0;
    for (const auto& [share, curve] : parts) sum += share * curve.At(time);
    return sum;
  }
  double Quantile(double level) const {
    double low = std::numeric_limits<double>::infinity();
    double high = -low;
    for (const auto& [share, curve] : parts) {
      low = std::min(low, curve.start);
      high =
          std::max(high, curve.start + curve.step * static_cast<double>(curve.within.size() - 1));
    }
    for (int i = 0; i < 60; ++i) {
      const double middle = 0.5 * (low + high);
      (Within(middle) < level ? low : high) = middle;
    }
    return high;
  }
};

absl::StatusOr<Composed> Compose(const RecordedTraces& recorded, const Block& block,
                                 CompositionModel model, double correlation, std::size_t cells) {
  Composed composed;
  for (const WeightedNode& node : FactorNodes(correlation)) {
    std::vector<StageLaw> laws;
    for (const auto& sorted : block.samples) {
      laws.push_back(LawOf(sorted, model, correlation, node.at));
    }
    for (const auto& [graph, share] : block.shares) {
      auto curve = GridCurve(recorded.graphs[graph].tree, laws, cells);
      if (!curve.ok()) return curve.status();
      composed.parts.emplace_back(share * node.weight, *std::move(curve));
    }
  }
  return composed;
}

// The correlation that fits the P95 of these blocks best.
absl::StatusOr<double> FitCorrelation(const RecordedTraces& recorded,
                                      const std::vector<Block>& blocks, std::size_t cells) {
  double best = 0;
  double least = std::numeric_limits<double>::infinity();
  for (int step = 0; step * kCorrelationStep <= kHighestCorrelation; ++step) {
    const double correlation = step * kCorrelationStep;
    double error = 0;
    for (const Block& block : blocks) {
      const auto composed =
          Compose(recorded, block, CompositionModel::kEmpirical, correlation, cells);
      if (!composed.ok()) return composed.status();
      error +=
          std::abs(std::log(composed->Quantile(0.95) / EmpiricalQuantile(block.end_to_end, 0.95)));
    }
    if (error < least) {
      least = error;
      best = correlation;
    }
  }
  return best;
}

// Earlier blocks first, then later ones, by load.
std::vector<std::vector<Block>> CutBlocks(const RecordedTraces& recorded,
                                          std::int64_t fewest_traces) {
  std::vector<std::vector<Block>> halves(2);
  for (std::size_t load = 0; load < recorded.loads.size(); ++load) {
    std::vector<const RecordedTrace*> at_load;
    for (const RecordedTrace& trace : recorded.traces) {
      if (trace.load == load) at_load.push_back(&trace);
    }
    const std::size_t half = at_load.size() / 2;
    if (static_cast<std::int64_t>(half) < fewest_traces) continue;
    halves[0].push_back(MakeBlock(recorded, std::span(at_load).first(half)));
    halves[1].push_back(MakeBlock(recorded, std::span(at_load).subspan(half)));
  }
  return halves;
}

void AddBlock(const Block& block, const Composed& composed, double blocks,
              CompositionAccuracy& accuracy) {
  auto load = std::ranges::find(accuracy.loads, block.load, &ComposedLoad::load);
  if (load == accuracy.loads.end()) {
    accuracy.loads.push_back({.load = block.load, .accuracy = 100});
    load = accuracy.loads.end() - 1;
  }
  const double measured = EmpiricalQuantile(block.end_to_end, 0.95);
  const double predicted = composed.Quantile(0.95);
  load->measured_p95 += measured / 2;
  load->predicted_p95 += predicted / 2;
  load->accuracy -= 100 * std::abs(predicted / measured - 1) / 2;
  for (std::size_t i = 0; i < std::size(kCompositionLevels); ++i) {
    const double time = composed.Quantile(kCompositionLevels[i]);
    const auto within = std::ranges::upper_bound(block.end_to_end, time);
    accuracy.within[i] += static_cast<double>(within - block.end_to_end.begin()) /
                          static_cast<double>(block.end_to_end.size()) / blocks;
  }
}

}  // namespace

std::string_view CompositionModelName(CompositionModel model) {
  switch (model) {
    case CompositionModel::kExponential:
      return "exponential";
    case CompositionModel::kMoments:
      return "moments";
    case CompositionModel::kCumulants:
      return "cumulants";
    case CompositionModel::kEmpirical:
      return "empirical";
  }
  return "";
}

absl::StatusOr<CompositionEvaluation> EvaluateComposition(const RecordedTraces& traces,
                                                          const CompositionOptions& options) {
  const std::vector<std::vector<Block>> halves = CutBlocks(traces, options.fewest_traces);
  if (halves[0].empty()) {
    return absl::InvalidArgumentError(
        fmt::format("no load has two blocks of {} traces; the recording has {}",
                    options.fewest_traces, traces.traces.size()));
  }
  CompositionEvaluation evaluation;
  evaluation.graphs = traces.graphs.size();
  evaluation.traces = traces.traces.size();
  for (const std::vector<Block>& other : {halves[1], halves[0]}) {
    if (!options.correlation) break;
    const auto correlation = FitCorrelation(traces, other, options.cells);
    if (!correlation.ok()) return correlation.status();
    evaluation.correlations.push_back(*correlation);
  }
  const double blocks = 2.0 * static_cast<double>(halves[0].size());
  for (const bool correlated : {false, true}) {
    if (correlated && !options.correlation) break;
    for (const CompositionModel model : kCompositionModels) {
      CompositionAccuracy accuracy;
      accuracy.model = model;
      accuracy.correlated = correlated;
      accuracy.within.assign(std::size(kCompositionLevels), 0);
      for (std::size_t half = 0; half < 2; ++half) {
        const double correlation = correlated ? evaluation.correlations[half] : 0;
        for (const Block& block : halves[half]) {
          const auto composed = Compose(traces, block, model, correlation, options.cells);
          if (!composed.ok()) return composed.status();
          AddBlock(block, *composed, blocks, accuracy);
        }
      }
      for (const ComposedLoad& load : accuracy.loads) {
        accuracy.p95_accuracy += load.accuracy / static_cast<double>(accuracy.loads.size());
      }
      evaluation.models.push_back(std::move(accuracy));
    }
  }
  return evaluation;
}

}  // namespace trimtab
