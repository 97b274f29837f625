#include "trimtab/simulation/span_sampler.h"

#include <cstdint>

#include "trimtab/simulation/cluster_state.h"
#include "trimtab/tracing/span.h"

namespace trimtab {

std::uint32_t SpanSampler::Allocate() {
  if (free_.empty()) {
    contexts_.emplace_back();
    return static_cast<std::uint32_t>(contexts_.size() - 1);
  }
  const std::uint32_t index = free_.back();
  free_.pop_back();
  contexts_[index] = Context{};
  return index;
}

std::uint32_t SpanSampler::OnRequest() {
  if (share_ <= 0 || stream_.Uniform() >= share_) return kNone;
  const std::uint32_t index = Allocate();
  contexts_[index].trace = ++traces_;
  contexts_[index].server = ++ids_;
  return index;
}

std::uint32_t SpanSampler::OnCall(const Frame& caller, const ClusterState& state) {
  const std::uint32_t index = Allocate();
  const Context& parent = contexts_[caller.trace];
  const Container& container = state.containers[caller.container];
  contexts_[index] = {parent.trace,           ids_ + 1,          ids_ + 2, parent.server,
                      container.microservice, container.ordinal, kNone};
  ids_ += 2;
  return index;
}

void SpanSampler::OnServed(const Frame& frame, const ClusterState& state) {
  contexts_[frame.trace].served_by = state.containers[frame.container].ordinal;
}

void SpanSampler::OnReply(const Frame& frame, const ClusterState& state) {
  const Context& context = contexts_[frame.trace];
  if (context.served_by != kNone) {
    const bool from_arrival = state.scenario->span_start == SpanStart::kArrival;
    Report({context.trace, context.server, context.client,
            state.programs.endpoints[frame.endpoint].microservice, context.served_by,
            frame.endpoint, context.client == 0 ? frame.kind : kNone, SpanKind::kServer,
            from_arrival ? frame.arrived : frame.started, frame.ended, state.now, frame.failed});
  }
  if (!frame.detached) OnCallOver(frame, state, frame.failed);
  free_.push_back(frame.trace);
}

void SpanSampler::OnCallOver(const Frame& frame, const ClusterState& state, bool failed) {
  const Context& context = contexts_[frame.trace];
  if (context.client == 0) return;
  Report({context.trace, context.client, context.caller, context.microservice, context.ordinal,
          frame.endpoint, kNone, SpanKind::kClient, frame.sent, state.now, state.now, failed});
}

void SpanSampler::Report(const SampledSpan& record) {
  if (records_.size() >= most_records_) {
    records_.pop_front();
    ++dropped_;
  }
  records_.push_back(record);
}

}  // namespace trimtab
