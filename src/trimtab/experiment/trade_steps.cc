#include "trimtab/experiment/trade_steps.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "trimtab/neural/parallel_for.h"

namespace trimtab {
namespace {

constexpr Millicores kTradedCpu{200};
constexpr Bytes kTradedMemory = Mebibytes(100);

}  // namespace

std::vector<Trade> TradesOf(const std::vector<MicroserviceId>& microservices) {
  std::vector<Trade> trades;
  for (const MicroserviceId id : microservices) {
    for (const auto action :
         {ScalingAction::kCpu, ScalingAction::kMemory, ScalingAction::kReplicas}) {
      trades.push_back({id, action});
    }
  }
  return trades;
}

std::optional<MicroserviceAllocation> AfterTrade(const MicroserviceAllocation& before,
                                                 ScalingAction action,
                                                 const ScalingBounds& bounds) {
  MicroserviceAllocation after = before;
  if (action == ScalingAction::kCpu) {
    after.container.cpu += Millicores(kTradedCpu.value() / before.replicas);
  } else if (action == ScalingAction::kMemory) {
    after.container.memory += Bytes(kTradedMemory.value() / before.replicas);
  } else {
    ++after.replicas;
  }
  if (after.container.cpu > bounds.largest.cpu || after.container.memory > bounds.largest.memory ||
      after.replicas > bounds.most_replicas) {
    return std::nullopt;
  }
  return after;
}

absl::StatusOr<std::vector<MeasuredTrade>> MeasureTrades(
    const Application& application, const SampleSource& source, const TreeSetting& setting,
    const std::vector<Trade>& trades, std::int64_t requests, std::uint64_t seed, int threads) {
  std::vector<MeasuredTrade> measured;
  for (const Trade& trade : trades) {
    const auto after = AfterTrade(setting.allocation[trade.microservice], trade.action,
                                  application.microservice(trade.microservice).bounds);
    if (after) measured.push_back({trade, *after});
  }
  std::vector<absl::Status> failures(measured.size());
  ParallelFor(measured.size(), threads, [&](std::size_t i) {
    TreeSetting changed = setting;
    changed.allocation[measured[i].trade.microservice] = measured[i].after;
    // No error is small enough: every trade is measured with as many requests.
    const LabelAccuracy accuracy{.relative_standard_error = 0, .most_requests = requests};
    const auto sample = source.Measure(changed, accuracy, seed);
    failures[i] = sample.status();
    if (sample.ok()) measured[i].tail = sample->end_to_end_tail;
  });
  for (const absl::Status& failure : failures) {
    if (!failure.ok()) return failure;
  }
  std::ranges::stable_sort(measured, {}, &MeasuredTrade::tail);
  return measured;
}

std::optional<std::size_t> RankOf(const std::vector<MeasuredTrade>& measured, const Trade& trade) {
  const auto found = std::ranges::find(measured, trade, &MeasuredTrade::trade);
  if (found == measured.end()) return std::nullopt;
  return static_cast<std::size_t>(std::distance(measured.begin(), found)) + 1;
}

}  // namespace trimtab
