// Training of the share network: Adam on the cross-entropy, the best pass on a validation block.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "trimtab/graphdynamics/share_series.h"
#include "trimtab/neural/simd_level.h"

namespace trimtab {

struct ShareNetworkModel;

// The paper gives window and sizes; loss, optimiser and rates are ours (D18).
struct ShareTrainingOptions {
  // Decides the model.
  int window = 5;         // Derm V-A
  int encoder = 128;      // Derm V-B
  int decoder = 32;       // Derm V-B
  bool attention = true;  // Derm V-B
  // Predict a ratio to the shares that the attention picks out of the window, and mix with them in
  // the proportion that is best on the validation block; false is the paper's plain network.
  bool copying = true;
  // Decides how it is fitted.
  double validation_share = 0.15;  // of the blocks (or of each block's end), never trained on
  std::int64_t samples_read = 400'000;
  int most_passes = 60;        // over the series; a short one is read less often than samples_read
  int batch = 128;             // a multiple of 64
  double peak_rate = 0.003;    // Adam, falling as a cosine
  double weight_decay = 0.01;  // per unit of rate
  double gradient_norm = 1;    // the mean gradient of a batch is cut to this length
  // Go on from this model of the same space and shape: its weights, its scaling of inputs. Owned by
  // the caller.
  const ShareNetworkModel* start = nullptr;
  std::uint64_t seed = 1;
  int threads = 2;  // changes no figure
  SimdLevel level = SimdLevel::kNative;
  std::function<bool()> stopped = nullptr;  // asked after each batch

  // kInvalidArgument lists every violation with its name, value and bound.
  absl::Status Validate() const;
};

// Cross-entropies per sample, in nats.
struct ShareTrainingReport {
  std::size_t training_samples = 0;
  std::size_t validation_samples = 0;
  int passes = 0;
  int best_pass = 0;  // 0: the network before training
  double training_loss = 0;
  double validation_loss = 0;
};

// Trains on the places of `training` outside its validation block. The same arguments give the
// same bytes for any number of threads, on every machine with fused multiplications.
// kInvalidArgument on a bad option or series, a start of another shape, or without places;
// kCancelled when stopped. Cost: 7 MFLOP a sample read at the paper's size: 400,000 samples take 30
// to 45 s of one core.
absl::StatusOr<ShareNetworkModel> TrainShareNetwork(const ShareSeries& training,
                                                    const ShareTrainingOptions& options,
                                                    ShareTrainingReport* report = nullptr);

}  // namespace trimtab
