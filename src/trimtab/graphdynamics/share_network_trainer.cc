#include "trimtab/graphdynamics/share_network_trainer.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_join.h"
#include "fmt/format.h"
#include "trimtab/graphdynamics/lstm_kernels.h"
#include "trimtab/graphdynamics/share_blend.h"
#include "trimtab/graphdynamics/share_network.h"
#include "trimtab/graphdynamics/share_network_model.h"
#include "trimtab/graphdynamics/share_network_pass.h"
#include "trimtab/graphdynamics/share_split.h"
#include "trimtab/neural/aligned_floats.h"
#include "trimtab/neural/parallel_for.h"
#include "trimtab/probability/random_stream.h"

namespace trimtab {
namespace {

// A batch is cut into this many pieces whatever the number of threads, and their gradients are
// added in one order: results do not depend on the threads.
constexpr std::size_t kLanes = 4;
constexpr double kLeastDeviation = 0.02;  // of a share, when inputs are scaled

void Shuffle(std::vector<SharePlace>& items, RandomStream& random) {
  for (std::size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[random.Below(i)]);
}

void FitScaling(const ShareSeries& series, std::span<const SharePlace> places,
                ShareNetworkModel& model) {
  const std::size_t width = series.space.width();
  std::vector<double> sum(width, 0.0);
  std::vector<double> squares(width, 0.0);
  const auto row = [&series, width](const SharePlace& place) {
    return std::span(series.blocks[place.block].rows).subspan((place.step - 1) * width, width);
  };
  for (const SharePlace& place : places) {
    for (std::size_t j = 0; j < width; ++j) sum[j] += row(place)[j];
  }
  const auto count = static_cast<double>(places.size());
  for (double& s : sum) s /= count;
  for (const SharePlace& place : places) {
    for (std::size_t j = 0; j < width; ++j) {
      const double off = row(place)[j] - sum[j];
      squares[j] += off * off;
    }
  }
  model.input_center = sum;
  model.input_scale.resize(width);
  for (std::size_t j = 0; j < width; ++j) {
    const double deviation = std::sqrt(squares[j] / count);
    // A share that hardly moved in training may move later, and must not drown the others then.
    const double least = j + 1 == width ? 0 : kLeastDeviation;
    model.input_scale[j] = deviation > 1e-6 ? 1 / std::max(deviation, least) : 0;
  }
}

// Glorot's normal deviations; the forget gates start open, and W_o of a copying network at zero.
void InitialiseWeights(const ShareNetworkShape& shape, RandomStream& random, float* weights) {
  const ShareNetworkLayout layout(shape);
  const auto fill = [&](const WeightBlock& block, double columns) {
    const double deviation = std::sqrt(2.0 / (static_cast<double>(block.rows) + columns));
    for (std::size_t i = 0; i < block.size(); ++i) {
      weights[block.offset + i] = static_cast<float>(random.Normal() * deviation);
    }
  };
  fill(layout.first, shape.encoder);
  fill(layout.second, shape.encoder);
  fill(layout.start, shape.decoder);
  fill(layout.decoder, shape.decoder);
  fill(layout.keys, shape.decoder);
  if (!shape.copying) fill(layout.output, shape.graphs);
  const auto open = [&](const WeightBlock& bias) {
    const std::size_t width = bias.columns / 4;
    std::fill_n(weights + bias.offset + width, width, 1.0f);
  };
  open(layout.first_bias);
  open(layout.second_bias);
  open(layout.decoder_bias);
}

// Adam on a whole network.
class ShareTraining {
 public:
  ShareTraining(const ShareSeries& series, const ShareTrainingOptions& options,
                ShareNetworkModel& model)
      : series_(series),
        options_(options),
        model_(model),
        layout_(model.shape),
        random_(options.seed, "graphdynamics/network"),
        weights_(layout_.weights),
        transposed_(layout_.transposed),
        first_(layout_.weights),
        second_(layout_.weights) {
    if (options.start == nullptr) {
      InitialiseWeights(model.shape, random_, weights_.data());
    } else {
      std::ranges::copy(options.start->weights, weights_.data());
    }
    const std::size_t rows = static_cast<std::size_t>(options.batch) / kLanes;
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      lanes_.push_back(std::make_unique<Lane>(model.shape, layout_, rows));
    }
    Standardise();
  }

