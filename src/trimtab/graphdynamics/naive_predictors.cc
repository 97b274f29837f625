#include "trimtab/graphdynamics/naive_predictors.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "trimtab/graphdynamics/graph_predictor.h"
#include "trimtab/graphdynamics/share_blend.h"
#include "trimtab/graphdynamics/share_series.h"
#include "trimtab/graphdynamics/share_split.h"

namespace trimtab {
namespace {

// A weighted sum of the newest step, the window's mean and a fixed mix.
class MixtureOfPast : public GraphPredictor {
 public:
  struct Weights {
    double last = 0;
    double window = 0;
    double fixed = 0;
  };

  MixtureOfPast(std::string_view name, ShareSpace space, std::size_t window, Weights weights,
                std::vector<double> fixed)
      : name_(name),
        space_(std::move(space)),
        window_(window),
        weights_(weights),
        fixed_(std::move(fixed)) {}

  std::string_view name() const override { return name_; }
  const ShareSpace& space() const override { return space_; }
  std::size_t window() const override { return window_; }

  void Predict(const ShareWindow& past, std::span<double> shares) override {
    const std::size_t steps = past.steps();
    std::ranges::fill(shares, 0.0);
    const auto add = [&shares](std::span<const double> from, double weight) {
      for (std::size_t g = 0; g < shares.size(); ++g) shares[g] += weight * from[g];
    };
    add(past.graphs(steps - 1), weights_.last);
    if (weights_.window > 0) {
      const double each = weights_.window / static_cast<double>(window_);
      for (std::size_t i = 0; i < window_; ++i) {
        add(past.graphs(i < steps ? steps - 1 - i : 0), each);
      }
    }
    if (!fixed_.empty()) add(fixed_, weights_.fixed);
    NormaliseShares(shares);
  }

 private:
  std::string_view name_;
  ShareSpace space_;
  std::size_t window_;
  Weights weights_;
  std::vector<double> fixed_;
};

class Autoregressive : public GraphPredictor {
 public:
  Autoregressive(ShareSpace space, std::size_t window, Eigen::VectorXd center,
                 Eigen::MatrixXd coefficients, Eigen::VectorXd intercept)
      : space_(std::move(space)),
        window_(window),
        center_(std::move(center)),
        coefficients_(std::move(coefficients)),
        intercept_(std::move(intercept)) {}

  std::string_view name() const override { return "autoregressive"; }
  const ShareSpace& space() const override { return space_; }
  std::size_t window() const override { return window_; }

  void Predict(const ShareWindow& past, std::span<double> shares) override {
    const std::size_t width = space_.width();
    const std::size_t steps = past.steps();
    Eigen::VectorXd inputs(center_.size());
    for (std::size_t t = 0; t < window_; ++t) {
      const std::size_t missing = window_ - std::min(window_, steps);
      const std::size_t from = t < missing ? 0 : steps - (window_ - t);
      for (std::size_t j = 0; j < width; ++j) {
        inputs[static_cast<Eigen::Index>(t * width + j)] = past.rows[from * width + j];
      }
    }
    const Eigen::VectorXd out = intercept_ + coefficients_.transpose() * (inputs - center_);
    for (std::size_t g = 0; g < shares.size(); ++g) {
      shares[g] = std::max(0.0, past.graphs(steps - 1)[g] + out[static_cast<Eigen::Index>(g)]);
    }
    NormaliseShares(shares);
  }

