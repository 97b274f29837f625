#include "trimtab/graphdynamics/share_scores.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "trimtab/graphdynamics/graph_predictor.h"
#include "trimtab/graphdynamics/share_blend.h"
#include "trimtab/graphdynamics/share_series.h"
#include "trimtab/probability/random_stream.h"

namespace trimtab {
namespace {

constexpr std::size_t kFewestBlocks = 8;
constexpr std::size_t kPiece = 25;

double MeanOf(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

bool IsNaive(std::string_view name) {
  for (const GraphPredictorKind& kind : GraphPredictorKinds()) {
    if (kind.name == name) return kind.naive;
  }
  return false;
}

}  // namespace

bool IsChange(const ShareSeries& series, const SharePlace& place, double threshold) {
  const ShareBlock& block = series.blocks[place.block];
  const std::size_t graphs = series.space.graphs();
  if (!block.expected.empty()) {
    const auto all = std::span(block.expected);
    return TotalVariation(all.subspan((place.step - 1) * graphs, graphs),
                          all.subspan(place.step * graphs, graphs)) > threshold;
  }
  return TotalVariation(series.graphs(place.block, place.step - 1),
                        series.graphs(place.block, place.step)) > threshold;
}

ScoreInterval BootstrapMean(std::span<const double> values, std::span<const std::size_t> units,
                            int resamples, std::uint64_t seed) {
  struct Unit {
    double sum = 0;
    double count = 0;
  };
  std::vector<Unit> all;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i == 0 || units[i] != units[i - 1]) all.emplace_back();
    all.back().sum += values[i];
    all.back().count += 1;
  }
  double total = 0;
  for (const Unit& unit : all) total += unit.sum;
  ScoreInterval out{.mean = total / static_cast<double>(values.size())};
  RandomStream random(seed, "graphdynamics/bootstrap");
  std::vector<double> means;
  for (int r = 0; r < resamples; ++r) {
    Unit drawn;
    for (std::size_t u = 0; u < all.size(); ++u) {
      const Unit& unit = all[random.Below(all.size())];
      drawn.sum += unit.sum;
      drawn.count += unit.count;
    }
    means.push_back(drawn.sum / drawn.count);
  }
  std::ranges::sort(means);
  const auto at = [&means](double p) {
    return means[static_cast<std::size_t>(p * static_cast<double>(means.size() - 1) + 0.5)];
  };
  out.low = at(0.025);
  out.high = at(0.975);
  return out;
}

ShareModel ModelOf(GraphPredictor& predictor) {
  return {.name = std::string(predictor.name()),
          .naive = IsNaive(predictor.name()),
          .predict = [&predictor](const ShareSeries& series, const SharePlace& place,
                                  std::span<double> shares) {
            const std::size_t past = std::min(predictor.window(), place.step);
            predictor.Predict(series.Before(place.block, place.step, past), shares);
          }};
}

ShareModel HiddenStateModel() {
  return {
      .name = "hidden-state",
      .naive = false,
      .predict = [](const ShareSeries& series, const SharePlace& place, std::span<double> shares) {
        std::ranges::copy(std::span(series.blocks[place.block].expected)
                              .subspan(place.step * shares.size(), shares.size()),
                          shares.begin());
      }};
}

bool HasExpectedShares(const ShareSeries& series) {
  return !series.blocks.empty() && std::ranges::all_of(series.blocks, [](const ShareBlock& block) {
    return !block.expected.empty();
  });
}

absl::Status ShareScoreBoard::Add(std::span<const ShareModel> models, const ShareSeries& test) {
  if (auto status = test.Validate(); !status.ok()) return status;
  if (models_.empty()) {
    for (const ShareModel& model : models) {
      models_.push_back({.name = model.name, .naive = model.naive, .one_minus_tv = {}});
    }
  }
  if (models.size() != models_.size() ||
      !std::ranges::equal(models, models_, {}, &ShareModel::name, &Model::name)) {
    return absl::InvalidArgumentError("the models to score are not those of the series before");
  }
  const auto places = PlacesOf(test, options_.window);
  for (const SharePlace& place : places) {
    const bool changed = place.step >= 1 && IsChange(test, place, options_.change);
    const bool followed = !changed && place.step >= 2 &&
                          IsChange(test, {place.block, place.step - 1}, options_.change);
    places_.push_back({blocks_ + place.block, changed, followed});
  }
  blocks_ += test.blocks.size();
  std::vector<double> shares(test.space.graphs());
  for (std::size_t m = 0; m < models.size(); ++m) {
    for (const SharePlace& place : places) {
      const auto measured = test.graphs(place.block, place.step);
      models[m].predict(test, place, shares);
      models_[m].one_minus_tv.push_back(1 - TotalVariation(shares, measured));
      models_[m].kl_sum += KullbackLeibler(measured, shares);
    }
  }
  return absl::OkStatus();
}

