// One workload under our HPA, sync by sync, in a world where all that is asked for is there at the
// next sync.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "fmt/format.h"
#include "gtest/gtest.h"
#include "trimtab/scaling/hpa/hpa_policy.h"

namespace trimtab {

// Of the recording on Kubernetes 1.36: requests 100m, target 50 %, min 2, max 10, sync 2 s.
inline HpaOptions RecordedHpaOptions() {
  HpaOptions options;
  options.sync_period = std::chrono::seconds(2);
  options.metric_window = std::chrono::seconds(1);
  // The pods of the recording had run for long; those that joined were ready at once.
  options.cpu_initialization_period = Duration(0);
  options.metrics = {{.kind = HpaMetric::Kind::kCpuUtilization, .target = 50}};
  options.min_replicas = 2;
  options.max_replicas = 10;
  options.behavior = HpaBehavior{};
  options.behavior->scale_down.stabilization_window = Duration(0);
  return options;
}

// One microservice under one HPA. Every pod uses `usage` millicores; the last `missing` pods have
// no sample, the last `unready` are not ready.
class HpaDeployment {
 public:
  explicit HpaDeployment(const HpaOptions& options) : policy_(*HpaPolicy::Create(options)) {}

  std::optional<int> usage = 50;
  std::optional<Bytes> memory;
  std::optional<double> external;
  int missing = 0;
  int unready = 0;

  int replicas() const { return desired_[MicroserviceId(0)].replicas; }
  Duration now() const { return now_; }

  // One sync; what the plan asks for is there at the next.
  int Sync() {
    Observation seen{.at = Instant(now_),
                     .window = std::chrono::seconds(60),
                     .microservices = {Microservices()},
                     .hosts = {},
                     .application_load = {},
                     .measured_tail_latency = {},
                     .gaps = {}};
    const absl::StatusOr<Plan> plan = policy_->MakePlan({.application = application_,
                                                         .observation = seen,
                                                         .desired = desired_,
                                                         .sla = {},
                                                         .capacity = std::nullopt});
    EXPECT_TRUE(plan.ok()) << plan.status();
    desired_ = plan->target;
    now_ += std::chrono::seconds(2);
    return replicas();
  }

 private:
  MicroserviceObservation Microservices() const {
    MicroserviceObservation seen{.desired = desired_[MicroserviceId(0)],
                                 .containers = {},
                                 .arrival_rate = {},
                                 .own_latency_tail = {},
                                 .transit = {}};
    if (external) seen.arrival_rate = RequestsPerSecond(*external);
    for (int i = 0; i < replicas(); ++i) {
      ContainerObservation pod{.pod = fmt::format("pod-{}", i),
                               .host = {},
                               .ready = i < replicas() - unready,
                               .limits = {Millicores(100), Mebibytes(64)},
                               .cpu_usage = {},
                               .memory_usage = {},
                               .container_load = {},
                               .interference = {},
                               .own_latency_tail = {}};
      if (usage && i < replicas() - missing) {
        pod.cpu_usage = Measured<double>{.value = *usage / 1000.0, .age = Duration(0)};
      }
      if (memory) pod.memory_usage = Measured<Bytes>{.value = *memory, .age = Duration(0)};
      seen.containers.push_back(pod);
    }
    return seen;
  }

  Application application_ = *Application::Create("app", {{.name = "web", .bounds = {}}}, {});
  Allocation desired_{1, {.replicas = 4, .container = {Millicores(100), Mebibytes(64)}}};
  std::unique_ptr<HpaPolicy> policy_;
  Duration now_{0};
};

}  // namespace trimtab
