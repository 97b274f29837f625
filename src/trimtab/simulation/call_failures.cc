// What happens to calls when a deadline passes, a replica dies or is no longer there.
#include <cstddef>
#include <cstdint>

#include "trimtab/simulation/calls.h"
#include "trimtab/simulation/cluster_state.h"

namespace trimtab {

// The connection fails where the replica no longer is; the caller learns it one hop later.
void Calls::Refuse(std::uint32_t index) {
  Frame& frame = state_.frames[index];
  Container& container = state_.containers[frame.container];
  frame.failed = true;
  ScheduleReply(index, state_.now);
  if (--container.referring == 0) WakeLife(frame.container);
}

void Calls::OnTimeout(std::uint32_t timeout_class) {
  auto& pending = state_.timeouts[timeout_class];
  while (!pending.empty()) {
    const PendingTimeout oldest = pending.front();
    const Frame& frame = state_.frames[oldest.frame];
    const bool over = frame.generation != oldest.generation || frame.detached;
    if (!over && oldest.deadline > state_.now) break;
    pending.pop_front();
    if (!over) Expire(oldest.frame);
  }
  if (!pending.empty()) {
    state_.events.Push(pending.front().deadline, EventKind::kTimeout, timeout_class);
  }
}

// The caller gives up; the callee works on, and its CPU is lost.
void Calls::Expire(std::uint32_t index) {
  Frame& frame = state_.frames[index];
  if (frame.trace != kNone) spans_.OnCallOver(frame, state_, true);
  const std::uint32_t parent = frame.parent;
  frame.detached = true;
  frame.parent = kNone;
  if (parent == kNone) {
    requests_.OnRequestDone(frame.entry, state_.now - frame.sent, Outcome::kTimedOut);
  } else {
    ChildDone(parent, true);
  }
}

void Calls::FailAll(std::uint32_t container) {
  Container& c = state_.containers[container];
  for (std::uint32_t i = 0; i < state_.frames.capacity(); ++i) {
    const FrameState frame_state = state_.frames[i].state;
    if (state_.frames[i].container == container && frame_state != FrameState::kFree &&
        frame_state != FrameState::kInTransit && frame_state != FrameState::kReplying &&
        frame_state != FrameState::kAbandoned) {
      FailFrame(i);
    }
  }
  c.cpu.Advance(state_.now);
  c.cpu.Clear();
  c.queue_head = kNone;
  c.queue_tail = kNone;
  if (!c.settling) shares_.Settle(container);
}

void Calls::FailFrame(std::uint32_t index) {
  const FrameState was = state_.frames[index].state;
  const std::uint32_t container_index = state_.frames[index].container;
  Container& container = state_.containers[container_index];
  if (was == FrameState::kQueued) {
    ++container.busy_threads;  // Leave() takes back what a queued frame never had
    ++container.in_flight;
  }
  Leave(container_index, container, state_.frames[index]);
  if (state_.frames[index].start_up) {
    state_.frames.Free(index);
    return;
  }
  std::uint32_t messenger = index;
  if (was == FrameState::kWaiting || was == FrameState::kCalling) {
    // Its own record is still named by an event or by callees; another one carries the error.
    messenger = state_.frames.Allocate();
    const std::uint32_t generation = state_.frames[messenger].generation;
    state_.frames[messenger] = state_.frames[index];
    state_.frames[messenger].generation = generation;
    state_.frames[index].state = FrameState::kAbandoned;
    state_.frames[index].trace = kNone;
    state_.frames[index].detached = true;
    state_.frames[index].parent = kNone;
  }
  state_.frames[messenger].failed = true;
  ScheduleReply(messenger, state_.now);
}

void Calls::WakeLife(std::uint32_t index) {
  Container& container = state_.containers[index];
  const ReplicaState s = container.state;
  const bool due = s == ReplicaState::kKilled || s == ReplicaState::kDraining;
  if (!due || container.life == state_.now) return;
  container.life = state_.now;
  state_.events.PushOrdered(EventQueue::kSameInstant, state_.now, EventKind::kReplica, index);
}

}  // namespace trimtab
