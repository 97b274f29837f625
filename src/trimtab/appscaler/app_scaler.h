// The resource AppScaler (trimtab.dev/v1alpha1): the promise of one application, the workloads that
// keep it and the bounds within which they may be scaled.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "trimtab/application/allocation.h"
#include "trimtab/application/application.h"
#include "trimtab/appscaler/scaler_status.h"
#include "trimtab/kubernetes/autoscaler_view.h"
#include "trimtab/kubernetes/object_meta.h"
#include "trimtab/kubernetes/resource_type.h"
#include "trimtab/quantity/quantity.h"
#include "trimtab/quantity/time.h"
#include "trimtab/tracing/argument_bins.h"

namespace trimtab {

inline constexpr ResourceType kAppScalers{"trimtab.dev", "v1alpha1", "appscalers"};

enum class ScalerMode : std::uint8_t { kRecommend, kApply };
enum class ScalerAlgorithm : std::uint8_t { kGrad, kDerm };
enum class VerticalApply : std::uint8_t { kOff, kInPlace, kTemplate };
enum class LimitsRule : std::uint8_t { kKeepRatio, kEqualRequests, kRequestsOnly };
// As the resource writes them: "Recommend", "Grad", "InPlace", "KeepRatio".
std::string_view ScalerModeName(ScalerMode mode);
std::string_view ScalerAlgorithmName(ScalerAlgorithm algorithm);
std::string_view VerticalApplyName(VerticalApply apply);
std::string_view LimitsRuleName(LimitsRule rule);

struct HorizontalBounds {
  // Absent: yes, but for a StatefulSet and a workload that claims volumes.
  std::optional<bool> enabled{};
  int fewest = 1;
  int most = 20;
};

struct VerticalBounds {
  VerticalApply apply = VerticalApply::kInPlace;
  // Of the scaled containers of one pod together.
  ContainerConfig smallest = ScalingBounds{}.smallest;
  ContainerConfig largest = ScalingBounds{}.largest;
  LimitsRule limits = LimitsRule::kKeepRatio;
};

// How steps in one direction are limited; absent: the controller's own.
struct DirectionBehavior {
  std::optional<double> largest_change{};  // share of what is, in one decision
  // Raises only to the smallest, lowers only to the largest, wanted for so long.
  std::optional<Duration> stabilization{};
  std::optional<double> tolerance{};  // changes of at most this share of what is are left out

  friend bool operator==(const DirectionBehavior&, const DirectionBehavior&) = default;
};

struct ScaleBehavior {
  DirectionBehavior up{};
  DirectionBehavior down{};
  // CPU is not lowered where its quota cuts short more than this share of the periods.
  std::optional<double> most_throttled{};

  friend bool operator==(const ScaleBehavior&, const ScaleBehavior&) = default;
};

struct ScaledWorkload {
  std::string name{};  // of the microservice
  ScaleTarget target{};
  std::vector<std::string> service_names{};  // in traces; {name} where the resource has none
  std::vector<std::string> containers{};     // that scale; empty: all but known sidecars
  HorizontalBounds horizontal{};
  VerticalBounds vertical{};
  ScaleBehavior behavior{};  // what is absent is the application's
};

struct ScalerEntry {
  std::string service{};
  std::vector<std::string> operations{};  // empty: all
  ArgumentBins arguments{};               // attributes of its spans that the call graph depends on
};

struct ScalerObjective {
  Quantile quantile = kP95;
  Latency latency{0};
  Duration window = std::chrono::seconds(60);
  double share = 0.95;  // Derm: of all requests, that must meet the latency
};

struct AppScaler {
  ObjectMeta meta{};
  bool is_paused = false;  // annotation trimtab.dev/paused
  std::string paused_reason{};
  ScalerMode mode = ScalerMode::kRecommend;
  ScalerAlgorithm algorithm = ScalerAlgorithm::kGrad;
  ScalerEntry entry{};
  ScalerObjective objective{};
  std::vector<ScaledWorkload> workloads{};  // by MicroserviceId
  ScaleBehavior behavior{};                 // of the workloads that say nothing else
  Duration provisioning_timeout = std::chrono::minutes(10);
  AppScalerStatus status{};

  // The microservice that spans of this service mean; nullptr: none of ours.
  const ScaledWorkload* FindService(std::string_view service) const;
};

// Reads an object as the API server gives it: fields that are unknown are passed over, defaults
// are those of the schema. kInvalidArgument lists every fault as field, value and bound: a field
// missing or of another type, bounds that contradict each other, a target named twice.
absl::StatusOr<AppScaler> ReadAppScaler(const nlohmann::json& object);

// Reads a local YAML file strictly: an unknown field is an error. Errors as above, each with
// `file` and line.
absl::StatusOr<AppScaler> ReadAppScalerYaml(std::string_view text, std::string_view file);

// What of a workload must stay as it is, whatever its bounds say.
struct FixedAllocation {
  std::optional<int> replicas{};
  std::optional<ContainerConfig> container{};
  std::vector<std::string> notes{};  // why, and what else it does not do, for people
};

// The application as policies know it: its microservices are the workloads, in order, its
// operations the entry's. `fixed`, empty or one for each workload, narrows bounds to what is.
absl::StatusOr<Application> ApplicationOf(const AppScaler& scaler,
                                          std::span<const FixedAllocation> fixed = {});

}  // namespace trimtab
