// What a little more CPU or memory takes off a container's tail, predicted and measured (II-C).
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "absl/status/statusor.h"
#include "trimtab/latency/latency_model.h"
#include "trimtab/profiling/sample_source.h"
#include "trimtab/quantity/time.h"

namespace trimtab {

// Reductions of the P95 own latency; below 0 where it rises.
struct TradeGains {
  Latency tail{0};       // before
  Latency by_cpu{0};     // of 0.2 core more
  Latency by_memory{0};  // of 100 MiB more
};

// Nothing where the setting lies outside of what the model was trained on.
std::optional<TradeGains> PredictGains(const LatencyModel& model, const StationSetting& setting);
// The container alone, before and after with the same random streams. Nothing for a setting that
// the source refuses (kInvalidArgument); any other error is returned.
absl::StatusOr<std::optional<TradeGains>> MeasureGains(const SampleSource& source,
                                                       const StationSetting& setting,
                                                       const LabelAccuracy& accuracy,
                                                       std::uint64_t seed);

struct GainCell {
  std::optional<TradeGains> predicted;
  std::optional<TradeGains> measured;
};

// In how many cells prediction and measurement prefer the same resource. A cell counts when both
// are known and the measured reductions differ by more than kClearDifference of the tail before,
// so that chance does not decide.
struct Agreement {
  int cells = 0;
  int same = 0;
};
inline constexpr double kClearDifference = 0.02;
Agreement AgreementOf(std::span<const GainCell> cells);

}  // namespace trimtab
