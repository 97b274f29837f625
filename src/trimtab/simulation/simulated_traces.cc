#include "trimtab/simulation/simulated_traces.h"

#include <functional>

#include "absl/status/status.h"
#include "trimtab/simulation/window_recorder.h"

namespace trimtab {

absl::Status SimulatedTraces::Read(Instant now, const std::function<void(const Span&)>& sink) {
  const ClusterState& state = loop_.state();
  auto& records = loop_.spans().records();
  Span span;
  while (!records.empty() && records.front().reported + delay_ <= now.time_since_epoch().count()) {
    const SampledSpan& record = records.front();
    span.trace = {seed_, record.trace};
    span.id = record.id;
    span.parent = record.parent;
    span.service = state.scenario->microservices[record.microservice].name;
    span.pod = PodName(*state.scenario, record.microservice, record.ordinal);
    span.operation = state.programs.endpoints[record.endpoint].name;
    span.kind = record.kind;
    span.start = Instant(Duration(record.start));
    span.duration = Duration(record.end - record.start);
    span.argument_classes.clear();
    if (record.request_kind != kNone) {
      span.argument_classes = loop_.process().ArgumentClasses(record.request_kind);
    }
    sink(span);
    records.pop_front();
  }
  return absl::OkStatus();
}

}  // namespace trimtab
