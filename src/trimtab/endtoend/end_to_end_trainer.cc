#include "trimtab/endtoend/end_to_end_trainer.h"

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
#include "trimtab/endtoend/composition_fit.h"
#include "trimtab/endtoend/end_to_end_predictor.h"
#include "trimtab/endtoend/tail_network_pass.h"
#include "trimtab/neural/portable_math.h"
#include "trimtab/probability/random_stream.h"

namespace trimtab {
namespace {

constexpr std::size_t kFewestRuns = 20;

using Chosen = std::vector<const EndToEndSample*>;

struct Split {
  Chosen training;
  Chosen calibration;
  Chosen test;
  EndToEndTrainingReport counts;
};

absl::Status CheckSamples(std::size_t microservices, std::span<const EndToEndSample> samples) {
  std::map<std::int64_t, int> runs;
  for (std::size_t s = 0; s < samples.size(); ++s) {
    const EndToEndSample& sample = samples[s];
    ++runs[sample.run];
    if (sample.own_latency.size() != microservices) {
      return absl::InvalidArgumentError(
          fmt::format("end-to-end sample {} has {} own latencies, expected {}", s,
                      sample.own_latency.size(), microservices));
    }
    const auto refuse = [s](std::string_view what, double value, std::string_view bound) {
      return absl::InvalidArgumentError(
          fmt::format("end-to-end sample {} {} is {}, expected {}", s, what, value, bound));
    };
    for (const OwnLatency& own : sample.own_latency) {
      const double mean = InMilliseconds(own.mean);
      const double max = InMilliseconds(own.max);
      if (!(mean >= 0 && mean < 1e9)) return refuse("mean own latency", mean, "0 to 1e9 ms");
      if (!(max >= 0 && max < 1e9)) return refuse("largest own latency", max, "0 to 1e9 ms");
    }
    const double tail = InMilliseconds(sample.tail);
    if (!(tail > 1e-6 && tail < 1e9)) return refuse("tail", tail, "1e-6 to 1e9 ms");
    const double error = sample.relative_standard_error;
    if (!(error >= 0 && error < 1e3)) return refuse("relative standard error", error, "0 to 1000");
  }
  if (runs.size() < kFewestRuns) {
    return absl::InvalidArgumentError(fmt::format(
        "there are {} end-to-end runs, at least {} are needed", runs.size(), kFewestRuns));
  }
  return absl::OkStatus();
}

template <class T>
void Shuffle(std::vector<T>& items, RandomStream& random) {
  for (std::size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[random.Below(i)]);
}

Split SplitByRun(std::span<const EndToEndSample> samples, const EndToEndTrainingOptions& options) {
  std::map<std::int64_t, Chosen> by_run;
  for (const EndToEndSample& sample : samples) by_run[sample.run].push_back(&sample);
  std::vector<const Chosen*> runs;
  for (const auto& [run, members] : by_run) runs.push_back(&members);
  RandomStream random(options.seed, "endtoend/split");
  Shuffle(runs, random);
  const auto share = [&runs](double part) {
    return static_cast<std::size_t>(std::lround(part * static_cast<double>(runs.size())));
  };
  Split split;
  split.counts.test_runs = share(options.test_share);
  split.counts.calibration_runs = share(options.calibration_share);
  split.counts.training_runs = runs.size() - split.counts.test_runs - split.counts.calibration_runs;
  for (std::size_t r = 0; r < runs.size(); ++r) {
    Chosen& part = r < split.counts.test_runs                                   ? split.test
                   : r < split.counts.test_runs + split.counts.calibration_runs ? split.calibration
                                                                                : split.training;
    part.insert(part.end(), runs[r]->begin(), runs[r]->end());
  }
  return split;
}

double LogMs(Latency latency) {
  return PortableLog(InMilliseconds(std::max(latency, EndToEndPredictor::kShortest)));
}

struct Moments {
  double mean = 0;
  double deviation = 1;
};

Moments MomentsOf(std::span<const double> values) {
  double sum = 0;
  for (const double value : values) sum += value;
  const double mean = sum / static_cast<double>(values.size());
  double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  return {.mean = mean, .deviation = std::sqrt(squares / static_cast<double>(values.size()))};
}

void FitInputScaling(const Chosen& training, EndToEndModel& model) {
  const std::size_t n = model.microservices.size();
  std::vector<double> logs(training.size());
  for (std::size_t i = 0; i < 2 * n; ++i) {
    for (std::size_t s = 0; s < training.size(); ++s) {
      const OwnLatency& own = training[s]->own_latency[i / 2];
      logs[s] = LogMs(i % 2 == 0 ? own.mean : own.max);
    }
    const Moments moments = MomentsOf(logs);
    model.input_center.push_back(moments.mean);
    // An input that never varied carries nothing.
    model.input_scale.push_back(moments.deviation > 1e-9 ? 1 / moments.deviation : 0);
  }
}

std::vector<float> InitialParameters(const TailNetworkShape& shape, RandomStream& random) {
  std::vector<float> parameters(shape.parameter_count(), 0.0f);
  const auto fill = [&](std::size_t from, std::size_t to, double deviation) {
    for (std::size_t i = from; i < to; ++i) {
      parameters[i] = static_cast<float>(random.Normal() * deviation);
    }
  };
  fill(0, shape.query_offset(), 0.3);
  fill(shape.query_offset(), shape.dense_offset(), 0.5);
  fill(shape.dense_offset(), shape.bias_offset(), std::sqrt(1.0 / (2.0 * shape.tokens)));
  fill(shape.output_offset(), shape.output_offset() + static_cast<std::size_t>(shape.hidden),
       std::sqrt(1.0 / shape.hidden));
  return parameters;
}

// Adam with decoupled weight decay on a whole network.
class NetworkTraining {
 public:
  NetworkTraining(EndToEndModel& model, const Chosen& training, std::span<const double> weights,
                  std::span<const double> targets, const EndToEndTrainingOptions& options)
      : model_(model),
        shape_(ShapeOf(model.kind, model.tokens(), model.hidden)),
        weights_(weights),
        targets_(targets),
        options_(options),
        random_(options.seed, "endtoend/network") {
    model_.parameters = InitialParameters(shape_, random_);
    const std::size_t n = model.microservices.size();
    for (const EndToEndSample* sample : training) {
      for (std::size_t i = 0; i < 2 * n; ++i) {
        const OwnLatency& own = sample->own_latency[i / 2];
        inputs_.push_back(
            static_cast<float>((LogMs(i % 2 == 0 ? own.mean : own.max) - model.input_center[i]) *
                               model.input_scale[i]));
      }
    }
    for (std::size_t s = 0; s < training.size(); ++s) order_.push_back(s);
  }

