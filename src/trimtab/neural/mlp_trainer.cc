#include "trimtab/neural/mlp_trainer.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <numeric>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "trimtab/neural/mlp.h"
#include "trimtab/neural/mlp_shape.h"
#include "trimtab/neural/mlp_step.h"
#include "trimtab/probability/random_stream.h"

namespace trimtab {
namespace {

constexpr int kMaxBatchRows = 512;

bool IsUnit(double value) { return value >= 0 && value <= 1; }

// Adam's factors at step `step` of `steps`, counted from 0. The powers of the decays are kept as
// running products: std::pow differs between machines.
class Schedule {
 public:
  Schedule(double peak_rate, std::int64_t steps)
      : peak_rate_(peak_rate), steps_(static_cast<double>(steps)) {}

  AdamStep Next() {
    AdamStep adam;
    first_power_ *= 0.9;
    second_power_ *= 0.999;
    const double done = static_cast<double>(step_++) / steps_;
    const double rate = peak_rate_ * (1 - done) * (1 - done) * (1 + 2 * done);
    adam.rate = static_cast<float>(rate / (1 - first_power_));
    adam.second_scale = static_cast<float>(1 / (1 - second_power_));
    return adam;
  }

 private:
  double peak_rate_;
  double steps_;
  std::int64_t step_ = 0;
  double first_power_ = 1;
  double second_power_ = 1;
};

void Shuffle(std::span<std::uint32_t> order, RandomStream& random) {
  for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[random.Below(i)]);
}

// The buffers of one mini-batch, filled from the samples in a given order.
class BatchBuffer {
 public:
  BatchBuffer(const MlpSamples& samples, const MlpTrainerOptions& options)
      : samples_(samples),
        options_(options),
        threshold_(static_cast<std::uint64_t>(options.mask_probability * 65536.0)),
        capacity_(static_cast<std::size_t>(options.batch_rows)),
        inputs_(capacity_ * samples.stride()),
        targets_(capacity_),
        weights_(capacity_) {
    double total = 0;
    for (std::size_t i = 0; i < samples.rows(); ++i) total += samples.weight(i);
    mean_weight_ = total / static_cast<double>(samples.rows());
  }

  // REQUIRES: at most batch_rows indices.
  MlpBatch Fill(std::span<const std::uint32_t> indices, RandomStream& masks) {
    const auto scale =
        static_cast<float>(1.0 / (mean_weight_ * static_cast<double>(indices.size())));
    const std::size_t stride = samples_.stride();
    for (std::size_t r = 0; r < indices.size(); ++r) {
      float* row = inputs_.data() + r * stride;
      std::copy_n(samples_.table() + indices[r] * stride, stride, row);
      Mask(row, masks);
      targets_.data()[r] = samples_.target(indices[r]);
      weights_.data()[r] = samples_.weight(indices[r]) * scale;
    }
    // Rows that fill the last batch up keep old, finite inputs and count nothing.
    std::fill(weights_.data() + indices.size(), weights_.data() + capacity_, 0.0f);
    return {inputs_.data(), targets_.data(), weights_.data(), (indices.size() + 7) / 8 * 8};
  }

 private:
  void Mask(float* row, RandomStream& masks) const {
    if (threshold_ == 0) return;
    std::uint64_t bits = 0;
    for (std::size_t k = 0; k < options_.masked_inputs.size(); ++k) {
      // Sixteen random bits decide one mask: one draw serves four.
      bits = k % 4 == 0 ? masks.NextBits() : bits >> 16;
      if ((bits & 0xffff) >= threshold_) continue;
      row[options_.masked_inputs[k].value] = 0;
      row[options_.masked_inputs[k].flag] = 0;
    }
  }

  const MlpSamples& samples_;
  const MlpTrainerOptions& options_;
  std::uint64_t threshold_;
  std::size_t capacity_;
  double mean_weight_ = 1;
  AlignedFloats inputs_;
  AlignedFloats targets_;
  AlignedFloats weights_;
};

void RunEpochs(const MlpSamples& samples, const MlpTrainerOptions& options,
               MlpTrainingState& state) {
  RandomStream shuffles(options.seed, "training/shuffle");
  RandomStream masks(options.seed, "training/masks");
  const std::size_t rows = samples.rows();
  const auto batch_rows = static_cast<std::size_t>(options.batch_rows);
  const std::size_t batches = (rows + batch_rows - 1) / batch_rows;
  Schedule schedule(options.peak_rate, static_cast<std::int64_t>(batches) * options.epochs);
  BatchBuffer buffer(samples, options);
  std::vector<std::uint32_t> order(rows);
  std::iota(order.begin(), order.end(), 0u);
  const auto huber = static_cast<float>(options.huber);
  for (int epoch = 0; epoch < options.epochs; ++epoch) {
    Shuffle(order, shuffles);
    for (std::size_t first = 0; first < rows; first += batch_rows) {
      const std::size_t count = std::min(batch_rows, rows - first);
      const MlpBatch batch = buffer.Fill({order.data() + first, count}, masks);
      TrainMlpStep(state, batch, huber, schedule.Next(), options.simd);
    }
  }
}

}  // namespace

