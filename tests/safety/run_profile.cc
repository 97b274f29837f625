#include "tests/safety/run_profile.h"

#include <vector>

#include "absl/status/statusor.h"
#include "trimtab/profile/application_profile.h"

namespace trimtab {
namespace {

absl::StatusOr<NeuralLatencyModel> Model() {
  std::vector<LatencySample> samples;
  for (int millicores = 100; millicores <= 1000; millicores += 100) {
    for (int mebibytes = 100; mebibytes <= 400; mebibytes += 100) {
      for (int load = 1; load <= 100; load += 11) {
        LatencySample sample;
        sample.features = {{Millicores(millicores), Mebibytes(mebibytes)},
                           RequestsPerSecond(load),
                           Interference::None()};
        sample.tail = Latency((20'000.0 / millicores) * (1 + load / 100.0));
        samples.push_back(sample);
      }
    }
  }
  NeuralLatencyOptions options;
  options.hidden = 8;
  options.samples_read = 100'000;
  return NeuralLatencyModel::Fit(samples, options);
}

}  // namespace

absl::Status WriteRunProfile(const std::string& path) {
  ApplicationProfile profile;
  profile.application = "two";
  profile.scenario_hash = "0123456789abcdef";
  for (const char* name : {kFrontWorkload, kBackWorkload}) {
    auto model = Model();
    if (!model.ok()) return model.status();
    LatencyQuality quality{.samples = 1, .accuracy = 95};
    quality.right_signs = {.cpu = 1, .memory = 1, .load = 1};
    profile.microservices.push_back({name, *std::move(model), quality, 400});
  }
  EndToEndModel& tail = profile.end_to_end;
  tail.kind = EndToEndKind::kComposition;
  tail.microservices = {kFrontWorkload, kBackWorkload};
  tail.input_center = {0, 0, 0, 0};
  tail.input_scale = {1, 1, 1, 1};
  tail.composition_shares = {1, 1};
  tail.error_ratios = {0.9, 1.1};
  profile.end_to_end_quality = {.training_runs = 1, .test_runs = 1, .accuracy = 95};
  return SaveProfile(profile, path);
}

}  // namespace trimtab
