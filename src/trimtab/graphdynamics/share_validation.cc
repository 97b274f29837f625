#include "trimtab/graphdynamics/share_validation.h"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "trimtab/graphdynamics/entry_mix.h"
#include "trimtab/graphdynamics/naive_predictors.h"

namespace trimtab {
namespace {

// All blocks but those of a fold.
std::vector<std::size_t> Others(std::size_t blocks, const std::vector<std::size_t>& fold) {
  std::vector<std::size_t> others;
  for (std::size_t b = 0; b < blocks; ++b) {
    if (!std::ranges::binary_search(fold, b)) others.push_back(b);
  }
  return others;
}

// Each block cut into `pieces` of equal length.
ShareSeries Cut(const ShareSeries& series, std::size_t pieces) {
  ShareSeries out{.space = series.space, .blocks = {}};
  const auto part = [](const std::vector<double>& from, std::size_t width, std::size_t begin,
                       std::size_t end) {
    if (from.empty()) return std::vector<double>();
    return std::vector<double>(from.begin() + static_cast<std::ptrdiff_t>(begin * width),
                               from.begin() + static_cast<std::ptrdiff_t>(end * width));
  };
  for (std::size_t b = 0; b < series.blocks.size(); ++b) {
    const std::size_t steps = series.StepsOf(b);
    for (std::size_t i = 0; i < pieces; ++i) {
      const std::size_t begin = i * steps / pieces;
      const std::size_t end = (i + 1) * steps / pieces;
      out.blocks.push_back(
          {.rows = part(series.blocks[b].rows, series.space.width(), begin, end),
           .expected = part(series.blocks[b].expected, series.space.graphs(), begin, end)});
    }
  }
  return out;
}

}  // namespace

std::vector<std::vector<std::size_t>> FoldsOf(std::size_t blocks, std::size_t folds) {
  folds = std::min(folds, blocks);
  std::vector<std::vector<std::size_t>> out(folds);
  for (std::size_t b = 0; b < blocks; ++b) out[b * folds / blocks].push_back(b);
  return out;
}

absl::StatusOr<std::vector<ShareScores>> CrossValidate(const ShareSeries& series,
                                                       const ShareValidationOptions& options) {
  if (auto status = series.Validate(); !status.ok()) return status;
  if (options.folds < 2) {
    return absl::InvalidArgumentError(
        fmt::format("folds are {}, expected 2 or more", options.folds));
  }
  if (PlacesOf(series, options.predictor.window).empty()) {
    return absl::InvalidArgumentError(
        fmt::format("there are {} steps in {} blocks: none has {} steps before it", series.steps(),
                    series.blocks.size(), options.predictor.window));
  }
  const bool few = series.blocks.size() < 3;
  const ShareSeries cut = few ? Cut(series, options.folds) : series;
  ShareScoreOptions score = options.score;
  score.window = options.predictor.window;
  ShareScoreBoard board(score);
  const auto folds = FoldsOf(cut.blocks.size(), options.folds);
  std::size_t done = 0;
  for (const auto& fold : folds) {
    const ShareSeries training = cut.Select(Others(cut.blocks.size(), fold));
    const ShareSeries test = cut.Select(fold);
    std::vector<std::unique_ptr<GraphPredictor>> predictors;
    std::vector<ShareModel> models;
    for (const std::string& name : options.models) {
      auto predictor = TrainGraphPredictor(name, training, options.predictor);
      if (!predictor.ok()) return predictor.status();
      predictors.push_back(*std::move(predictor));
      models.push_back(ModelOf(*predictors.back()));
      if (options.progress) options.progress(++done, folds.size() * options.models.size());
    }
    if (HasExpectedShares(cut)) models.push_back(HiddenStateModel());
    if (auto status = board.Add(models, test); !status.ok()) return status;
  }
  return board.Scores();
}

absl::StatusOr<std::vector<ShareScores>> CrossValidateEntryMix(const TracedShares& traced,
                                                               std::size_t folds,
                                                               const ShareScoreOptions& score) {
  const ShareSeries& series = traced.series;
  if (auto status = series.Validate(); !status.ok()) return status;
  if (series.blocks.size() < 2) {
    return absl::InvalidArgumentError(
        "the traces have one block without a gap: none is left to hold out");
  }
  ShareScoreOptions nowcast = score;
  nowcast.window = 0;
  ShareScoreBoard board(nowcast);
  for (const auto& fold : FoldsOf(series.blocks.size(), folds)) {
    const auto others = Others(series.blocks.size(), fold);
    const EntryMix mix = EntryMix::Fit(traced, others);
    const std::vector<double> mean = MeanShares(series.Select(others));
    const std::vector<ShareModel> models = {
        {.name = "entry-mix",
         .naive = false,
         .predict =
             [&mix](const ShareSeries& test, const SharePlace& place, std::span<double> shares) {
               mix.Predict(test.Before(place.block, place.step + 1, 1).arguments(0), shares);
             }},
        {.name = "global-mean",
         .naive = true,
         .predict = [&mean](const ShareSeries& /*test*/, const SharePlace& /*place*/,
                            std::span<double> shares) {
           std::ranges::copy(mean, shares.begin());
         }}};
    if (auto status = board.Add(models, series.Select(fold)); !status.ok()) return status;
  }
  auto scores = board.Scores();
  if (!scores.ok()) return scores.status();
  const EntryMix all = EntryMix::Fit(traced, Others(series.blocks.size(), {}));
  const auto places = PlacesOf(series, 0);
  scores->push_back({.model = "sampling-floor",
                     .naive = false,
                     .samples = places.size(),
                     .one_minus_tv = SamplingFloor(traced, all, places, score.seed)});
  return scores;
}

}  // namespace trimtab
