#include "trimtab/operator/policy_library.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include "absl/status/status.h"
#include "fmt/format.h"
#include "fmt/ranges.h"
#include "trimtab/neural/simd_level.h"
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

absl::StatusOr<PolicyParts> DermParts(const ApplicationProfile& profile,
                                      const Application& application, Duration interval) {
  if (!profile.distributions) {
    return absl::FailedPreconditionError(
        fmt::format("the profile of '{}' has no latency distributions, which Derm plans on; "
                    "train it with them",
                    profile.application));
  }
  const DermModels all = DermModels::Of(*profile.distributions);
  PolicyParts parts;
  parts.application = &application;
  DermModels& models = parts.derm_models.emplace();
  models.levels = all.levels;
  for (const Microservice& microservice : application.microservices()) {
    const auto& known = profile.distributions->microservices;
    const auto found = std::ranges::find(known, microservice.name, &ProfiledDistribution::name);
    if (found == known.end()) {
      return absl::FailedPreconditionError(
          fmt::format("microservice '{}' has no latency distribution", microservice.name));
    }
    models.microservices.push_back(
        all.microservices[static_cast<std::size_t>(found - known.begin())]);
  }
  parts.derm.step = interval;
  parts.derm.container_start = std::min<Duration>(parts.derm.container_start, interval * 2 / 3);
  return parts;
}

}  // namespace

absl::StatusOr<PolicyLibrary> PolicyLibrary::Load(const std::vector<std::string>& files) {
  PolicyLibrary library;
  for (const std::string& file : files) {
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

absl::StatusOr<std::unique_ptr<ScalingPolicy>> PolicyLibrary::Make(const AppScaler& scaler,
                                                                   const Application& application,
                                                                   Duration interval) const {
  const ApplicationProfile* profile = Find(scaler);
  if (profile == nullptr) {
    std::vector<std::string> known;
    for (const ApplicationProfile& of : profiles_) {
      known.push_back(fmt::format("'{}' of {}", of.application, fmt::join(NamesOf(of), ", ")));
    }
    return absl::FailedPreconditionError(fmt::format(
        "no profile has the microservices {}; there is {}", fmt::join(NamesOf(scaler), ", "),
        known.empty() ? "none" : fmt::format("{}", fmt::join(known, "; "))));
  }
  const bool is_grad = scaler.algorithm == ScalerAlgorithm::kGrad;
  auto parts =
      is_grad ? GradParts(*profile, application) : DermParts(*profile, application, interval);
  if (!parts.ok()) return parts.status();
  return MakePolicy(is_grad ? "grad" : "derm", *parts);
}

ModelStatus PolicyLibrary::Describe(const AppScaler& scaler) const {
  const ApplicationProfile* profile = Find(scaler);
  if (profile == nullptr) return {};
  ModelStatus model{.digest = fmt::format("{}/{}", profile->scenario_hash, profile->training_seed),
                    .error_percent = std::llround(100 - profile->end_to_end_quality.accuracy),
                    .samples = 0};
  for (const ProfiledMicroservice& of : profile->microservices) {
    *model.samples += of.training_samples;
  }
  return model;
}

}  // namespace trimtab