  void Run() {
    TailNetworkPass<float> pass(shape_);
    const std::size_t count = order_.size();
    const auto batch = static_cast<std::size_t>(options_.batch);
    const std::size_t batches = (count + batch - 1) / batch;
    const auto passes = static_cast<std::size_t>(
        std::clamp<std::int64_t>(options_.samples_read / static_cast<std::int64_t>(count), 4, 400));
    const std::size_t steps = passes * batches;
    gradient_.resize(model_.parameters.size());
    first_.resize(gradient_.size());
    second_.resize(gradient_.size());
    std::size_t step = 0;
    for (std::size_t round = 0; round < passes; ++round) {
      Shuffle(order_, random_);
      for (std::size_t start = 0; start < count; start += batch) {
        const double progress = static_cast<double>(step) / static_cast<double>(steps);
        // A cosine without the C library's: 1 - 3p^2 + 2p^3 has the same ends and slopes.
        const double rate = options_.peak_rate * (1 - progress * progress * (3 - 2 * progress));
        Descend(pass, start, std::min(start + batch, count), rate);
        ++step;
      }
    }
  }

 private:
  void Descend(TailNetworkPass<float>& pass, std::size_t from, std::size_t to, double rate) {
    std::fill(gradient_.begin(), gradient_.end(), 0.0f);
    const std::size_t width = 2 * model_.microservices.size();
    const auto bound = static_cast<float>(options_.huber_log / model_.output_scale);
    for (std::size_t i = from; i < to; ++i) {
      const std::size_t s = order_[i];
      const float y = pass.Forward(model_.parameters.data(), &inputs_[s * width]);
      const float error = y - static_cast<float>(targets_[s]);
      const float slope = static_cast<float>(weights_[s]) * std::clamp(error, -bound, bound) /
                          (bound * static_cast<float>(to - from));
      pass.Backward(model_.parameters.data(), slope, gradient_.data(), nullptr);
    }
    constexpr float kFirst = 0.9f;
    constexpr float kSecond = 0.99f;
    decay_first_ *= kFirst;
    decay_second_ *= kSecond;
    const auto first_scale = static_cast<float>(rate / (1 - decay_first_));
    const auto second_scale = static_cast<float>(1 / (1 - decay_second_));
    const auto shrink = static_cast<float>(1 - rate * options_.weight_decay);
    for (std::size_t i = 0; i < gradient_.size(); ++i) {
      const float g = gradient_[i];
      first_[i] = kFirst * first_[i] + (1 - kFirst) * g;
      second_[i] = kSecond * second_[i] + (1 - kSecond) * g * g;
      model_.parameters[i] =
          model_.parameters[i] * shrink -
          first_scale * first_[i] / (std::sqrt(second_[i] * second_scale) + 1e-8f);
    }
  }

