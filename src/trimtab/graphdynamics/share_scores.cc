#include "trimtab/graphdynamics/share_scores.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
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

struct Labelled {
  std::vector<SharePlace> places;
  std::vector<std::size_t> units;     // what is resampled together
  std::vector<std::size_t> changed;   // indices into places
  std::vector<std::size_t> followed;  // the step after a change, itself none
};

// One model's distance at each place.
struct Overlaps {
  std::string model;
  bool naive = false;
  std::vector<double> one_minus_tv;
  double kl = 0;
};

Labelled Label(const ShareSeries& series, const ShareScoreOptions& options) {
  Labelled out{.places = PlacesOf(series, std::max<std::size_t>(options.window, 1)),
               .units = {},
               .changed = {},
               .followed = {}};
  const bool whole = series.blocks.size() >= kFewestBlocks;
  std::size_t unit = 0;
  std::size_t in_unit = 0;
  for (std::size_t i = 0; i < out.places.size(); ++i) {
    const SharePlace place = out.places[i];
    const bool next_block = i > 0 && place.block != out.places[i - 1].block;
    if (next_block || (!whole && in_unit == kPiece)) {
      ++unit;
      in_unit = 0;
    }
    ++in_unit;
    out.units.push_back(unit);
    if (IsChange(series, place, options.change)) {
      out.changed.push_back(i);
    } else if (place.step >= 2 && IsChange(series, {place.block, place.step - 1}, options.change)) {
      out.followed.push_back(i);
    }
  }
  return out;
}

template <class Predict>
Overlaps Measure(std::string model, bool naive, const ShareSeries& series, const Labelled& labelled,
                 const Predict& predict) {
  Overlaps out{.model = std::move(model), .naive = naive, .one_minus_tv = {}};
  std::vector<double> shares(series.space.graphs());
  for (const SharePlace& place : labelled.places) {
    const auto measured = series.graphs(place.block, place.step);
    predict(place, shares);
    out.one_minus_tv.push_back(1 - TotalVariation(shares, measured));
    out.kl += KullbackLeibler(measured, shares) / static_cast<double>(labelled.places.size());
  }
  return out;
}

double MeanOf(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

// Mean and interval of what `value` says at the chosen places.
template <class Value>
std::optional<ScoreInterval> IntervalAt(const std::vector<std::size_t>& chosen,
                                        const Labelled& labelled, const ShareScoreOptions& options,
                                        const Value& value) {
  if (chosen.empty()) return std::nullopt;
  std::vector<double> values;
  std::vector<std::size_t> units;
  for (const std::size_t i : chosen) {
    values.push_back(value(i));
    units.push_back(labelled.units[i]);
  }
  return BootstrapMean(values, units, options.resamples, options.seed);
}

ShareScores Summarise(const Overlaps& model, const Overlaps* best_naive, const Labelled& labelled,
                      const ShareScoreOptions& options) {
  ShareScores out{.model = model.model,
                  .naive = model.naive,
                  .samples = labelled.places.size(),
                  .one_minus_tv = MeanOf(model.one_minus_tv),
                  .kl = model.kl,
                  .changes = labelled.changed.size()};
  out.at_changes = IntervalAt(labelled.changed, labelled, options,
                              [&](std::size_t i) { return model.one_minus_tv[i]; });
  if (!labelled.followed.empty()) {
    double sum = 0;
    for (const std::size_t i : labelled.followed) sum += model.one_minus_tv[i];
    out.after_changes = sum / static_cast<double>(labelled.followed.size());
  }
  if (!model.naive && best_naive != nullptr) {
    out.gain_at_changes = IntervalAt(labelled.changed, labelled, options, [&](std::size_t i) {
      return model.one_minus_tv[i] - best_naive->one_minus_tv[i];
    });
  }
  return out;
}

bool IsNaive(std::string_view name) {
  for (const GraphPredictorKind& kind : GraphPredictorKinds()) {
    if (kind.name == name) return kind.naive;
  }
  return false;
}

nlohmann::ordered_json IntervalJson(const std::optional<ScoreInterval>& interval) {
  if (!interval) return nullptr;
  return {{"mean", interval->mean}, {"low", interval->low}, {"high", interval->high}};
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

absl::StatusOr<std::vector<ShareScores>> ScoreGraphPredictors(
    std::span<const std::unique_ptr<GraphPredictor>> predictors, const ShareSeries& test,
    const ShareScoreOptions& options) {
  if (auto status = test.Validate(); !status.ok()) return status;
  if (options.resamples < 1) {
    return absl::InvalidArgumentError(
        fmt::format("resamples are {}, expected at least 1", options.resamples));
  }
  const Labelled labelled = Label(test, options);
  if (labelled.places.empty()) {
    return absl::InvalidArgumentError(
        fmt::format("there is nothing to test on: {} steps in {} blocks, {} steps before each",
                    test.steps(), test.blocks.size(), options.window));
  }
  std::vector<Overlaps> overlaps;
  for (const auto& predictor : predictors) {
    if (predictor->space() != test.space) {
      return absl::InvalidArgumentError(
          fmt::format("predictor '{}' knows other classes than the series", predictor->name()));
    }
    overlaps.push_back(Measure(std::string(predictor->name()), IsNaive(predictor->name()), test,
                               labelled, [&](const SharePlace& place, std::span<double> shares) {
                                 const std::size_t past = std::min(predictor->window(), place.step);
                                 predictor->Predict(test.Before(place.block, place.step, past),
                                                    shares);
                               }));
  }
  const bool known = std::ranges::all_of(
      test.blocks, [](const ShareBlock& block) { return !block.expected.empty(); });
  if (known) {
    const std::size_t graphs = test.space.graphs();
    overlaps.push_back(Measure(
        "hidden-state", false, test, labelled,
        [&](const SharePlace& place, std::span<double> shares) {
          std::ranges::copy(
              std::span(test.blocks[place.block].expected).subspan(place.step * graphs, graphs),
              shares.begin());
        }));
  }
  const Overlaps* best = nullptr;
  for (const Overlaps& model : overlaps) {
    if (model.naive &&
        (best == nullptr || MeanOf(model.one_minus_tv) > MeanOf(best->one_minus_tv))) {
      best = &model;
    }
  }
  std::vector<ShareScores> scores;
  for (const Overlaps& model : overlaps) {
    scores.push_back(Summarise(model, best, labelled, options));
  }
  return scores;
}

std::string ShareScoresJson(std::span<const ShareScores> scores) {
  nlohmann::ordered_json models = nlohmann::ordered_json::array();
  for (const ShareScores& of : scores) {
    nlohmann::ordered_json model = {{"model", of.model},
                                    {"naive", of.naive},
                                    {"oneMinusTv", of.one_minus_tv},
                                    {"kl", of.kl},
                                    {"oneMinusTvAtChanges", nullptr},
                                    {"samples", of.samples},
                                    {"changes", of.changes},
                                    {"atChanges", IntervalJson(of.at_changes)},
                                    {"oneMinusTvAfterChanges", nullptr},
                                    {"gainAtChanges", IntervalJson(of.gain_at_changes)}};
    if (of.at_changes) model["oneMinusTvAtChanges"] = of.at_changes->mean;
    if (of.after_changes) model["oneMinusTvAfterChanges"] = *of.after_changes;
    models.push_back(std::move(model));
  }
  return nlohmann::ordered_json{{"models", models}}.dump(2, ' ', false,
                                                         nlohmann::json::error_handler_t::replace);
}

}  // namespace trimtab