MlpSamples::MlpSamples(int inputs, std::size_t rows)
    : inputs_(inputs),
      stride_(static_cast<std::size_t>(MlpShape{.inputs = inputs}.padded_inputs())),
      table_(rows * stride_),
      targets_(rows),
      weights_(rows, 1.0f) {}

absl::Status MlpSamples::Validate() const {
  if (rows() == 0) return absl::InvalidArgumentError("no samples to train on");
  double total = 0;
  for (std::size_t i = 0; i < rows(); ++i) {
    for (int k = 0; k < inputs_; ++k) {
      const float value = table_.data()[i * stride_ + static_cast<std::size_t>(k)];
      if (std::isfinite(value)) continue;
      return absl::InvalidArgumentError(
          fmt::format("sample {} input {} is {}, expected a finite number", i, k, value));
    }
    if (!std::isfinite(targets_[i])) {
      return absl::InvalidArgumentError(
          fmt::format("sample {} target is {}, expected a finite number", i, targets_[i]));
    }
    if (!(weights_[i] >= 0) || !std::isfinite(weights_[i])) {
      return absl::InvalidArgumentError(fmt::format(
          "sample {} weight is {}, expected a finite number of at least 0", i, weights_[i]));
    }
    total += weights_[i];
  }
  if (total <= 0) return absl::InvalidArgumentError("all sample weights are 0");
  return absl::OkStatus();
}

absl::Status MlpTrainerOptions::Validate(const MlpShape& shape) const {
  std::string violations;
  const auto check = [&violations](bool ok, const char* name, double value, const char* bound) {
    if (ok) return;
    violations +=
        fmt::format("{}{} is {}, expected {}", violations.empty() ? "" : "; ", name, value, bound);
  };
  check(epochs >= 1, "epochs", epochs, "at least 1");
  check(batch_rows >= 8 && batch_rows <= kMaxBatchRows && batch_rows % 8 == 0, "batch rows",
        batch_rows, "a multiple of 8 up to 512");
  check(peak_rate > 0 && peak_rate <= 1, "peak learning rate", peak_rate, "0 to 1, above 0");
  check(huber > 0 && std::isfinite(huber), "Huber residual", huber, "a number above 0");
  check(IsUnit(mask_probability), "mask probability", mask_probability, "0 to 1");
  for (const MonotoneInput& monotone : monotone_inputs) {
    check(monotone.input >= 0 && monotone.input < shape.inputs, "monotone input", monotone.input,
          "an input of the network");
    check(std::abs(monotone.direction) == 1, "monotone direction", monotone.direction, "1 or -1");
  }
  for (const MaskedInput& masked : masked_inputs) {
    for (const int input : {masked.value, masked.flag}) {
      check(input >= 0 && input < shape.inputs, "masked input", input, "an input of the network");
    }
  }
  return violations.empty() ? absl::OkStatus() : absl::InvalidArgumentError(violations);
}

absl::StatusOr<Mlp> TrainMlp(const MlpSamples& samples, const MlpShape& shape,
                             const MlpTrainerOptions& options) {
  if (absl::Status status = shape.Validate(); !status.ok()) return status;
  if (absl::Status status = options.Validate(shape); !status.ok()) return status;
  if (absl::Status status = samples.Validate(); !status.ok()) return status;
  if (samples.inputs() != shape.inputs) {
    return absl::InvalidArgumentError(
        fmt::format("samples have {} inputs, expected {}", samples.inputs(), shape.inputs));
  }
  RandomStream initial(options.seed, "training/weights");
  absl::StatusOr<Mlp> mlp = Mlp::CreateRandom(shape, options.monotone_inputs, initial);
  if (!mlp.ok()) return mlp;
  MlpTrainingState state(shape, static_cast<std::size_t>(options.batch_rows),
                         options.monotone_inputs);
  std::copy_n(mlp->weights().data(), shape.parameter_count(), state.weights());
  state.WeightsChanged();
  RunEpochs(samples, options, state);
  std::copy_n(state.weights(), shape.parameter_count(), mlp->weights().data());
  const bool finite = std::all_of(mlp->weights().begin(), mlp->weights().end(),
                                  [](float weight) { return std::isfinite(weight); });
  if (!finite) {
    return absl::InternalError(fmt::format(
        "training diverged: weights are not finite at peak learning rate {}", options.peak_rate));
  }
  return mlp;
}

}  // namespace trimtab
