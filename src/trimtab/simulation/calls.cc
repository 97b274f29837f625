#include "trimtab/simulation/calls.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "trimtab/simulation/cluster_state.h"

namespace trimtab {
namespace {

SimNanos RoundUp(double nanos) { return static_cast<SimNanos>(std::ceil(nanos)); }

}  // namespace

void Calls::SendEntry(const Request& request) {
  const CompiledTarget& target = state_.programs.entries[request.entry];
  const std::uint32_t index = state_.frames.Allocate();
  Frame& frame = state_.frames[index];
  frame.entry = request.entry;
  frame.kind = request.kind;
  frame.trace = spans_.OnRequest();
  requests_.OnRequest();
  Send(index, target, kNone);
}

void Calls::Send(std::uint32_t index, const CompiledTarget& target, std::uint32_t from_host) {
  Frame& frame = state_.frames[index];
  const CompiledEndpoint& endpoint = state_.programs.endpoints[target.endpoint];
  frame.endpoint = target.endpoint;
  frame.step = endpoint.first_step;
  frame.sent = state_.now;
  frame.state = FrameState::kInTransit;
  if (target.timeout_class != kNoTimeout) {
    auto& pending = state_.timeouts[target.timeout_class];
    const SimNanos deadline = state_.now + state_.programs.timeouts[target.timeout_class];
    pending.push_back({deadline, index, frame.generation});
    if (pending.size() == 1) {
      state_.events.Push(deadline, EventKind::kTimeout, target.timeout_class);
    }
  }
  frame.container = PickReplica(endpoint.microservice);
  if (frame.container == kNone) {
    // Nothing listens: the caller's node refuses the connection at once.
    frame.failed = true;
    frame.ended = state_.now;
    frame.state = FrameState::kReplying;
    state_.events.PushOrdered(EventQueue::kSameInstant, state_.now, EventKind::kReply, index);
    return;
  }
  Container& container = state_.containers[frame.container];
  ++container.referring;
  const SimNanos hop = HopBetween(from_host, container.host);
  state_.events.PushOrdered(hop == 0 ? EventQueue::kSameInstant : EventQueue::kHop,
                            state_.now + hop, EventKind::kDeliver, index);
}

std::uint32_t Calls::PickReplica(std::uint32_t microservice) {
  ReplicaSet& set = state_.replica_sets[microservice];
  const std::size_t count = set.balanced.size();
  if (count == 0) return kNone;
  if (count == 1) return set.balanced[0];
  switch (state_.scenario->microservices[microservice].balancing) {
    case LoadBalancing::kRandom:
      return set.balanced[set.balancing.Below(count)];
    case LoadBalancing::kRoundRobin:
      return set.balanced[set.turn++ % count];
    case LoadBalancing::kLeastOfTwo: {
      const std::uint32_t one = set.balanced[set.balancing.Below(count)];
      const std::uint32_t other = set.balanced[set.balancing.Below(count)];
      return state_.containers[other].referring < state_.containers[one].referring ? other : one;
    }
  }
  return kNone;
}

SimNanos Calls::HopBetween(std::uint32_t host, std::uint32_t other) const {
  const NetworkSpec& network = state_.scenario->network;
  const bool entry = host == kNone || other == kNone;
  const SimNanos hop = entry ? network.entry_hop.count() : network.hop.count();
  if (state_.stretched_hosts == 0) return hop;
  const double stretch = std::max(host == kNone ? 1.0 : state_.hosts[host].network_stretch,
                                  other == kNone ? 1.0 : state_.hosts[other].network_stretch);
  return RoundUp(static_cast<double>(hop) * stretch);
}

std::uint32_t Calls::HostOf(std::uint32_t frame) const {
  if (frame == kNone) return kNone;
  return state_.containers[state_.frames[frame].container].host;
}

void Calls::Deliver(std::uint32_t index) {
  Frame& frame = state_.frames[index];
  Container& container = state_.containers[frame.container];
  if (!Accepts(container.state)) {
    Refuse(index);
    return;
  }
  frame.arrived = state_.now;
  FlowStatistics& flow = state_.replica_sets[container.microservice].flow;
  ++flow.arrivals;
  flow.Change(state_.now, 1);
  if (container.threads > 0 && container.busy_threads == container.threads) {
    frame.state = FrameState::kQueued;
    frame.next = kNone;
    if (container.queue_tail == kNone) {
      container.queue_head = index;
    } else {
      state_.frames[container.queue_tail].next = index;
    }
    container.queue_tail = index;
    return;
  }
  if (Begin(index)) Run(index);
}

// Gives the frame a thread. False when it does not run on at once.
bool Calls::Begin(std::uint32_t index) {
  Frame& frame = state_.frames[index];
  Container& container = state_.containers[frame.container];
  frame.started = state_.now;
  frame.state = FrameState::kRunning;
  ++container.in_flight;
  if (++container.busy_threads == container.threads) container.pool_full_since = state_.now;
  if (container.memory.Kills(container.in_flight)) {
    const std::uint32_t killed = frame.container;
    FailAll(killed);
    container.state = ReplicaState::kKilled;
    WakeLife(killed);
    return false;
  }
  double missing = container.memory.MissingShare(container.in_flight);
  if (container.cold > 0) missing = 1.0 - (1.0 - missing) * (1.0 - container.cold);
  if (missing <= 0) return true;
  const MemorySpec& memory = state_.scenario->microservices[container.microservice].memory;
  const double faults = memory.pages_per_request * missing;
  frame.owed_cpu = static_cast<float>(faults * static_cast<double>(memory.fault_cpu.count()));
  StartWait(index, faults * static_cast<double>(memory.fault_wait.count()));
  return frame.state == FrameState::kRunning;
}

// Runs a frame that has its thread, and then those that were queued for it, until they block.
void Calls::Run(std::uint32_t index) {
  while (index != kNone && RunSteps(index)) index = Finish(index);
}

// True when the program is over, false when the frame waits for something.
bool Calls::RunSteps(std::uint32_t index) {
  const CompiledPrograms& programs = state_.programs;
  for (;;) {
    Frame& frame = state_.frames[index];
    EndpointStreams& streams = state_.streams[frame.endpoint];
    const Step step = programs.steps[frame.step++];
    switch (step.kind) {
      case StepKind::kCpu: {
        const double demand = programs.samplers[step.a].Draw(streams.demand) + frame.owed_cpu;
        frame.owed_cpu = 0;
        if (demand <= 0) break;
        StartCpu(index, demand);
        return false;
      }
      case StepKind::kWait:
        StartWait(index, programs.samplers[step.a].Draw(streams.wait));
        if (frame.state == FrameState::kWaiting) return false;
        break;
      case StepKind::kCall:
        CallAll(index, step);
        return false;
      case StepKind::kBranch:
        if (!(streams.branch.Uniform() < programs.branches[step.a])) frame.step = step.b;
        break;
      case StepKind::kWhen:
        if (!process_.Holds(frame.kind, step.a)) frame.step = step.b;
        break;
      case StepKind::kRepeat:
        frame.repeats = process_.Repeats(frame.kind, step.a);
        if (frame.repeats == 0) frame.step = step.b;
        break;
      case StepKind::kAgain:
        if (--frame.repeats > 0) frame.step = step.b;
        break;
      case StepKind::kJump:
        frame.step = step.b;
        break;
      case StepKind::kEnd:
        return true;
    }
  }
}

void Calls::StartCpu(std::uint32_t index, double demand) {
  Frame& frame = state_.frames[index];
  Container& container = state_.containers[frame.container];
  frame.state = FrameState::kRunning;
  container.cpu.Advance(state_.now);
  container.cpu.Start(demand, index);
  if (!container.settling) shares_.Settle(frame.container);
}

void Calls::StartWait(std::uint32_t index, double nanos) {
  if (nanos <= 0) return;
  state_.frames[index].state = FrameState::kWaiting;
  state_.events.Push(state_.now + RoundUp(nanos), EventKind::kWaitEnd, index);
}

void Calls::CallAll(std::uint32_t index, const Step& step) {
  {
    Frame& frame = state_.frames[index];
    frame.state = FrameState::kCalling;
    frame.pending = static_cast<std::uint16_t>(step.b);
    frame.call_start = state_.now;
  }
  const std::uint32_t host = HostOf(index);
  for (std::uint32_t i = 0; i < step.b; ++i) {
    const CompiledTarget& target = state_.programs.targets[step.a + i];
    const std::uint32_t child = state_.frames.Allocate();  // moves the frames
    const Frame& parent = state_.frames[index];
    state_.frames[child].parent = index;
    state_.frames[child].kind = parent.kind;
    if (parent.trace != kNone) {
      state_.frames[child].trace = spans_.OnCall(parent, state_);
    }
    Send(child, target, host);
  }
}

void Calls::OnContainerTimer(std::uint32_t index, SimNanos time) {
  Container& container = state_.containers[index];
  if (time != container.timer) return;
  container.timer = kNever;
  container.cpu.Advance(state_.now);
  container.settling = true;
  std::uint32_t finished = kNone;
  while (container.cpu.PopFinished(&finished)) Run(finished);
  container.settling = false;
  shares_.Settle(index);
}

void Calls::OnWaitEnd(std::uint32_t index) {
  Frame& frame = state_.frames[index];
  if (frame.state == FrameState::kAbandoned) {
    state_.frames.Free(index);
    return;
  }
  frame.state = FrameState::kRunning;
  Run(index);
}

// The program is over: the answer leaves, the thread goes to the next in the queue, which is
// returned if it can run on.
std::uint32_t Calls::Finish(std::uint32_t index) {
  Frame& frame = state_.frames[index];
  const std::uint32_t container_index = frame.container;
  Container& container = state_.containers[container_index];
  if (frame.start_up) {
    Leave(container_index, container, frame);
    state_.frames.Free(index);
    container.life = state_.now;
    state_.events.PushOrdered(EventQueue::kSameInstant, state_.now, EventKind::kReplica,
                              container_index);
    return kNone;
  }
  const CompiledEndpoint& endpoint = state_.programs.endpoints[frame.endpoint];
  SimNanos ended = state_.now;
  if (endpoint.transfer_nanos > 0) {
    ended += RoundUp(endpoint.transfer_nanos * state_.hosts[container.host].network_stretch);
  }
  const bool from_arrival = state_.scenario->span_start == SpanStart::kArrival;
  container.own_latency.Add(ended - (from_arrival ? frame.arrived : frame.started) -
                            frame.child_union);
  ++container.requests;
  container.failed_requests += frame.failed ? 1U : 0U;
  container.network_bytes += endpoint.network_bytes;
  if (container.cold > 0) {
    const ColdCacheSpec& cold = state_.scenario->microservices[container.microservice].cold_cache;
    container.cold = container.cold < 1e-4 ? 0 : container.cold * std::exp(-1.0 / cold.requests);
  }
  frame.ended = ended;
  if (frame.trace != kNone) spans_.OnServed(frame, state_);
  Leave(container_index, container, frame);
  ScheduleReply(index, ended);
  return TakeQueued(container);
}

std::uint32_t Calls::TakeQueued(Container& container) {
  const std::uint32_t next = container.queue_head;
  if (next == kNone) return kNone;
  container.queue_head = state_.frames[next].next;
  if (container.queue_head == kNone) container.queue_tail = kNone;
  return Begin(next) ? next : kNone;
}

// The container forgets a frame that had a thread.
void Calls::Leave(std::uint32_t index, Container& container, Frame& frame) {
  --container.busy_threads;
  if (container.pool_full_since != kNever) {
    container.pool_full += state_.now - container.pool_full_since;
    container.pool_full_since = kNever;
  }
  --container.in_flight;
  if (!frame.start_up) {
    FlowStatistics& flow = state_.replica_sets[container.microservice].flow;
    ++flow.departures;
    flow.sojourn_nanos += static_cast<double>(state_.now - frame.arrived);
    flow.Change(state_.now, -1);
  }
  if (--container.referring == 0) WakeLife(index);
}

void Calls::ScheduleReply(std::uint32_t index, SimNanos ended) {
  Frame& frame = state_.frames[index];
  frame.ended = ended;
  frame.state = FrameState::kReplying;
  const SimNanos hop = HopBetween(HostOf(index), HostOf(frame.parent));
  const SimNanos time = ended + hop;
  state_.events.PushOrdered(time == state_.now ? EventQueue::kSameInstant : EventQueue::kHop, time,
                            EventKind::kReply, index);
}

void Calls::OnReply(std::uint32_t index) {
  Frame& frame = state_.frames[index];
  if (frame.trace != kNone) {
    spans_.OnReply(frame, state_);
  }
  const std::uint32_t parent = frame.parent;
  const bool failed = frame.failed;
  if (!frame.detached && parent == kNone) {
    requests_.OnRequestDone(frame.entry, state_.now - frame.sent,
                            failed ? Outcome::kFailed : Outcome::kAnswered);
  }
  const bool tell = !frame.detached && parent != kNone;
  state_.frames.Free(index);
  if (tell) ChildDone(parent, failed);
}

void Calls::ChildDone(std::uint32_t index, bool failed) {
  Frame& parent = state_.frames[index];
  parent.failed |= failed;
  if (--parent.pending > 0) return;
  if (parent.state == FrameState::kAbandoned) {
    state_.frames.Free(index);
    return;
  }
  parent.child_union += state_.now - parent.call_start;
  parent.state = FrameState::kRunning;
  Run(index);
}

void Calls::StartUp(std::uint32_t container) {
  const std::uint32_t index = state_.frames.Allocate();
  Frame& frame = state_.frames[index];
  Container& c = state_.containers[container];
  frame.container = container;
  frame.start_up = true;
  frame.endpoint = state_.programs.first_start_up + c.microservice;
  frame.step = state_.programs.endpoints[frame.endpoint].first_step;
  ++c.referring;
  if (Begin(index)) Run(index);
}

}  // namespace trimtab
