#include "trimtab/profiling/train_profile.h"

#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_join.h"
#include "fmt/format.h"
#include "trimtab/latency/accuracy.h"
#include "trimtab/latency/cumulant_accuracy.h"
#include "trimtab/latency/neural_cumulant_model.h"
#include "trimtab/latency/slope_signs.h"
#include "trimtab/neural/parallel_for.h"
#include "trimtab/probability/random_stream.h"
#include "trimtab/profiling/training_samples.h"

namespace trimtab {
namespace {

std::uint64_t SeedOf(std::uint64_t seed, const std::string& name) {
  return RandomStream(seed, fmt::format("training/{}", name)).NextBits();
}

absl::Status CheckSameScenario(const SampleManifest& a, const SampleManifest& b) {
  std::vector<std::string> differences;
  const auto compare = [&](const char* field, const std::string& left, const std::string& right) {
    if (left != right) differences.push_back(fmt::format("{}: '{}' and '{}'", field, left, right));
  };
  compare("application", a.application, b.application);
  compare("scenarioHash", a.scenario_hash, b.scenario_hash);
  compare("microservices", absl::StrJoin(a.Names(), ","), absl::StrJoin(b.Names(), ","));
  if (differences.empty()) return absl::OkStatus();
  return absl::FailedPreconditionError(
      fmt::format("the two sample tables differ ({})", absl::StrJoin(differences, "; ")));
}

LatencyQuality QualityOf(const LatencyModel& model, const std::vector<LatencySample>& test) {
  LatencyQuality quality;
  quality.samples = static_cast<std::int64_t>(test.size());
  if (test.empty()) return quality;
  quality.accuracy = Accuracy(model, test);
  for (const InterferenceMask& mask : StandardMasks()) {
    if (mask.hidden != 0) quality.masked.push_back({mask.name, Accuracy(model, test, mask)});
  }
  quality.right_signs = RightSlopeSigns(model, test);
  return quality;
}

// All models of one microservice.
struct TrainedMicroservice {
  ProfiledMicroservice tail;
  std::optional<ProfiledCumulants> cumulants;
};

absl::StatusOr<ProfiledCumulants> TrainCumulants(const std::vector<LatencySample>& training,
                                                 const std::vector<LatencySample>& test,
                                                 const NeuralLatencyOptions& options) {
  auto model = NeuralCumulantModel::Fit(training, options);
  if (!model.ok()) return model.status();
  const CumulantAccuracy quality = AccuracyOfCumulants(*model, test);
  return ProfiledCumulants{*std::move(model), quality};
}

absl::StatusOr<TrainedMicroservice> TrainOne(const SampleTable& samples, MicroserviceId id,
                                             const TrainingOptions& options) {
  const std::string& name = samples.manifest.microservices[id.value()].name;
  const auto training = LatencySamplesOf(samples, id, SampleRole::kTrain);
  if (static_cast<std::int64_t>(training.size()) < kFewestTrainingSamples) {
    return absl::InvalidArgumentError(
        fmt::format("microservice '{}' has {} training samples, at least {} are needed", name,
                    training.size(), kFewestTrainingSamples));
  }
  const auto test = LatencySamplesOf(samples, id, SampleRole::kTest);
  NeuralLatencyOptions latency = options.latency;
  latency.seed = SeedOf(options.seed, name);
  const auto named = [&name](const absl::Status& status) {
    return absl::Status(status.code(),
                        fmt::format("microservice '{}': {}", name, std::string(status.message())));
  };
  auto model = NeuralLatencyModel::Fit(training, latency);
  if (!model.ok()) return named(model.status());
  auto quality = QualityOf(*model, test);
  TrainedMicroservice trained{
      {name, *std::move(model), std::move(quality), static_cast<std::int64_t>(training.size())},
      std::nullopt};
  if (options.cumulants) {
    auto cumulants = TrainCumulants(training, test, latency);
    if (!cumulants.ok()) return named(cumulants.status());
    trained.cumulants = *std::move(cumulants);
  }
  return trained;
}

absl::Status TrainLatencies(const SampleTable& samples, const TrainingOptions& options,
                            ApplicationProfile& profile) {
  const std::size_t count = samples.manifest.microservices.size();
  std::vector<std::optional<absl::StatusOr<TrainedMicroservice>>> trained(count);
  std::mutex mutex;  // guards done and the progress callback
  std::int64_t done = 0;
  ParallelFor(count, options.threads, [&](std::size_t m) {
    trained[m].emplace(TrainOne(samples, MicroserviceId(m), options));
    const std::lock_guard lock(mutex);
    ++done;
    if (options.progress) options.progress(done, static_cast<std::int64_t>(count) + 1);
  });
  if (options.cumulants) profile.cumulants.emplace();
  for (auto& one : trained) {
    if (!one->ok()) return one->status();
    TrainedMicroservice& of = **one;
    profile.microservices.push_back(std::move(of.tail));
    if (of.cumulants) profile.cumulants->microservices.push_back(*std::move(of.cumulants));
  }
  return absl::OkStatus();
}

absl::Status TrainEndToEndOf(const SampleTable& tree_samples, const TrainingOptions& options,
                             ApplicationProfile& profile) {
  const auto models = profile.LatencyModels();
  const auto training = EndToEndSamplesOf(tree_samples, SampleRole::kTrain, models);
  const auto test = EndToEndSamplesOf(tree_samples, SampleRole::kTest, models);
  EndToEndTrainingOptions end_to_end = options.end_to_end;
  end_to_end.seed = SeedOf(options.seed, "end-to-end");
  // The table holds its own runs out.
  end_to_end.test_share = 0;
  auto trained = TrainEndToEnd(tree_samples.manifest.Names(), training, end_to_end);
  if (!trained.ok()) return trained.status();
  profile.end_to_end = std::move(trained->model);
  profile.end_to_end_quality.training_runs = static_cast<std::int64_t>(training.size());
  profile.end_to_end_quality.test_runs = static_cast<std::int64_t>(test.size());
  if (!test.empty()) {
    profile.end_to_end_quality.accuracy = 100 * EndToEndAccuracy(profile.end_to_end, test);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<ApplicationProfile> TrainProfile(const SampleTable& samples,
                                                const SampleTable& tree_samples,
                                                const TrainingOptions& options) {
  const SampleManifest& manifest = samples.manifest;
  if (auto status = CheckSameScenario(manifest, tree_samples.manifest); !status.ok()) return status;
  ApplicationProfile profile;
  profile.application = manifest.application;
  profile.scenario_hash = manifest.scenario_hash;
  profile.sample_seed = manifest.options.seed;
  profile.training_seed = options.seed;
  if (auto status = TrainLatencies(samples, options, profile); !status.ok()) return status;
  if (auto status = TrainEndToEndOf(tree_samples, options, profile); !status.ok()) return status;
  const auto count = static_cast<std::int64_t>(profile.microservices.size()) + 1;
  if (options.progress) options.progress(count, count);
  return profile;
}

absl::StatusOr<ProfiledApplication> ProfileAndTrain(
    const Application& application, const SampleSource& source, const std::string& scenario_hash,
    const SweepOptions& sweep, const SweepRunner& runner, const TrainingOptions& training) {
  const auto prepared = PrepareSweep(application, source, scenario_hash, sweep);
  if (!prepared.ok()) return prepared.status();
  auto samples = RunSweep(application, source, *prepared, runner, nullptr);
  if (!samples.ok()) return samples.status();
  auto profile = TrainProfile(*samples, *samples, training);
  if (!profile.ok()) return profile.status();
  return ProfiledApplication{*std::move(samples), *std::move(profile)};
}

}  // namespace trimtab