  EndToEndModel& model_;
  TailNetworkShape shape_;
  std::span<const double> weights_;
  std::span<const double> targets_;
  const EndToEndTrainingOptions& options_;
  RandomStream random_;
  std::vector<float> inputs_;  // [sample][tokens * 2]
  std::vector<std::size_t> order_;
  std::vector<float> gradient_;
  std::vector<float> first_;
  std::vector<float> second_;
  double decay_first_ = 1;
  double decay_second_ = 1;
};

std::vector<double> WeightsOf(const Chosen& samples, double model_error) {
  std::vector<double> weights;
  double total = 0;
  for (const EndToEndSample* sample : samples) {
    const double error = sample->relative_standard_error;
    weights.push_back(1 / (model_error * model_error + error * error));
    total += weights.back();
  }
  for (double& weight : weights) weight *= static_cast<double>(weights.size()) / total;
  return weights;
}

// The logarithm of what the composition leaves to the network.
double Residual(const EndToEndModel& model, const EndToEndSample& sample) {
  if (!HasComposition(model.kind)) return LogMs(sample.tail);
  double sum = model.composition_constant;
  for (std::size_t i = 0; i < model.composition_shares.size(); ++i) {
    const Latency mean = std::max(sample.own_latency[i].mean, EndToEndPredictor::kShortest);
    sum += model.composition_shares[i] * InMilliseconds(mean);
  }
  return LogMs(sample.tail) - model.composition_weight * PortableLog(sum);
}

// First the composition, then the network on what that leaves.
void Fit(const Chosen& training, const EndToEndTrainingOptions& options, EndToEndModel& model) {
  const std::vector<double> weights = WeightsOf(training, options.model_error);
  FitInputScaling(training, model);
  if (HasComposition(model.kind)) {
    Composition fit = FitComposition(training, weights, options.huber_log);
    model.composition_weight = HasNetwork(model.kind) ? options.composition_weight : 1;
    model.composition_constant = fit.constant;
    model.composition_shares = std::move(fit.shares);
  }
  if (!HasNetwork(model.kind)) return;
  std::vector<double> targets;
  for (const EndToEndSample* sample : training) targets.push_back(Residual(model, *sample));
  const Moments moments = MomentsOf(targets);
  model.output_center = moments.mean;
  model.output_scale = std::max(moments.deviation, 1e-6);
  for (double& target : targets) target = (target - model.output_center) / model.output_scale;
  NetworkTraining(model, training, weights, targets, options).Run();
}

double Accuracy(const EndToEndPredictor& predictor, const Chosen& samples) {
  if (samples.empty()) return 0;
  double error = 0;
  for (const EndToEndSample* sample : samples) {
    error += std::abs(predictor.Predict(sample->own_latency) / sample->tail - 1);
  }
  return 1 - error / static_cast<double>(samples.size());
}

}  // namespace

absl::Status EndToEndTrainingOptions::Validate() const {
  std::vector<std::string> problems;
  const auto check = [&problems](std::string_view name, double value, double low, double high) {
    if (value >= low && value <= high) return;
    problems.push_back(fmt::format("{} is {}, expected {} to {}", name, value, low, high));
  };
  check("hidden", hidden, 1, TailNetworkShape::kMaxHidden);
  check("test_share", test_share, 0, 0.5);
  check("calibration_share", calibration_share, 0, 0.4);
  check("samples_read", static_cast<double>(samples_read), 1, 1e9);
  check("batch", batch, 1, 1024);
  check("peak_rate", peak_rate, 1e-6, 1);
  check("weight_decay", weight_decay, 0, 100);
  check("composition_weight", composition_weight, 0, 1);
  check("huber_log", huber_log, 1e-3, 10);
  check("model_error", model_error, 1e-3, 1);
  if (problems.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      fmt::format("end-to-end training options: {}", fmt::join(problems, "; ")));
}

absl::StatusOr<TrainedEndToEndModel> TrainEndToEnd(std::vector<std::string> microservices,
                                                   std::span<const EndToEndSample> samples,
                                                   const EndToEndTrainingOptions& options) {
  if (absl::Status status = options.Validate(); !status.ok()) return status;
  if (absl::Status status = CheckSamples(microservices.size(), samples); !status.ok()) {
    return status;
  }
  const Split split = SplitByRun(samples, options);
  TrainedEndToEndModel trained;
  trained.report = split.counts;
  EndToEndModel& model = trained.model;
  model.kind = options.kind;
  model.microservices = std::move(microservices);
  model.hidden = options.hidden;
  Fit(split.training, options, model);

  absl::StatusOr<EndToEndPredictor> predictor = EndToEndPredictor::Create(model);
  if (!predictor.ok()) return predictor.status();
  for (const EndToEndSample* sample : split.calibration) {
    model.error_ratios.push_back(sample->tail / predictor->Predict(sample->own_latency));
  }
  std::sort(model.error_ratios.begin(), model.error_ratios.end());
  trained.report.training_accuracy = Accuracy(*predictor, split.training);
  trained.report.calibration_accuracy = Accuracy(*predictor, split.calibration);
  trained.report.test_accuracy = Accuracy(*predictor, split.test);
  return trained;
}

double EndToEndAccuracy(const EndToEndModel& model, std::span<const EndToEndSample> samples) {
  const absl::StatusOr<EndToEndPredictor> predictor = EndToEndPredictor::Create(model);
  if (!predictor.ok()) return 0;
  Chosen all;
  for (const EndToEndSample& sample : samples) all.push_back(&sample);
  return Accuracy(*predictor, all);
}

}  // namespace trimtab
