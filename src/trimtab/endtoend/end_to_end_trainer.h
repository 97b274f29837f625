// Training of the end-to-end predictor: split by run, fit, calibrate, test.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "trimtab/endtoend/end_to_end_model.h"
#include "trimtab/endtoend/own_latency.h"

namespace trimtab {

struct EndToEndTrainingOptions {
  // Decides the model. Grad IV-C fixes d_k = 2 and tells neither width, loss nor optimiser.
  EndToEndKind kind = EndToEndKind::kCorrected;
  int hidden = 32;
  double test_share = 0.15;         // of the runs (Grad VI-B)
  double calibration_share = 0.15;  // of the runs; for the error quantile alone
  // Passes go on until about this many samples have been read.
  std::int64_t samples_read = 30'000;
  int batch = 16;
  double peak_rate = 0.01;  // Adam, falling as a cosine
  // Of the network, per unit of rate. Strong, since a few hundred runs are few: of 0.001 to 8 it is
  // what predicts unseen runs of Hotel Reservation best.
  double weight_decay = 2;
  // How much of the tail's logarithm is the composition's. With all of it, the network must unlearn
  // that latencies add up where operations of unequal length mix.
  double composition_weight = 0.25;
  // Residual from which the loss is linear, of the tail's logarithm: 0.1 is 10 %.
  double huber_log = 0.1;
  // Expected relative error of the model itself: a sample of relative standard error e weighs
  // 1 / (model_error^2 + e^2).
  double model_error = 0.05;
  std::uint64_t seed = 1;

  // kInvalidArgument lists every violation with its name, value and bound.
  absl::Status Validate() const;
};

// Accuracy is 100 % - MAPE, as a share.
struct EndToEndTrainingReport {
  std::size_t training_runs = 0;
  std::size_t calibration_runs = 0;
  std::size_t test_runs = 0;
  double training_accuracy = 0;
  double calibration_accuracy = 0;
  double test_accuracy = 0;  // on runs that neither training nor calibration saw
};

struct TrainedEndToEndModel {
  EndToEndModel model;
  EndToEndTrainingReport report;
};

// The same arguments give the same bytes, on every machine of the architecture.
// kInvalidArgument on a bad option, a sample that does not have one positive latency a
// microservice, or fewer than 20 runs, naming the sample.
// Cost: about 5 us a sample read with 17 tokens, growing with the square of the tokens.
absl::StatusOr<TrainedEndToEndModel> TrainEndToEnd(std::vector<std::string> microservices,
                                                   std::span<const EndToEndSample> samples,
                                                   const EndToEndTrainingOptions& options);

// 1 - mean of |predicted - measured| / measured. REQUIRES: a valid model and at least one sample.
double EndToEndAccuracy(const EndToEndModel& model, std::span<const EndToEndSample> samples);

}  // namespace trimtab
