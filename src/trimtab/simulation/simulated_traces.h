// Port `TraceSource` of the simulated cluster.
#pragma once

#include <cstdint>
#include <functional>

#include "trimtab/simulation/event_loop.h"
#include "trimtab/tracing/trace_source.h"

namespace trimtab {

// Spans of a sampled share of the requests, each visible a reporting delay after the caller has its
// answer. A service is a microservice, a pod "search-3", an operation the endpoint called.
class SimulatedTraces : public TraceSource {
 public:
  // `loop` must outlive it. `seed` marks the trace ids.
  SimulatedTraces(EventLoop& loop, Duration reporting_delay, std::uint64_t seed)
      : loop_(loop), delay_(reporting_delay.count()), seed_(seed) {}

  absl::Status Read(Instant now, const std::function<void(const Span&)>& sink) override;
  // 0 when nothing is traced.
  double sampling_share() const override { return loop_.spans().share(); }
  // Spans lost because nobody read them in time.
  std::uint64_t dropped() const { return loop_.spans().dropped(); }

 private:
  EventLoop& loop_;
  SimNanos delay_;
  std::uint64_t seed_;
};

}  // namespace trimtab
