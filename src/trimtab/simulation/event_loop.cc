#include "trimtab/simulation/event_loop.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"

namespace trimtab {
namespace {

ClusterState InitialState(const ClusterScenario& scenario, const EventLoopOptions& options) {
  ClusterState state;
  state.scenario = &scenario;
  state.programs = CompiledPrograms::Compile(scenario);
  state.bins_per_octave = options.bins_per_octave;
  state.timeouts.resize(state.programs.timeouts.size());
  for (const HostSpec& spec : scenario.hosts) {
    state.hosts.emplace_back().capacity = spec.cpu.value();
  }
  for (const MicroserviceSpec& spec : scenario.microservices) {
    state.replica_sets.emplace_back(
        RandomStream(options.seed, fmt::format("{}/balancing", spec.name)),
        RandomStream(options.seed, fmt::format("{}/life", spec.name)));
  }
  for (const CompiledEndpoint& endpoint : state.programs.endpoints) {
    const std::string name =
        fmt::format("{}/{}", scenario.microservices[endpoint.microservice].name, endpoint.name);
    state.streams.push_back({RandomStream(options.seed, name + "/demand"),
                             RandomStream(options.seed, name + "/wait"),
                             RandomStream(options.seed, name + "/branch")});
  }
  return state;
}

}  // namespace

absl::StatusOr<std::unique_ptr<EventLoop>> EventLoop::Create(const ClusterScenario& scenario,
                                                             const EventLoopOptions& options,
                                                             Handler handler) {
  std::unique_ptr<EventLoop> loop(new EventLoop(scenario, options, std::move(handler)));
  if (!options.is_hosted) {
    if (absl::Status status = loop->replicas_.StartInitial(); !status.ok()) return status;
    loop->PushNextRequest();
  }
  loop->state_.events.Push(HostContention::kTick, EventKind::kHostTick, 0);
  return loop;
}

EventLoop::EventLoop(const ClusterScenario& scenario, const EventLoopOptions& options,
                     Handler handler)
    : state_(InitialState(scenario, options)),
      process_(scenario, options.load, options.seed),
      shares_(state_),
      requests_(scenario.entries.size(), options.bins_per_octave),
      spans_(options.span_share, options.most_unread_spans, options.seed),
      calls_(state_, shares_, process_, requests_, spans_),
      replicas_(state_, shares_, calls_),
      contention_(state_, shares_, replicas_),
      handler_(std::move(handler)) {}

void EventLoop::BeginRequests() {
  load_start_ = state_.now;
  PushNextRequest();
}

void EventLoop::RunUntil(SimNanos until) {
  Event event;
  while (state_.events.PopUntil(until, &event)) {
    state_.now = event.time;
    ++state_.processed_events;
    Step(event);
  }
  state_.now = until;
}

void EventLoop::Step(const Event& event) {
  switch (event.kind()) {
    case EventKind::kArrive:
      OnArrive();
      break;
    case EventKind::kDeliver:
      calls_.Deliver(event.index());
      break;
    case EventKind::kContainerTimer:
      calls_.OnContainerTimer(event.index(), event.time);
      break;
    case EventKind::kWaitEnd:
      calls_.OnWaitEnd(event.index());
      break;
    case EventKind::kReply:
      calls_.OnReply(event.index());
      break;
    case EventKind::kTimeout:
      calls_.OnTimeout(event.index());
      break;
    case EventKind::kReplica:
      replicas_.OnLife(event.index(), event.time);
      break;
    case EventKind::kReconcile:
      replicas_.Reconcile(event.index());
      break;
    case EventKind::kResize:
      replicas_.OnResize(event.index(), event.time);
      break;
    case EventKind::kHostTick:
      contention_.OnTick();
      state_.events.Push(state_.now + HostContention::kTick, EventKind::kHostTick, 0);
      break;
    case EventKind::kAnomaly:
    case EventKind::kScrape:
    case EventKind::kWindowEnd:
      handler_(event.kind());
      break;
  }
}

void EventLoop::OnArrive() {
  calls_.SendEntry(next_);
  PushNextRequest();
}

void EventLoop::PushNextRequest() {
  next_ = process_.Next();
  if (next_.time == kNever) return;
  state_.events.Push(load_start_ + next_.time, EventKind::kArrive, 0);
}

}  // namespace trimtab
