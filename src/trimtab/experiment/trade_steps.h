// Every single trade from one allocation, measured: the greedy path that Grad's choices are held
// against (II-C).
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "trimtab/application/allocation.h"
#include "trimtab/application/application.h"
#include "trimtab/application/ids.h"
#include "trimtab/profiling/sample_source.h"
#include "trimtab/quantity/time.h"
#include "trimtab/scaling/plan.h"

namespace trimtab {

// One trade of r: 0.2 core or 100 MiB over all containers of a microservice, or a replica more.
struct Trade {
  MicroserviceId microservice;
  ScalingAction action = ScalingAction::kCpu;  // kCpu, kMemory or kReplicas
  friend bool operator==(const Trade&, const Trade&) = default;
};
// CPU, memory and replica of each.
std::vector<Trade> TradesOf(const std::vector<MicroserviceId>& microservices);
// The allocation after it; nothing when it exceeds the bounds of the microservice.
std::optional<MicroserviceAllocation> AfterTrade(const MicroserviceAllocation& before,
                                                 ScalingAction action, const ScalingBounds& bounds);

struct MeasuredTrade {
  Trade trade;
  MicroserviceAllocation after;
  Latency tail{0};  // end to end
};

// Measures each trade that the bounds allow from `setting`, all with the same random streams, on up
// to `threads` threads. By tail, lowest first; equal ones as in `trades`. Fails as
// SampleSource::Measure().
absl::StatusOr<std::vector<MeasuredTrade>> MeasureTrades(
    const Application& application, const SampleSource& source, const TreeSetting& setting,
    const std::vector<Trade>& trades, std::int64_t requests, std::uint64_t seed, int threads);

// The place of `trade`, 1 for the best; nothing when it is not in `measured`.
std::optional<std::size_t> RankOf(const std::vector<MeasuredTrade>& measured, const Trade& trade);

}  // namespace trimtab
