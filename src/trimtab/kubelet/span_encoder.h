// Spans of the simulation as OTLP.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "trimtab/quantity/time.h"
#include "trimtab/simulation/cluster_state.h"
#include "trimtab/simulation/request_process.h"
#include "trimtab/simulation/span_sampler.h"

namespace trimtab {

// How the world outside names what the simulation numbers.
struct SpanNames {
  std::string name_space{};
  std::uint64_t run = 0;  // the upper half of every trace id: runs do not share traces
  Instant origin{};       // of simulated time
  // The pod of a replica; empty when nobody knows it any more.
  std::function<std::string(std::uint32_t microservice, std::uint32_t ordinal)> pod{};
};

// An ExportTraceServiceRequest in protobuf, the spans of each pod under one resource with
// service.name, k8s.pod.name and k8s.namespace.name. The span of an entry has the arguments of its
// request as attributes of their names; a simulation keeps no more of a value than its class, so it
// is the least of the class. REQUIRES: spans and kinds of `state`'s simulation.
std::string EncodeSpans(std::span<const SampledSpan> spans, const ClusterState& state,
                        std::span<const RequestKind> kinds, const SpanNames& names);

// What a receiver says of a request that it took: spans that it rejected all the same. 0 also for
// bytes that are no ExportTraceServiceResponse.
std::int64_t RejectedSpans(std::string_view response);

}  // namespace trimtab
