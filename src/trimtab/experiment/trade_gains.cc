#include "trimtab/experiment/trade_gains.h"

#include <array>
#include <cmath>
#include <optional>
#include <span>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace trimtab {
namespace {

constexpr Millicores kMoreCpu{200};
constexpr Bytes kMoreMemory = Mebibytes(100);

// Before, with more CPU, with more memory.
std::array<StationSetting, 3> Variants(const StationSetting& setting) {
  std::array<StationSetting, 3> all = {setting, setting, setting};
  all[1].container.cpu += kMoreCpu;
  all[2].container.memory += kMoreMemory;
  return all;
}

TradeGains GainsOf(const std::array<Latency, 3>& tails) {
  return {.tail = tails[0], .by_cpu = tails[0] - tails[1], .by_memory = tails[0] - tails[2]};
}

}  // namespace

std::optional<TradeGains> PredictGains(const LatencyModel& model, const StationSetting& setting) {
  std::array<Latency, 3> tails{};
  const auto variants = Variants(setting);
  for (std::size_t i = 0; i < variants.size(); ++i) {
    const LatencyFeatures features{variants[i].container, variants[i].container_load,
                                   variants[i].interference};
    if (i == 0 && !model.ranges().Contains(features)) return std::nullopt;
    tails[i] = model.Predict(features);
  }
  return GainsOf(tails);
}

absl::StatusOr<std::optional<TradeGains>> MeasureGains(const SampleSource& source,
                                                       const StationSetting& setting,
                                                       const LabelAccuracy& accuracy,
                                                       std::uint64_t seed) {
  std::array<Latency, 3> tails{};
  const auto variants = Variants(setting);
  for (std::size_t i = 0; i < variants.size(); ++i) {
    const auto label = source.Measure(variants[i], accuracy, seed);
    if (absl::IsInvalidArgument(label.status())) return std::optional<TradeGains>();
    if (!label.ok()) return label.status();
    tails[i] = label->tail;
  }
  return GainsOf(tails);
}

Agreement AgreementOf(std::span<const GainCell> cells) {
  Agreement agreement;
  for (const GainCell& cell : cells) {
    if (!cell.predicted || !cell.measured) continue;
    const Latency measured = cell.measured->by_cpu - cell.measured->by_memory;
    if (std::abs(measured / cell.measured->tail) <= kClearDifference) continue;
    ++agreement.cells;
    const Latency predicted = cell.predicted->by_cpu - cell.predicted->by_memory;
    if ((predicted.count() > 0) == (measured.count() > 0)) ++agreement.same;
  }
  return agreement;
}

}  // namespace trimtab
