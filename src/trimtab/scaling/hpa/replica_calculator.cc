#include "trimtab/scaling/hpa/replica_calculator.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <span>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace trimtab {
namespace {

struct Totals {
  std::int64_t usage = 0;
  std::int64_t request = 0;
  int pods = 0;
  void Add(std::int64_t more_usage, std::int64_t more_request) {
    usage += more_usage;
    request += more_request;
    ++pods;
  }
};

// Usage over target, or nothing when the totals do not allow one.
using RatioOf = std::optional<double> (*)(const Totals&, std::int64_t target);

std::optional<double> UtilizationRatio(const Totals& totals, std::int64_t target) {
  if (totals.request <= 0) return std::nullopt;
  const std::int64_t per_cent = totals.usage * 100 / totals.request;
  return static_cast<double>(per_cent) / static_cast<double>(target);
}

std::optional<double> AverageRatio(const Totals& totals, std::int64_t target) {
  if (totals.pods == 0) return std::nullopt;
  return static_cast<double>(totals.usage / totals.pods) / static_cast<double>(target);
}

// Beyond any cluster, and an int.
int Ceiling(double replicas) { return static_cast<int>(std::ceil(std::min(replicas, 1e9))); }

absl::StatusOr<int> Replicas(std::span<const HpaPod> pods, int current, std::int64_t target,
                             const HpaTolerance& tolerance, RatioOf ratio_of,
                             std::int64_t (*fallback_usage)(const HpaPod&, std::int64_t target)) {
  Totals totals;
  bool any_unready = false;
  bool any_missing = false;
  for (const HpaPod& pod : pods) {
    if (pod.state == HpaPod::State::kCounted) totals.Add(pod.usage, pod.request);
    any_unready = any_unready || pod.state == HpaPod::State::kUnready;
    any_missing = any_missing || pod.state == HpaPod::State::kMissing;
  }
  if (totals.pods == 0) return absl::UnavailableError("no ready pod has a sample");
  const std::optional<double> ratio = ratio_of(totals, target);
  if (!ratio) return absl::InvalidArgumentError("no pod has a resource request above 0");

  const bool scale_up_with_unready = any_unready && *ratio > 1.0;
  if (!scale_up_with_unready && !any_missing) {
    if (tolerance.Allows(*ratio)) return current;
    return Ceiling(*ratio * totals.pods);
  }
  Totals all = totals;
  for (const HpaPod& pod : pods) {
    if (pod.state == HpaPod::State::kMissing && *ratio != 1.0) {
      all.Add(*ratio < 1.0 ? fallback_usage(pod, target) : 0, pod.request);
    } else if (pod.state == HpaPod::State::kUnready && scale_up_with_unready) {
      all.Add(0, pod.request);
    }
  }
  const double second = ratio_of(all, target).value_or(1.0);
  const bool turned = (*ratio < 1.0 && second > 1.0) || (*ratio > 1.0 && second < 1.0);
  if (tolerance.Allows(second) || turned) return current;
  const int replicas = Ceiling(second * all.pods);
  const bool against = (second < 1.0 && replicas > current) || (second > 1.0 && replicas < current);
  return against ? current : replicas;
}

}  // namespace

absl::StatusOr<int> ReplicasForUtilization(std::span<const HpaPod> pods, int current_replicas,
                                           int target_per_cent, const HpaTolerance& tolerance) {
  return Replicas(pods, current_replicas, target_per_cent, tolerance, UtilizationRatio,
                  [](const HpaPod& pod, std::int64_t target) {
                    return pod.request * std::max<std::int64_t>(100, target) / 100;
                  });
}

absl::StatusOr<int> ReplicasForAverageValue(std::span<const HpaPod> pods, int current_replicas,
                                            std::int64_t target, const HpaTolerance& tolerance) {
  return Replicas(pods, current_replicas, target, tolerance, AverageRatio,
                  [](const HpaPod&, std::int64_t value) { return value; });
}

int ReplicasForExternalTotal(double total, int current_replicas, double target,
                             const HpaTolerance& tolerance) {
  const double ratio = total / (target * current_replicas);
  if (tolerance.Allows(ratio)) return current_replicas;
  return Ceiling(total / target);
}

}  // namespace trimtab