  absl::Status Run(SharePlaces places, ShareTrainingReport& report) {
    const std::size_t count = places.kept.size();
    const auto batch = static_cast<std::size_t>(options_.batch);
    const std::size_t batches = (count + batch - 1) / batch;
    report.training_samples = count;
    report.validation_samples = places.held_out.size();
    report.passes = static_cast<int>(std::clamp<std::int64_t>(
        options_.samples_read / static_cast<std::int64_t>(count), 1, options_.most_passes));
    const auto steps = static_cast<double>(batches) * report.passes;
    AlignedFloats best = weights_;
    report.validation_loss = MeanLoss(places.held_out);
    for (int pass = 1; pass <= report.passes; ++pass) {
      Shuffle(places.kept, random_);
      double loss = 0;
      for (std::size_t from = 0; from < count; from += batch) {
        if (options_.stopped && options_.stopped()) {
          return absl::CancelledError("stopped while training the share network");
        }
        const std::size_t size = std::min(batch, count - from);
        loss += Descend(std::span(places.kept).subspan(from, size), step_ / steps);
      }
      const double validation = MeanLoss(places.held_out);
      const bool better = validation < report.validation_loss;
      // Without a validation block, or without a usable start, the last pass it is.
      const bool usable = options_.copying || options_.start != nullptr;
      if (better || places.held_out.empty() || (pass == 1 && !usable)) {
        best = weights_;
        report.best_pass = pass;
        report.validation_loss = validation;
        report.training_loss = loss / static_cast<double>(count);
      }
    }
    weights_ = std::move(best);
    model_.weights.assign(weights_.data(), weights_.data() + weights_.size());
    return absl::OkStatus();
  }

  // Network shares of each place, [places][graphs].
  std::vector<double> PredictAll(std::span<const SharePlace> places) {
    const auto graphs = static_cast<std::size_t>(model_.shape.graphs);
    std::vector<double> out(places.size() * graphs);
    ForEachPiece(places, [&](Lane& lane, std::size_t from, std::span<const SharePlace> piece) {
      const ShareBatch batch = Gather(lane, piece);
      const float* shares = lane.pass.Forward(weights_.data(), batch, options_.level);
      for (std::size_t r = 0; r < piece.size(); ++r) {
        for (std::size_t g = 0; g < graphs; ++g) {
          out[(from + r) * graphs + g] = shares[r * model_.shape.padded_graphs() + g];
        }
      }
    });
    return out;
  }

 private:
  struct Lane {
    Lane(const ShareNetworkShape& shape, const ShareNetworkLayout& layout, std::size_t rows)
        : pass(shape, rows),
          inputs(rows * shape.steps() * shape.inputs()),
          shares(rows * shape.steps() * static_cast<std::size_t>(shape.graphs)),
          targets(rows * static_cast<std::size_t>(shape.graphs)),
          gradient(layout.weights) {}
    ShareNetworkPass pass;
    std::vector<float> inputs;
    std::vector<float> shares;
    std::vector<float> targets;
    AlignedFloats gradient;
    double loss = 0;
  };

  void Standardise() {
    const std::size_t inputs = model_.shape.inputs();
    for (const ShareBlock& block : series_.blocks) {
      first_row_.push_back(inputs_.size() / inputs);
      for (std::size_t at = 0; at < block.rows.size(); at += inputs) {
        inputs_.resize(inputs_.size() + inputs);
        StandardiseStep(model_, std::span(block.rows).subspan(at, inputs),
                        inputs_.data() + inputs_.size() - inputs);
      }
    }
  }

