// The trained models of one application as one versioned file.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "trimtab/application/application.h"
#include "trimtab/endtoend/end_to_end_model.h"
#include "trimtab/latency/latency_model.h"
#include "trimtab/latency/neural_latency_model.h"
#include "trimtab/latency/slope_signs.h"
#include "trimtab/neural/simd_level.h"
#include "trimtab/profile/cumulant_profile.h"
#include "trimtab/profile/distribution_profile.h"
#include "trimtab/quantity/time.h"

namespace trimtab {

// Errors of a latency model on settings it never saw, in the figures of `latency/accuracy.h`:
// accuracies are 100 % - MAPE, in percent (Grad VI-B).
struct LatencyQuality {
  // With one or all interferences hidden from the model, by the name of the mask.
  struct Masked {
    std::string hidden;
    double accuracy = 0;
    friend bool operator==(const Masked&, const Masked&) = default;
  };
  std::int64_t samples = 0;
  double accuracy = 0;
  std::vector<Masked> masked = {};
  SlopeSigns right_signs = {};
};

struct ProfiledMicroservice {
  std::string name;
  NeuralLatencyModel latency;  // with the ranges it was profiled in
  LatencyQuality quality;
  std::int64_t training_samples = 0;
};

// Errors of the end-to-end model on runs it never saw; accuracy in percent.
struct EndToEndQuality {
  std::int64_t training_runs = 0;
  std::int64_t test_runs = 0;
  double accuracy = 0;
  friend bool operator==(const EndToEndQuality&, const EndToEndQuality&) = default;
};

// The offline result of Grad, and of Derm: everything that planning needs to know of an
// application. Immutable once made; thread-safe.
struct ApplicationProfile {
  // Of the file. A profile of another version is refused: a model read half-way right is worse
  // than none.
  static constexpr int kVersion = 1;

  std::string application;
  std::string scenario_hash;  // of the cluster and call programs that were profiled
  std::uint64_t sample_seed = 0;
  std::uint64_t training_seed = 0;
  // To the second; absent in a profile that nobody dated.
  std::optional<Instant> trained_at = std::nullopt;
  std::vector<ProfiledMicroservice> microservices;  // in the order of MicroserviceId
  EndToEndModel end_to_end;                         // its tokens are the microservices, in order
  EndToEndQuality end_to_end_quality;
  // Where they were measured too: what Derm plans on. A section with a version of its own.
  std::optional<DistributionProfile> distributions = std::nullopt;
  // Where they were trained too, as above.
  std::optional<CumulantProfile> cumulants = std::nullopt;

  // The models in the order of MicroserviceId; they live as long as this profile.
  std::vector<const LatencyModel*> LatencyModels() const;
};

// JSON text, described by docs/schemas/profile.schema.json. Reading it back gives the same bytes.
std::string ProfileToJson(const ApplicationProfile& profile);

// Strict: kInvalidArgument names the member that is unknown, missing, mistyped or out of bounds;
// kFailedPrecondition for another version. `simd` is how the models will compute.
absl::StatusOr<ApplicationProfile> ProfileFromJson(std::string_view text, SimdLevel simd);

// The file is replaced in one step: it never holds half a profile.
absl::Status SaveProfile(const ApplicationProfile& profile, const std::string& path);
// As ProfileFromJson, with the file's name; kNotFound when there is none, kOutOfRange above 64 MiB.
absl::StatusOr<ApplicationProfile> LoadProfile(const std::string& path, SimdLevel simd);

// kFailedPrecondition, naming every field that differs with both values, when `profile` is not one
// of this application in this scenario.
absl::Status CheckProfileFits(const ApplicationProfile& profile, const Application& application,
                              std::string_view scenario_hash);

}  // namespace trimtab