// What is resampled together, by place.
std::vector<std::size_t> ShareScoreBoard::Units() const {
  const bool whole = blocks_ >= kFewestBlocks;
  std::vector<std::size_t> units;
  std::size_t unit = 0;
  std::size_t in_unit = 0;
  for (std::size_t i = 0; i < places_.size(); ++i) {
    const bool next_block = i > 0 && places_[i].block != places_[i - 1].block;
    if (next_block || (!whole && in_unit == kPiece)) {
      ++unit;
      in_unit = 0;
    }
    ++in_unit;
    units.push_back(unit);
  }
  return units;
}

ShareScores ShareScoreBoard::Summarise(const Model& model, const Model* best_naive,
                                       const std::vector<std::size_t>& units) const {
  std::vector<double> at_changes;
  std::vector<double> gains;
  std::vector<std::size_t> units_of_changes;
  std::vector<double> after;
  for (std::size_t i = 0; i < places_.size(); ++i) {
    if (places_[i].followed) after.push_back(model.one_minus_tv[i]);
    if (!places_[i].changed) continue;
    at_changes.push_back(model.one_minus_tv[i]);
    units_of_changes.push_back(units[i]);
    if (best_naive != nullptr) gains.push_back(at_changes.back() - best_naive->one_minus_tv[i]);
  }
  ShareScores out{.model = model.name,
                  .naive = model.naive,
                  .samples = places_.size(),
                  .one_minus_tv = MeanOf(model.one_minus_tv),
                  .kl = model.kl_sum / static_cast<double>(places_.size()),
                  .changes = at_changes.size()};
  if (!after.empty()) out.after_changes = MeanOf(after);
  if (at_changes.empty()) return out;
  out.at_changes = BootstrapMean(at_changes, units_of_changes, options_.resamples, options_.seed);
  if (!model.naive && best_naive != nullptr) {
    out.gain_at_changes = BootstrapMean(gains, units_of_changes, options_.resamples, options_.seed);
  }
  return out;
}

absl::StatusOr<std::vector<ShareScores>> ShareScoreBoard::Scores() const {
  if (options_.resamples < 1) {
    return absl::InvalidArgumentError(
        fmt::format("resamples are {}, expected at least 1", options_.resamples));
  }
  if (places_.empty()) {
    return absl::InvalidArgumentError(
        fmt::format("there is nothing to test on: none of {} blocks has more than {} steps",
                    blocks_, options_.window));
  }
  const Model* best = nullptr;
  for (const Model& model : models_) {
    const bool better = best == nullptr || MeanOf(model.one_minus_tv) > MeanOf(best->one_minus_tv);
    if (model.naive && better) best = &model;
  }
  const auto units = Units();
  std::vector<ShareScores> scores;
  for (const Model& model : models_) scores.push_back(Summarise(model, best, units));
  return scores;
}

absl::StatusOr<std::vector<ShareScores>> ScoreGraphPredictors(
    std::span<const std::unique_ptr<GraphPredictor>> predictors, const ShareSeries& test,
    const ShareScoreOptions& options) {
  std::vector<ShareModel> models;
  for (const auto& predictor : predictors) {
    if (predictor->space() != test.space) {
      return absl::InvalidArgumentError(
          fmt::format("predictor '{}' knows other classes than the series", predictor->name()));
    }
    models.push_back(ModelOf(*predictor));
  }
  if (HasExpectedShares(test)) models.push_back(HiddenStateModel());
  ShareScoreBoard board(options);
  if (auto status = board.Add(models, test); !status.ok()) return status;
  return board.Scores();
}

}  // namespace trimtab