  ShareBatch Gather(Lane& lane, std::span<const SharePlace> places) const {
    const std::size_t inputs = model_.shape.inputs();
    const auto graphs = static_cast<std::size_t>(model_.shape.graphs);
    const std::size_t steps = model_.shape.steps();
    for (std::size_t r = 0; r < places.size(); ++r) {
      const SharePlace place = places[r];
      for (std::size_t t = 0; t < steps; ++t) {
        const std::size_t step = place.step - steps + t;
        const std::size_t to = t * places.size() + r;
        std::copy_n(inputs_.data() + (first_row_[place.block] + step) * inputs, inputs,
                    lane.inputs.data() + to * inputs);
        std::ranges::transform(series_.graphs(place.block, step), lane.shares.data() + to * graphs,
                               [](double share) { return static_cast<float>(share); });
      }
      std::ranges::transform(series_.graphs(place.block, place.step),
                             lane.targets.data() + r * graphs,
                             [](double share) { return static_cast<float>(share); });
    }
    return {.rows = places.size(),
            .inputs = lane.inputs.data(),
            .shares = lane.shares.data(),
            .targets = lane.targets.data()};
  }

  template <class Job>
  void ForEachPiece(std::span<const SharePlace> places, const Job& job) {
    const std::size_t piece = static_cast<std::size_t>(options_.batch) / kLanes;
    ParallelFor(kLanes, options_.threads, [&](std::size_t lane) {
      for (std::size_t from = lane * piece; from < places.size(); from += kLanes * piece) {
        job(*lanes_[lane], from, places.subspan(from, std::min(piece, places.size() - from)));
      }
    });
  }

  double MeanLoss(std::span<const SharePlace> places) {
    if (places.empty()) return 0;
    const auto predicted = PredictAll(places);
    double loss = 0;
    const auto graphs = static_cast<std::size_t>(model_.shape.graphs);
    for (std::size_t i = 0; i < places.size(); ++i) {
      loss += CrossEntropy(series_.graphs(places[i].block, places[i].step),
                           std::span(predicted).subspan(i * graphs, graphs));
    }
    return loss / static_cast<double>(places.size());
  }

  // One step on one batch; the sum of its losses.
  double Descend(std::span<const SharePlace> batch, double progress) {
    TransposeWeights(layout_, weights_.data(), transposed_.data());
    for (auto& lane : lanes_) {
      lane->loss = 0;
      std::ranges::fill(lane->gradient.span(), 0.0f);
    }
    ForEachPiece(batch, [&](Lane& lane, std::size_t /*from*/, std::span<const SharePlace> piece) {
      const ShareBatch rows = Gather(lane, piece);
      lane.pass.Forward(weights_.data(), rows, options_.level);
      lane.loss +=
          lane.pass.Backward(transposed_.data(), rows, lane.gradient.data(), options_.level);
    });
    double loss = 0;
    for (const auto& lane : lanes_) loss += lane->loss;
    // A cosine without the C library's: 1 - 3p^2 + 2p^3 has the same ends and slopes.
    const double rate = options_.peak_rate * (1 - progress * progress * (3 - 2 * progress));
    Step(static_cast<double>(batch.size()), rate);
    return loss;
  }

  void Step(double samples, double rate) {
    float* sum = lanes_[0]->gradient.data();
    double squares = 0;
    for (std::size_t i = 0; i < layout_.weights; ++i) {
      sum[i] = (sum[i] + lanes_[1]->gradient.data()[i]) +
               (lanes_[2]->gradient.data()[i] + lanes_[3]->gradient.data()[i]);
      squares += static_cast<double>(sum[i]) * sum[i];
    }
    const double length = std::sqrt(squares) / samples;
    const double cut = length > options_.gradient_norm ? options_.gradient_norm / length : 1;
    AdamFactors factors;
    decay_first_ *= factors.first_decay;
    decay_second_ *= factors.second_decay;
    factors.rate = static_cast<float>(rate / (1 - decay_first_));
    factors.second_scale = static_cast<float>(1 / (1 - decay_second_));
    factors.gradient_scale = static_cast<float>(cut / samples);
    factors.shrink = static_cast<float>(1 - rate * options_.weight_decay);
    AdamUpdate(layout_.weights, sum, factors, weights_.data(), first_.data(), second_.data(),
               options_.level);
    step_ += 1;
  }

