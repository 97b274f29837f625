#include "trimtab/graphdynamics/share_learner.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <utility>

#include "fmt/format.h"
#include "trimtab/graphdynamics/class_roster.h"
#include "trimtab/graphdynamics/share_blend.h"
#include "trimtab/graphdynamics/share_split.h"

namespace trimtab {
namespace {

constexpr std::size_t kMostGraphs = 40;
constexpr std::size_t kMostArguments = 24;
constexpr double kLeastShare = 0.001;
// Requests of unknown classes above this share are worth a new roster.
constexpr double kMostOther = 0.05;
// Recent steps come in pieces of this many places, the newest quarter of which is held out.
constexpr std::size_t kPiece = 20;
constexpr std::size_t kFewestPieces = 6;
constexpr double kHeldOut = 0.25;
constexpr double kValidationShare = 0.15;  // of a history, as it was trained
constexpr int kAnew = 2;
// Few steps make few batches.
constexpr int kMostPasses = 400;
// Counts of a roster are whole; shares of history become as many requests.
constexpr double kRequests = 10'000;

void Count(const ShareMix& mix, std::map<std::string, std::uint64_t>& counts) {
  for (const auto& [name, share] : SharesOfMix(mix)) {
    counts[name] += static_cast<std::uint64_t>(std::llround(share * kRequests));
  }
}

// Shares of requests whose class the space does not know.
double OtherShare(std::span<const ShareRun> recent, const ShareSpace& space) {
  double other = 0;
  double steps = 0;
  for (const ShareRun& run : recent) {
    for (const ShareStep& step : run.steps) {
      std::vector<double> row;
      AppendShareStep(step, space, row);
      other += row[row.size() - 2];
      steps += 1;
    }
  }
  return steps > 0 ? other / steps : 0;
}

// Runs cut into pieces that can stand alone, in the order of their ends.
ShareSeries PiecesOf(std::span<const ShareRun> recent, const ShareSpace& space,
                     std::size_t window) {
  std::size_t places = 0;
  for (const ShareRun& run : recent) places += std::max(run.steps.size(), window) - window;
  const std::size_t piece = std::clamp<std::size_t>(places / (2 * kFewestPieces), 1, kPiece);
  std::vector<std::pair<std::size_t, ShareBlock>> pieces;  // by their ends
  for (const ShareRun& run : recent) {
    const std::size_t size = run.steps.size();
    for (std::size_t end = size; end > window; end -= std::min(piece, end - window)) {
      const std::size_t from = end > window + piece ? end - window - piece : 0;
      ShareBlock block;
      for (std::size_t t = from; t < end; ++t) AppendShareStep(run.steps[t], space, block.rows);
      pieces.emplace_back(run.end - (size - end) * run.stride, std::move(block));
    }
  }
  std::ranges::stable_sort(pieces, {}, [](const auto& of) { return of.first; });
  ShareSeries series{.space = space, .blocks = {}};
  for (auto& [end, block] : pieces) series.blocks.push_back(std::move(block));
  return series;
}

}  // namespace

absl::Status ShareKnowledge::Validate() const {
  if (auto status = model.Validate(); !status.ok()) return status;
  if (auto status = history.Validate(); !status.ok()) return status;
  if (!(history.space == model.space)) {
    return absl::InvalidArgumentError("share knowledge: model and history have other classes");
  }
  if (model.space.graph_classes.back() != "(other)" ||
      (model.space.arguments() > 0 && model.space.argument_classes.back() != "(other)")) {
    return absl::InvalidArgumentError("share knowledge: the last class is not '(other)'");
  }
  return absl::OkStatus();
}

ShareLearner::ShareLearner(ShareLearnerOptions options,
                           std::shared_ptr<const ShareKnowledge> before, Train train)
    : options_(options), before_(std::move(before)), train_(std::move(train)) {
  if (!train_) {
    train_ = [](const ShareSeries& training, const ShareTrainingOptions& how) {
      return TrainShareNetwork(training, how);
    };
  }
  if (before_ == nullptr) return;
  const ShareNetworkShape& shape = before_->model.shape;
  options_.window = shape.window;
  options_.encoder = shape.encoder;
  options_.decoder = shape.decoder;
  options_.plain = !shape.copying;
  const SharePlaces places =
      SplitPlaces(before_->history, before_->model.shape.steps(), kValidationShare);
  if (auto model = Finish(before_->model, before_->history, places.held_out); model.ok()) {
    Use(*std::move(model));
  }
}

ShareMix ShareLearner::Predict(std::span<const ShareStep> past) const {
  const ShareSpace& space = network_.space;
  std::vector<double> rows;
  const std::size_t from =
      past.size() > predictor_->window() ? past.size() - predictor_->window() : 0;
  for (const ShareStep& step : past.subspan(from)) AppendShareStep(step, space, rows);
  std::vector<double> shares(space.graphs());
  predictor_->Predict({&space, rows}, shares);

  ShareMix newest = SharesOfMix(past.back().graphs);
  double known = 1;
  ShareMix mix;
  for (const auto& [name, share] : newest) {
    if (std::ranges::find(space.graph_classes, name) != space.graph_classes.end()) continue;
    mix[name] = share;
    known -= share;
  }
  double sum = 0;
  for (std::size_t g = 0; g + 1 < space.graphs(); ++g) sum += shares[g];
  if (!(sum > 0)) return newest;
  for (std::size_t g = 0; g + 1 < space.graphs(); ++g) {
    if (shares[g] > 0 && known > 0) mix[space.graph_classes[g]] = known * shares[g] / sum;
  }
  return SharesOfMix(std::move(mix));
}

ShareSpace ShareLearner::SpaceFor(std::span<const ShareRun> recent) const {
  if (has_model() && OtherShare(recent, network_.space) <= kMostOther) return network_.space;
  std::map<std::string, std::uint64_t> arguments;
  std::map<std::string, std::uint64_t> graphs;
  for (const ShareRun& run : recent) {
    for (const ShareStep& step : run.steps) {
      Count(step.arguments, arguments);
      Count(step.graphs, graphs);
    }
  }
  ShareSpace space;
  space.graph_classes =
      ClassRoster::Create(graphs, {.most_classes = kMostGraphs, .least_share = kLeastShare})
          .names();
  if (!arguments.empty()) {
    space.argument_classes =
        ClassRoster::Create(arguments, {.most_classes = kMostArguments, .least_share = kLeastShare})
            .names();
  }
  return space;
}

// Whole blocks, spread over the history, others at each training; before the recent ones.
void ShareLearner::AddHistory(std::size_t steps, ShareSeries& training) {
  if (before_ == nullptr || steps == 0 || before_->history.blocks.empty()) return;
  const std::size_t all = before_->history.blocks.size();
  const std::size_t each = std::max<std::size_t>(before_->history.steps() / all, 1);
  const std::size_t count = std::clamp<std::size_t>(steps / each, 1, all);
  std::vector<std::size_t> which;
  for (std::size_t i = 0; i < count; ++i) {
    which.push_back((i * all / count + static_cast<std::size_t>(trainings_)) % all);
  }
  std::ranges::sort(which);
  ShareSeries old = InSpace(before_->history.Select(which), training.space);
  old.blocks.insert(old.blocks.end(), std::make_move_iterator(training.blocks.begin()),
                    std::make_move_iterator(training.blocks.end()));
  training.blocks = std::move(old.blocks);
}

absl::Status ShareLearner::Learn(std::span<const ShareRun> recent, double history_share) {
  ++trainings_;
  const ShareSpace space = SpaceFor(recent);
  ShareSeries newest = PiecesOf(recent, space, window());
  if (newest.blocks.size() < kFewestPieces) {
    return absl::InvalidArgumentError(fmt::format("{} runs of steps to learn from, expected {}",
                                                  newest.blocks.size(), kFewestPieces));
  }
  std::optional<Model> best;
  if (has_model() && network_.space == space) {
    ShareSeries with_history = newest;
    AddHistory(static_cast<std::size_t>(history_share * static_cast<double>(newest.steps())),
               with_history);
    auto model = TrainOn(with_history, newest.blocks.size(), &network_);
    if (!model.ok()) return model.status();
    best = *std::move(model);
  }
  auto model = TrainOn(newest, newest.blocks.size(), nullptr);
  if (!model.ok()) return model.status();
  if (!best || model->validation_score > best->validation_score) best = *std::move(model);
  learned_ = std::move(best);
  return absl::OkStatus();
}

// The newest quarter of the last `recent` blocks is held out.
absl::StatusOr<ShareLearner::Model> ShareLearner::TrainOn(const ShareSeries& series,
                                                          std::size_t recent,
                                                          const ShareNetworkModel* start) const {
  const double held_out = std::ceil(kHeldOut * static_cast<double>(recent));
  const ShareTrainingOptions how{
      .window = options_.window,
      .encoder = options_.encoder,
      .decoder = options_.decoder,
      .copying = !options_.plain,
      .validation_share = held_out / static_cast<double>(series.blocks.size()),
      .samples_read = options_.samples_read * (start == nullptr ? kAnew : 1),
      .most_passes = kMostPasses,
      .batch = 64,
      .start = start,
      .seed = options_.seed + trainings_,
      .threads = 1,
      .level = options_.level};
  auto network = train_(series, how);
  if (!network.ok()) return network.status();
  const SharePlaces places = SplitPlaces(series, window(), how.validation_share);
  return Finish(*std::move(network), series, places.held_out);
}

absl::StatusOr<ShareLearner::Model> ShareLearner::Finish(
    ShareNetworkModel network, const ShareSeries& series,
    std::span<const SharePlace> held_out) const {
  auto predictor = MakeNetworkPredictor(network, options_.level);
  if (!predictor.ok()) return predictor.status();
  Model model{.network = std::move(network), .predictor = *std::move(predictor)};
  const std::size_t window = model.predictor->window();
  std::vector<double> shares(series.space.graphs());
  for (const SharePlace& place : held_out) {
    const ShareWindow past = series.Before(place.block, place.step, window);
    const std::span<const double> came = series.graphs(place.block, place.step);
    model.predictor->Predict(past, shares);
    model.validation_score += 1 - TotalVariation(shares, came);
    const std::size_t newest = past.steps() - 1;
    for (std::size_t g = 0; g < shares.size(); ++g) {
      shares[g] = (past.graphs(newest)[g] + past.graphs(newest > 0 ? newest - 1 : 0)[g]) / 2;
    }
    model.naive_score += 1 - TotalVariation(shares, came);
  }
  if (!held_out.empty()) {
    model.validation_score /= static_cast<double>(held_out.size());
    model.naive_score /= static_cast<double>(held_out.size());
  }
  return model;
}

void ShareLearner::Use(Model model) {
  network_ = std::move(model.network);
  predictor_ = std::move(model.predictor);
  validation_score_ = model.validation_score;
  naive_score_ = model.naive_score;
}

void ShareLearner::Adopt() {
  if (!learned_) return;
  Use(*std::move(learned_));
  learned_.reset();
}

}  // namespace trimtab
