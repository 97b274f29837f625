// Trains one small dense network on a table of samples.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "trimtab/neural/aligned_floats.h"
#include "trimtab/neural/mlp.h"
#include "trimtab/neural/mlp_shape.h"
#include "trimtab/neural/simd_level.h"

namespace trimtab {

// Samples in the layout that the kernels read. A value type.
class MlpSamples {
 public:
  // REQUIRES: 1 <= inputs <= MlpShape::kMaxInputs.
  MlpSamples(int inputs, std::size_t rows);

  int inputs() const { return inputs_; }
  std::size_t rows() const { return targets_.size(); }
  std::size_t stride() const { return stride_; }
  // The inputs of a sample, to be written; its padding stays zero.
  std::span<float> row(std::size_t index) {
    return table_.span().subspan(index * stride_, static_cast<std::size_t>(inputs_));
  }
  // All rows, [rows][stride].
  const float* table() const { return table_.data(); }
  float& target(std::size_t index) { return targets_[index]; }
  float target(std::size_t index) const { return targets_[index]; }
  // How much a sample counts; 1 unless set. Training divides by the mean.
  float& weight(std::size_t index) { return weights_[index]; }
  float weight(std::size_t index) const { return weights_[index]; }

  // kInvalidArgument naming the first sample with a number that is not finite or a weight below 0,
  // or when there is no sample or no weight at all.
  absl::Status Validate() const;

 private:
  int inputs_;
  std::size_t stride_;
  AlignedFloats table_;
  std::vector<float> targets_;
  std::vector<float> weights_;
};

// An input that training hides at random: its value becomes 0, and so does the input that says
// whether the value is known.
struct MaskedInput {
  int value = 0;
  int flag = 0;
};

struct MlpTrainerOptions {
  // Decides the model.
  int epochs = 8;
  int batch_rows = 32;  // a multiple of 8, at most 512
  // Learning rate at the start. It falls to 0 along a cubic that stays within 1 % of half a
  // cosine's; the cubic gives the same bytes everywhere.
  double peak_rate = 0.032;
  // Residual, in units of the target, from which the loss is linear (Huber); > 0.
  double huber = 0.1;
  std::vector<MaskedInput> masked_inputs = {};
  double mask_probability = 0;  // of each masked input, drawn anew for each sample and epoch
  // Hard: the network is monotone along these inputs everywhere, not only at the samples.
  std::vector<MonotoneInput> monotone_inputs = {};
  std::uint64_t seed = 1;
  SimdLevel simd = SimdLevel::kNative;

  // kInvalidArgument naming every value that is out of its bound.
  absl::Status Validate(const MlpShape& shape) const;
};

// Fits a network of `shape` to `samples` with Adam. The same arguments give the same bytes (see
// SimdLevel). Thread-safe; uses one thread: train several models in parallel with ParallelFor.
// Fails with kInvalidArgument on a bad shape, sample or option, and with kInternal when the
// weights became infinite. Cost: about 0.1 us a sample and epoch for 7-32-32-32-1 with AVX-512.
absl::StatusOr<Mlp> TrainMlp(const MlpSamples& samples, const MlpShape& shape,
                             const MlpTrainerOptions& options);

}  // namespace trimtab