  const ShareSeries& series_;
  const ShareTrainingOptions& options_;
  ShareNetworkModel& model_;
  ShareNetworkLayout layout_;
  RandomStream random_;
  AlignedFloats weights_;
  AlignedFloats transposed_;
  AlignedFloats first_;
  AlignedFloats second_;
  std::vector<std::unique_ptr<Lane>> lanes_;
  std::vector<float> inputs_;           // [all steps][inputs], standardised
  std::vector<std::size_t> first_row_;  // of each block, in inputs_
  double decay_first_ = 1;
  double decay_second_ = 1;
  double step_ = 0;
};

}  // namespace

absl::Status ShareTrainingOptions::Validate() const {
  std::vector<std::string> problems;
  const auto expect = [&problems](bool good, std::string_view name, auto value,
                                  std::string_view bound) {
    if (!good) problems.push_back(fmt::format("{} is {}, expected {}", name, value, bound));
  };
  const auto width = [](int value) {
    return value >= 16 && value <= ShareNetworkShape::kMaxWidth && value % 16 == 0;
  };
  expect(window >= 1 && window <= ShareNetworkShape::kMaxWindow, "window", window, "1 to 64");
  expect(width(encoder), "encoder", encoder, "a multiple of 16 from 16 to 512");
  expect(width(decoder), "decoder", decoder, "a multiple of 16 from 16 to 512");
  expect(validation_share >= 0 && validation_share <= 0.5, "validation share", validation_share,
         "0 to 0.5");
  expect(samples_read >= 1, "samples read", samples_read, "at least 1");
  expect(most_passes >= 1 && most_passes <= 10'000, "most passes", most_passes, "1 to 10000");
  expect(batch >= 64 && batch <= 4096 && batch % 64 == 0, "batch", batch,
         "a multiple of 64 from 64 to 4096");
  expect(peak_rate > 0 && peak_rate <= 1, "peak rate", peak_rate, "above 0, up to 1");
  expect(weight_decay >= 0 && weight_decay * peak_rate < 1, "weight decay", weight_decay,
         "at least 0 and below 1 / peak rate");
  expect(gradient_norm > 0, "gradient norm", gradient_norm, "above 0");
  expect(threads >= 1, "threads", threads, "at least 1");
  if (problems.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrJoin(problems, "; "));
}

absl::StatusOr<ShareNetworkModel> TrainShareNetwork(const ShareSeries& training,
                                                    const ShareTrainingOptions& options,
                                                    ShareTrainingReport* report) {
  if (auto status = options.Validate(); !status.ok()) return status;
  if (auto status = training.Validate(); !status.ok()) return status;
  ShareNetworkModel model;
  model.space = training.space;
  model.shape = {.arguments = static_cast<int>(training.space.arguments()),
                 .graphs = static_cast<int>(training.space.graphs()),
                 .window = options.window,
                 .encoder = options.encoder,
                 .decoder = options.decoder,
                 .attention = options.attention,
                 .copying = options.copying};
  const SharePlaces places = SplitPlaces(training, model.shape.steps(), options.validation_share);
  if (places.kept.empty()) {
    return absl::InvalidArgumentError(fmt::format(
        "the series has {} steps in {} blocks: none has {} steps before it to learn from",
        training.steps(), training.blocks.size(), options.window));
  }
  if (options.start == nullptr) {
    FitScaling(training, places.kept, model);
  } else {
    if (auto status = options.start->Validate(); !status.ok()) return status;
    if (!(options.start->space == model.space) || !(options.start->shape == model.shape)) {
      return absl::InvalidArgumentError(
          "the model to go on from has other classes, or another shape, than is to be trained");
    }
    model.input_center = options.start->input_center;
    model.input_scale = options.start->input_scale;
  }
  ShareTraining run(training, options, model);
  ShareTrainingReport told;
  if (auto status = run.Run(places, told); !status.ok()) return status;
  if (report != nullptr) *report = told;
  if (options.copying && !places.held_out.empty()) {
    model.blend =
        BestBlend(training, places.held_out, run.PredictAll(places.held_out), model.shape.steps());
  }
  return model;
}

}  // namespace trimtab
