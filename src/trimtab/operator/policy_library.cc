#include "trimtab/operator/policy_library.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include "absl/status/status.h"
#include "fmt/format.h"
#include "fmt/ranges.h"
#include "trimtab/neural/simd_level.h"
#include "trimtab/profile/atomic_file.h"
#include "trimtab/scaling/derm/derm_models.h"
#include "trimtab/scaling/grad/grad_models.h"
#include "trimtab/scaling/policies.h"

namespace trimtab {
namespace {

std::set<std::string> NamesOf(const ApplicationProfile& profile) {
  std::set<std::string> names;
  for (const ProfiledMicroservice& of : profile.microservices) names.insert(of.name);
  return names;
}

std::set<std::string> NamesOf(const DistributionProfile& profile) {
  std::set<std::string> names;
  for (const ProfiledDistribution& of : profile.microservices) names.insert(of.name);
  return names;
}

std::set<std::string> NamesOf(const AppScaler& scaler) {
  std::set<std::string> names;
  for (const ScaledWorkload& workload : scaler.workloads) names.insert(workload.name);
  return names;
}

absl::StatusOr<PolicyParts> GradParts(const ApplicationProfile& profile,
                                      const Application& application) {
  std::vector<const NeuralLatencyModel*> latency;
  for (const Microservice& microservice : application.microservices()) {
    const auto found =
        std::ranges::find(profile.microservices, microservice.name, &ProfiledMicroservice::name);
    latency.push_back(&found->latency);
  }
  auto models = GradModels::Create(application, latency, profile.end_to_end);
  if (!models.ok()) return models.status();
  PolicyParts parts;
  parts.application = &application;
  parts.models = *std::move(models);
  return parts;
}

// The file of `trimtab profile --distributions`, not a profile with such a section.
bool HoldsDistributions(std::string_view text) {
  return text.substr(0, 100).find("\"trimtab distributions\"") != std::string_view::npos;
}

absl::StatusOr<PolicyParts> DermParts(const DistributionProfile& distributions,
                                      const AppScaler& scaler, const Application& application,
                                      Duration interval) {
  const DermModels all = DermModels::Of(distributions);
  PolicyParts parts;
  parts.application = &application;
  DermModels& models = parts.derm_models.emplace();
  models.levels = all.levels;
  for (const Microservice& microservice : application.microservices()) {
    const auto& known = distributions.microservices;
    const auto found = std::ranges::find(known, microservice.name, &ProfiledDistribution::name);
    if (found == known.end()) {
      return absl::FailedPreconditionError(
          fmt::format("microservice '{}' has no latency distribution", microservice.name));
    }
    models.microservices.push_back(
        all.microservices[static_cast<std::size_t>(found - known.begin())]);
  }
  if (!scaler.entry.arguments.empty()) parts.derm.predictor = DermPredictor::kNetwork;
  parts.derm.step = interval;
  parts.derm.container_start = std::min<Duration>(parts.derm.container_start, interval * 2 / 3);
  return parts;
}

WorkloadModel ModelOf(const ProfiledMicroservice& of) {
  WorkloadModel model{.workload = of.name, .samples = of.training_samples};
  if (of.quality.samples > 0) model.error_ratio = (100 - of.quality.accuracy) / 100;
  model.outside = [&ranges = of.latency.ranges()](const LatencyFeatures& features) {
    return ranges.Outside(features);
  };
  return model;
}

// The error is that of the cumulants, which `corrected` plans on: the mean over loads and levels.
// How many samples the laws were fitted to, a profile does not say.
WorkloadModel ModelOf(const ProfiledDistribution& of, const DistributionProfile& all) {
  WorkloadModel model{.workload = of.name};
  double errors = 0;
  std::int64_t loads = 0;
  for (const LatencyLaws& laws : of.levels) {
    errors += laws.quality.cumulants_p95_error * static_cast<double>(laws.quality.loads);
    loads += laws.quality.loads;
  }
  if (loads > 0) model.error_ratio = errors / static_cast<double>(loads);
  model.outside = [&of, &all](const LatencyFeatures& features) {
    std::vector<std::string> outside;
    if (features.container.cpu != of.container.cpu) outside.emplace_back("cpu");
    if (features.container.memory != of.container.memory) outside.emplace_back("memory");
    const auto& points = of.levels[all.LevelFor(features.interference)].cumulants.points();
    const double load = features.container_load.value();
    if (load < points.front().container_load || load > points.back().container_load) {
      outside.emplace_back("container_load");
    }
    if (!all.Covers(features.interference)) outside.emplace_back("interference");
    return outside;
  };
  return model;
}

}  // namespace

absl::StatusOr<PolicyLibrary> PolicyLibrary::Load(const std::vector<std::string>& files) {
  PolicyLibrary library;
  for (const std::string& file : files) {
    const auto text = ReadWholeFile(file);
    if (!text.ok()) return text.status();
    if (HoldsDistributions(*text)) {
      auto distributions = LoadDistributionProfile(file);
      if (!distributions.ok()) return distributions.status();
      for (const DistributionProfile& other : library.distributions_) {
        if (NamesOf(other) != NamesOf(*distributions)) continue;
        return absl::InvalidArgumentError(fmt::format(
            "'{}' has second distributions of the microservices of '{}'", file, other.application));
      }
      library.distributions_.push_back(*std::move(distributions));
      continue;
    }
    auto profile = LoadProfile(file, SimdLevel::kNative);
    if (!profile.ok()) return profile.status();
    for (const ApplicationProfile& other : library.profiles_) {
      if (NamesOf(other) == NamesOf(*profile)) {
        return absl::InvalidArgumentError(fmt::format(
            "'{}' is a second profile of the microservices of '{}'", file, other.application));
      }
    }
    library.profiles_.push_back(*std::move(profile));
  }
  return library;
}

const ApplicationProfile* PolicyLibrary::Find(const AppScaler& scaler) const {
  const std::set<std::string> names = NamesOf(scaler);
  const auto found = std::ranges::find_if(
      profiles_, [&names](const ApplicationProfile& profile) { return NamesOf(profile) == names; });
  return found == profiles_.end() ? nullptr : &*found;
}

// A file of its own goes before the section of a profile.
const DistributionProfile* PolicyLibrary::FindDistributions(const AppScaler& scaler) const {
  const std::set<std::string> names = NamesOf(scaler);
  for (const DistributionProfile& distributions : distributions_) {
    if (NamesOf(distributions) == names) return &distributions;
  }
  const ApplicationProfile* profile = Find(scaler);
  return profile != nullptr && profile->distributions ? &*profile->distributions : nullptr;
}

absl::Status PolicyLibrary::NothingFor(const AppScaler& scaler) const {
  std::vector<std::string> known;
  for (const ApplicationProfile& of : profiles_) {
    known.push_back(fmt::format("'{}' of {}", of.application, fmt::join(NamesOf(of), ", ")));
  }
  for (const DistributionProfile& of : distributions_) {
    known.push_back(
        fmt::format("distributions '{}' of {}", of.application, fmt::join(NamesOf(of), ", ")));
  }
  return absl::FailedPreconditionError(
      fmt::format("no {} the microservices {}; there is {}",
                  scaler.algorithm == ScalerAlgorithm::kGrad
                      ? "profile has"
                      : "latency distributions, which Derm plans on, are of",
                  fmt::join(NamesOf(scaler), ", "),
                  known.empty() ? "none" : fmt::format("{}", fmt::join(known, "; "))));
}

absl::StatusOr<std::unique_ptr<ScalingPolicy>> PolicyLibrary::Make(const AppScaler& scaler,
                                                                   const Application& application,
                                                                   Duration interval) const {
  if (scaler.algorithm == ScalerAlgorithm::kGrad) {
    const ApplicationProfile* profile = Find(scaler);
    if (profile == nullptr) return NothingFor(scaler);
    auto parts = GradParts(*profile, application);
    if (!parts.ok()) return parts.status();
    return MakePolicy("grad", *parts);
  }
  const DistributionProfile* distributions = FindDistributions(scaler);
  if (distributions == nullptr) return NothingFor(scaler);
  auto parts = DermParts(*distributions, scaler, application, interval);
  if (!parts.ok()) return parts.status();
  return MakePolicy("derm", *parts);
}

ModelStatus PolicyLibrary::Describe(const AppScaler& scaler) const {
  const DistributionProfile* distributions = FindDistributions(scaler);
  if (scaler.algorithm == ScalerAlgorithm::kDerm && distributions != nullptr) {
    ModelStatus model{
        .digest = fmt::format("{}/{}", distributions->scenario_hash, distributions->sample_seed),
        .error_percent = 0,
        .samples = 0};
    double error = 0;
    for (const ProfiledDistribution& of : distributions->microservices) {
      error += of.levels.front().quality.cumulants_p95_error;
      *model.samples += of.levels.front().quality.samples;
    }
    model.error_percent =
        std::llround(100 * error / static_cast<double>(distributions->microservices.size()));
    return model;
  }
  const ApplicationProfile* profile = Find(scaler);
  if (profile == nullptr) return {};
  ModelStatus model{.digest = fmt::format("{}/{}", profile->scenario_hash, profile->training_seed),
                    .samples = 0,
                    .trained_at = profile->trained_at};
  if (profile->end_to_end_quality.test_runs > 0) {
    model.error_percent = std::llround(100 - profile->end_to_end_quality.accuracy);
  }
  for (const ProfiledMicroservice& of : profile->microservices) {
    *model.samples += of.training_samples;
  }
  return model;
}

std::vector<WorkloadModel> PolicyLibrary::Models(const AppScaler& scaler) const {
  const ApplicationProfile* profile = Find(scaler);
  if (profile == nullptr) return {};
  std::vector<WorkloadModel> models;
  if (scaler.algorithm == ScalerAlgorithm::kGrad) {
    for (const ProfiledMicroservice& of : profile->microservices) models.push_back(ModelOf(of));
  } else if (profile->distributions) {
    for (const ProfiledDistribution& of : profile->distributions->microservices) {
      models.push_back(ModelOf(of, *profile->distributions));
    }
  }
  for (WorkloadModel& model : models) model.trained_at = profile->trained_at;
  return models;
}

}  // namespace trimtab
