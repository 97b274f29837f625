// Options of the Kubernetes HorizontalPodAutoscaler, with its own defaults.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "trimtab/quantity/quantity.h"
#include "trimtab/quantity/time.h"

namespace trimtab {

// One entry of `spec.metrics`. The first two are resource metrics, the third an external one.
struct HpaMetric {
  enum class Kind : std::uint8_t {
    kCpuUtilization,      // Resource cpu, averageUtilization: per cent of the request
    kMemoryAverageValue,  // Resource memory, averageValue: bytes a pod
    kLoadAverageValue,    // External, AverageValue: requests per second a replica
  };
  Kind kind = Kind::kCpuUtilization;
  double target = 80;  // per cent, bytes or requests per second, above 0
};

// How many replicas one direction may move within a period.
struct HpaScalingPolicy {
  enum class Kind : std::uint8_t { kReplicas, kPercent };
  Kind kind = Kind::kPercent;
  int value = 100;  // above 0
  Duration period = std::chrono::seconds(15);
};

enum class HpaSelect : std::uint8_t { kMax, kMin, kDisabled };

// `behavior.scaleUp` or `behavior.scaleDown`.
struct HpaScalingRules {
  Duration stabilization_window{0};
  HpaSelect select = HpaSelect::kMax;
  std::vector<HpaScalingPolicy> policies;
  std::optional<double> tolerance;  // of this direction; absent: HpaOptions::tolerance

  // +4 pods or +100 % in 15 s, the larger; no stabilisation.
  static HpaScalingRules DefaultScaleUp();
  // -100 % in 15 s; the highest recommendation of the last 300 s.
  static HpaScalingRules DefaultScaleDown();
};

struct HpaBehavior {
  HpaScalingRules scale_up = HpaScalingRules::DefaultScaleUp();
  HpaScalingRules scale_down = HpaScalingRules::DefaultScaleDown();
};

// Source: kubernetes/kubernetes, pkg/controller/podautoscaler/config and pkg/apis/autoscaling/v2
// defaults. The controller's flags come first, then what stands in the object.
struct HpaOptions {
  Duration sync_period = std::chrono::seconds(15);
  double tolerance = 0.1;
  Duration cpu_initialization_period = std::chrono::minutes(5);
  Duration initial_readiness_delay = std::chrono::seconds(30);
  Duration downscale_stabilization = std::chrono::seconds(300);
  // The time a sample covers: one older than the pod's readiness plus this does not count.
  Duration metric_window = std::chrono::seconds(15);

  std::vector<HpaMetric> metrics = {HpaMetric{}};
  std::optional<int> min_replicas;  // absent: the microservice's bound
  std::optional<int> max_replicas;
  // Absent, as out of the box: down to the highest recommendation of `downscale_stabilization`, up
  // to twice the replicas or 4 at once.
  std::optional<HpaBehavior> behavior;

  // kInvalidArgument lists every violation with its name, value and bound.
  absl::Status Validate() const;
};

}  // namespace trimtab
