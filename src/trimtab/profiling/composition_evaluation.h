// How well the end-to-end latency follows from own latencies (Derm IV-B, figure 9c).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "trimtab/profiling/recorded_traces.h"

namespace trimtab {

// What stands for the own latency of a visit.
enum class CompositionModel : std::uint8_t {
  kExponential,  // the smallest sample and non-linear least squares, as Derm does
  kMoments,      // a shifted exponential with the samples' mean and deviation
  kCumulants,    // a shifted gamma with their three cumulants
  kEmpirical,    // the samples themselves
};
inline constexpr CompositionModel kCompositionModels[] = {
    CompositionModel::kExponential, CompositionModel::kMoments, CompositionModel::kCumulants,
    CompositionModel::kEmpirical};
// "exponential", "moments", "cumulants", "empirical".
std::string_view CompositionModelName(CompositionModel model);

// The levels at which the calibration of P(Z <= t) is looked at.
inline constexpr double kCompositionLevels[] = {0.5, 0.9, 0.95, 0.99};

// One model over the blocks of one load.
struct ComposedLoad {
  std::size_t load = 0;     // of RecordedTraces::loads
  double measured_p95 = 0;  // s, mean over the blocks
  double predicted_p95 = 0;
  double accuracy = 0;  // 100 % - mean |predicted / measured - 1| over the blocks
};

struct CompositionAccuracy {
  CompositionModel model = CompositionModel::kExponential;
  bool correlated = false;
  std::vector<ComposedLoad> loads;
  double p95_accuracy = 0;  // mean over the loads, in percent
  // Share of requests within the quantile predicted for each of kCompositionLevels; mean over the
  // loads and blocks.
  std::vector<double> within;
};

struct CompositionEvaluation {
  // Each without correlation; then, when it is asked for, each with it.
  std::vector<CompositionAccuracy> models;
  // Of the visits of one request, as found on the other block of each: normal scores have this
  // correlation with one another.
  std::vector<double> correlations;
  std::size_t graphs = 0;
  std::size_t traces = 0;
};

struct CompositionOptions {
  std::int64_t fewest_traces = 50;  // in a block, or its load is not looked at
  std::size_t cells = 128;          // of the grid
  bool correlation = true;          // otherwise visits are independent and nothing is sought
};

// The traces of each load are cut into an earlier and a later block. A block's own latencies are
// composed over its graphs, in their shares, as if independent (equations 4 and 6), and compared
// with its end-to-end latencies.
//
// With correlation (paper-notes D22) all visits of a request share a common factor: a Gaussian
// copula of one correlation, the one that fits the P95 of the OTHER blocks best under the empirical
// model. Conditional on the factor visits are independent and are composed as before; the factor is
// integrated by Gauss and Hermite.
// kInvalidArgument when no load has two blocks of the fewest traces.
// Cost: about 2 s for 4,000 traces of one graph.
absl::StatusOr<CompositionEvaluation> EvaluateComposition(const RecordedTraces& traces,
                                                          const CompositionOptions& options);

}  // namespace trimtab