 private:
  ShareSpace space_;
  std::size_t window_;
  Eigen::VectorXd center_;
  Eigen::MatrixXd coefficients_;  // [window * width][graphs]
  Eigen::VectorXd intercept_;
};

// Sums over samples of what a ridge regression needs, without the samples themselves.
struct NormalEquations {
  Eigen::VectorXd input_sum;
  Eigen::VectorXd target_sum;
  Eigen::MatrixXd input_squares;  // inputs by inputs, lower part
  Eigen::MatrixXd products;       // inputs by targets
};

NormalEquations Accumulate(const ShareSeries& series, std::span<const SharePlace> places,
                           std::size_t window) {
  constexpr Eigen::Index kChunk = 256;
  const auto inputs = static_cast<Eigen::Index>(window * series.space.width());
  const auto graphs = static_cast<Eigen::Index>(series.space.graphs());
  NormalEquations sums{Eigen::VectorXd::Zero(inputs), Eigen::VectorXd::Zero(graphs),
                       Eigen::MatrixXd::Zero(inputs, inputs),
                       Eigen::MatrixXd::Zero(inputs, graphs)};
  Eigen::MatrixXd x(inputs, kChunk);
  Eigen::MatrixXd y(graphs, kChunk);
  for (std::size_t from = 0; from < places.size(); from += kChunk) {
    const auto count =
        static_cast<Eigen::Index>(std::min<std::size_t>(kChunk, places.size() - from));
    for (Eigen::Index i = 0; i < count; ++i) {
      const SharePlace place = places[from + static_cast<std::size_t>(i)];
      const ShareWindow past = series.Before(place.block, place.step, window);
      x.col(i) = Eigen::Map<const Eigen::VectorXd>(past.rows.data(), inputs);
      // What is regressed is the move from the newest shares: the penalty then pulls towards
      // persistence, also where a mix comes that training never saw.
      y.col(i) =
          Eigen::Map<const Eigen::VectorXd>(series.graphs(place.block, place.step).data(), graphs) -
          Eigen::Map<const Eigen::VectorXd>(past.graphs(window - 1).data(), graphs);
    }
    const auto left = x.leftCols(count);
    sums.input_sum += left.rowwise().sum();
    sums.target_sum += y.leftCols(count).rowwise().sum();
    sums.input_squares.selfadjointView<Eigen::Lower>().rankUpdate(left);
    sums.products.noalias() += left * y.leftCols(count).transpose();
  }
  return sums;
}

// Loads are as large as shares are small: each input of the load is brought to the deviation of the
// shares first, and one penalty then serves all. Standardising each share would let a class that
// hardly occurs in training, and does later, throw the outcome about.
std::unique_ptr<Autoregressive> Solve(const NormalEquations& sums, std::size_t samples,
                                      double ridge, const ShareSpace& space, std::size_t window) {
  const auto count = static_cast<double>(samples);
  const Eigen::VectorXd center = sums.input_sum / count;
  const Eigen::VectorXd intercept = sums.target_sum / count;
  Eigen::MatrixXd squares = sums.input_squares.selfadjointView<Eigen::Lower>();
  squares -= count * center * center.transpose();
  const Eigen::MatrixXd products = sums.products - count * center * intercept.transpose();
  const auto width = static_cast<Eigen::Index>(space.width());
  double share_squares = 0;
  for (Eigen::Index i = 0; i < center.size(); ++i) {
    if (i % width != width - 1) share_squares += squares(i, i);
  }
  share_squares = std::max(share_squares / static_cast<double>(center.size()), 1e-12);
  for (Eigen::Index i = 0; i < center.size(); ++i) {
    const bool is_load = i % width == width - 1;
    squares(i, i) += ridge * (is_load ? std::max(squares(i, i), share_squares) : share_squares);
  }
  const Eigen::MatrixXd coefficients = squares.ldlt().solve(products);
  return std::make_unique<Autoregressive>(space, window, center, coefficients, intercept);
}

double MeanDistance(Autoregressive& model, const ShareSeries& series,
                    std::span<const SharePlace> places) {
  std::vector<double> shares(series.space.graphs());
  double sum = 0;
  for (const SharePlace& place : places) {
    model.Predict(series.Before(place.block, place.step, model.window()), shares);
    sum += TotalVariation(shares, series.graphs(place.block, place.step));
  }
  return sum / static_cast<double>(places.size());
}

absl::StatusOr<std::unique_ptr<GraphPredictor>> MakeMixture(std::string_view name,
                                                            const ShareSeries& training,
                                                            std::size_t window,
                                                            MixtureOfPast::Weights weights) {
  std::vector<double> fixed;
  if (weights.fixed > 0) fixed = MeanShares(training);
  return std::make_unique<MixtureOfPast>(name, training.space, window, weights, std::move(fixed));
}

}  // namespace

std::vector<double> MeanShares(const ShareSeries& series) {
  std::vector<double> mean(series.space.graphs(), 0.0);
  for (std::size_t b = 0; b < series.blocks.size(); ++b) {
    for (std::size_t s = 0; s < series.StepsOf(b); ++s) {
      const auto shares = series.graphs(b, s);
      for (std::size_t g = 0; g < mean.size(); ++g) mean[g] += shares[g];
    }
  }
  NormaliseShares(mean);
  return mean;
}

absl::StatusOr<std::unique_ptr<GraphPredictor>> TrainAutoregressive(
    const ShareSeries& training, const GraphPredictorOptions& options) {
  if (options.ridges.empty() ||
      !std::ranges::all_of(options.ridges, [](double ridge) { return ridge > 0; })) {
    return absl::InvalidArgumentError("ridges are none, or hold one that is not positive");
  }
  SharePlaces places = SplitPlaces(training, options.window, options.network.validation_share);
  double best_ridge = options.ridges.front();
  if (options.ridges.size() > 1 && !places.kept.empty() && !places.held_out.empty()) {
    const NormalEquations sums = Accumulate(training, places.kept, options.window);
    double least = HUGE_VAL;
    for (const double ridge : options.ridges) {
      const auto model = Solve(sums, places.kept.size(), ridge, training.space, options.window);
      const double distance = MeanDistance(*model, training, places.held_out);
      if (distance >= least) continue;
      least = distance;
      best_ridge = ridge;
    }
  }
  const auto all = PlacesOf(training, options.window);
  return Solve(Accumulate(training, all, options.window), all.size(), best_ridge, training.space,
               options.window);
}

absl::StatusOr<std::unique_ptr<GraphPredictor>> TrainFixedBlend(
    const ShareSeries& training, const GraphPredictorOptions& options) {
  if (!(options.blend_last >= 0 && options.blend_last <= 1)) {
    return absl::InvalidArgumentError(
        fmt::format("share of the last step is {}, expected 0 to 1", options.blend_last));
  }
  return MakeMixture("fixed-blend", training, 1,
                     {.last = options.blend_last, .fixed = 1 - options.blend_last});
}

absl::StatusOr<std::unique_ptr<GraphPredictor>> TrainGlobalMean(
    const ShareSeries& training, const GraphPredictorOptions& /*options*/) {
  return MakeMixture("global-mean", training, 1, {.fixed = 1});
}

absl::StatusOr<std::unique_ptr<GraphPredictor>> TrainMovingAverage(
    const ShareSeries& training, const GraphPredictorOptions& options) {
  return MakeMixture("moving-average", training, options.window, {.window = 1});
}

absl::StatusOr<std::unique_ptr<GraphPredictor>> TrainPersistence(
    const ShareSeries& training, const GraphPredictorOptions& /*options*/) {
  return MakeMixture("persistence", training, 1, {.last = 1});
}

}  // namespace trimtab
