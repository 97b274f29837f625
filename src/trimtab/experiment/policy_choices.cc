#include "trimtab/experiment/policy_choices.h"

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "trimtab/scaling/grad/grad_models.h"

namespace trimtab {
namespace {

// Sizes that do not suffice for a microservice's working set are raised to it, to the next 50 MiB.
Bytes AtLeastWorkingSet(Bytes memory, const ScalingBounds& bounds) {
  constexpr std::int64_t kStep = Mebibytes(50).value();
  if (memory >= bounds.working_set) return memory;
  return Bytes((bounds.working_set.value() + kStep - 1) / kStep * kStep);
}

}  // namespace

Allocation InitialAllocation(const Scenario& scenario) {
  Allocation initial(scenario.application.size());
  for (std::size_t i = 0; i < initial.size(); ++i) {
    const MicroserviceId id(i);
    initial[id] = scenario.cluster.microservices[i].initial;
    initial[id].container.memory = AtLeastWorkingSet(initial[id].container.memory,
                                                     scenario.application.microservice(id).bounds);
  }
  return initial;
}

absl::StatusOr<PolicyRunOptions> GradChoice(const Scenario& scenario,
                                            const ApplicationProfile& profile,
                                            GradFidelity fidelity,
                                            const std::optional<TunedGrad>& tuned) {
  if (auto s = CheckProfileFits(profile, scenario.application, ClusterHash(scenario.cluster));
      !s.ok()) {
    return s;
  }
  std::vector<const NeuralLatencyModel*> latency;
  for (const ProfiledMicroservice& of : profile.microservices) latency.push_back(&of.latency);
  auto models = GradModels::Create(scenario.application, latency, profile.end_to_end);
  if (!models.ok()) return models.status();

  PolicyRunOptions run;
  run.policy = "grad";
  run.fidelity = std::string(GradFidelityName(fidelity));
  run.label = fmt::format("grad ({})", run.fidelity);
  run.parts.application = &scenario.application;
  run.parts.models = *std::move(models);
  run.parts.grad.fidelity = fidelity;
  if (tuned) {
    run.parts.grad.confidence = tuned->confidence;
    run.parts.grad.most_utilization = tuned->most_utilization;
    run.parts.grad.demand.horizon = SecondsToDuration(tuned->horizon_minutes * 60);
  }
  run.initial = InitialAllocation(scenario);
  return run;
}

Duration ContainerStart(const Scenario& scenario) {
  const LifeSpec& life = scenario.cluster.life;
  Latency longest{0};
  for (const MicroserviceSpec& of : scenario.cluster.microservices) {
    const double cores = std::min(InCores(of.initial.container.cpu), of.parallelism);
    longest =
        std::max(longest, QuantileOf(of.start_up.delay, 0.95) + MeanOf(of.start_up.cpu) / cores);
  }
  return life.decision_delay + life.readiness_period +
         std::chrono::duration_cast<Duration>(longest);
}

absl::StatusOr<PolicyRunOptions> DermChoice(const Scenario& scenario,
                                            const DistributionProfile& profile,
                                            const DermOptions& options) {
  if (auto s = CheckDistributionsFit(profile, scenario.application, ClusterHash(scenario.cluster));
      !s.ok()) {
    return s;
  }
  PolicyRunOptions run;
  run.policy = "derm";
  run.fidelity = std::string(DermFidelityName(options.fidelity));
  run.label = fmt::format("derm ({})", run.fidelity);
  run.parts.application = &scenario.application;
  run.parts.derm_models = DermModels::Of(profile);
  run.parts.derm = options;
  run.parts.derm.container_start = ContainerStart(scenario);
  if (auto s = run.parts.derm.Validate(); !s.ok()) return s;
  run.control.interval = options.step;
  // Its plans look two steps ahead on an upper quantile already: none waits for the next to agree.
  run.control.safety.scale_down_stabilisation = options.step;
  run.initial = InitialAllocation(scenario);
  for (std::size_t i = 0; i < profile.microservices.size(); ++i) {
    (*run.initial)[MicroserviceId(i)].container = profile.microservices[i].container;
  }
  return run;
}

TunedHpa OutOfTheBoxHpa() {
  return {.target_utilization = 80,
          .container = {.cpu = Millicores(500), .memory = Mebibytes(512)}};
}

PolicyRunOptions HpaChoice(const Scenario& scenario, const TunedHpa& hpa) {
  PolicyRunOptions run;
  run.policy = "hpa";
  run.label = fmt::format("hpa {:.0f} %", hpa.target_utilization);
  run.parts.hpa.metrics = {
      {.kind = HpaMetric::Kind::kCpuUtilization, .target = hpa.target_utilization}};
  // The HPA has limits of its own; the loop's must not change what it does.
  run.control.safety = {.largest_raise = 1e6,
                        .largest_lower = 1,
                        .largest_raise_in_window = 1e6,
                        .largest_lower_in_window = 1,
                        .scale_down_stabilisation = Duration(0)};
  Allocation initial(scenario.application.size());
  for (std::size_t i = 0; i < initial.size(); ++i) {
    const MicroserviceId id(i);
    const ScalingBounds& bounds = scenario.application.microservice(id).bounds;
    initial[id] = {
        .replicas = bounds.fewest_replicas,
        .container = {
            .cpu = std::clamp(hpa.container.cpu, bounds.smallest.cpu, bounds.largest.cpu),
            .memory = AtLeastWorkingSet(
                std::clamp(hpa.container.memory, bounds.smallest.memory, bounds.largest.memory),
                bounds)}};
  }
  run.initial = initial;
  return run;
}

PolicyRunOptions StaticChoice(const Allocation& allocation) {
  PolicyRunOptions run;
  run.policy = "static";
  run.label = "static";
  run.parts.allocation = allocation;
  run.initial = allocation;
  return run;
}

}  // namespace trimtab
