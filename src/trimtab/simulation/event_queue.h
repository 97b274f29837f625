// The pending events of the simulated cluster, in (time, sequence) order.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "trimtab/simulation/implicit_heap.h"

namespace trimtab {

// Simulated nanoseconds since the start, as the event loop computes with them; `Instant` outside.
using SimNanos = std::int64_t;

// What an event is about; its index says which one.
enum class EventKind : std::uint8_t {
  kArrive,          // the next entry request; no index
  kDeliver,         // frame: the call reaches the callee's container
  kContainerTimer,  // container: a completion, a quota exhaustion or a refill may be due
  kWaitEnd,         // frame: a WAIT step is over
  kReply,           // frame: the answer reaches the caller
  kTimeout,         // timeout class: its oldest call may have expired
  kReplica,         // container: the next step of its life is due
  kReconcile,       // microservice: a decision takes effect
  kResize,          // container: its new size takes effect
  kHostTick,        // no index: contention is measured and speeds are set
  kAnomaly,         // no index: an anomaly begins or ends
  kScrape,          // no index: metrics are recorded
  kWindowEnd,       // no index: a window of statistics is closed
};

// 16 bytes: four children of the heap fill one cache line.
struct Event {
  SimNanos time = 0;
  std::uint32_t sequence = 0;
  std::uint32_t payload = 0;  // kind in the upper 4 bits, index in the lower 28

  EventKind kind() const { return static_cast<EventKind>(payload >> 28U); }
  std::uint32_t index() const { return payload & kIndexMask; }

  static constexpr std::uint32_t kIndexMask = (1U << 28U) - 1;
};
static_assert(sizeof(Event) == 16);

// Ties in time fall in the order in which the events were pushed. The sequence wraps; a signed
// difference orders it rightly while fewer than 2^31 events lie between the oldest and the newest
// pending one of equal time.
struct EventBefore {
  bool operator()(const Event& a, const Event& b) const {
    // Without branches: which of two events is earlier is as good as random.
    const bool tie = static_cast<std::int32_t>(a.sequence - b.sequence) < 0;
    return (static_cast<int>(a.time < b.time) |
            (static_cast<int>(a.time == b.time) & static_cast<int>(tie))) != 0;
  }
};

// A 4-ary heap with two lanes beside it. Most events of a cluster come a constant delay after the
// present one (a network hop) or in the same instant; pushed in that order they are sorted already,
// so a ring buffer holds them at a tenth of the cost of a heap. An event that would break the
// order of its lane goes to the heap: the order of Pop() is (time, sequence) whatever the lanes do.
// Thread-safety: none.
class EventQueue {
 public:
  enum Lane : std::size_t { kSameInstant, kHop, kLanes };

  EventQueue() {
    for (auto& lane : lanes_) lane.slots.resize(64);
  }

  bool empty() const { return heap_.empty() && lanes_[0].size == 0 && lanes_[1].size == 0; }
  std::size_t size() const { return heap_.size() + lanes_[0].size + lanes_[1].size; }

  void Push(SimNanos time, EventKind kind, std::uint32_t index) {
    heap_.Push(MakeEvent(time, kind, index));
  }
  // Cheaper when `time` is usually not before that of the last event pushed to the same lane.
  void PushOrdered(Lane lane, SimNanos time, EventKind kind, std::uint32_t index) {
    Ring& ring = lanes_[lane];
    const Event event = MakeEvent(time, kind, index);
    if (ring.size > 0 && time < ring.back().time) {
      heap_.Push(event);
    } else {
      ring.Append(event);
    }
  }

  // Takes the earliest event, unless there is none or it is later than `until`.
  bool PopUntil(SimNanos until, Event* event) {
    heap_.Settle();
    std::size_t best = kLanes;
    bool found = !heap_.empty();
    if (found) *event = heap_.top();
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      if (lanes_[lane].size == 0) continue;
      const Event& front = lanes_[lane].front();
      if (found && !EventBefore{}(front, *event)) continue;
      *event = front;
      best = lane;
      found = true;
    }
    if (!found || event->time > until) return false;
    if (best == kLanes) {
      heap_.Vacate();
    } else {
      lanes_[best].DropFront();
    }
    return true;
  }

 private:
  struct Ring {
    std::vector<Event> slots;  // a power of two of them
    std::size_t first = 0;
    std::size_t size = 0;

    const Event& front() const { return slots[first]; }
    const Event& back() const { return slots[(first + size - 1) & (slots.size() - 1)]; }
    void Append(const Event& event) {
      if (size == slots.size()) Grow();
      slots[(first + size++) & (slots.size() - 1)] = event;
    }
    void DropFront() {
      first = (first + 1) & (slots.size() - 1);
      --size;
    }
    void Grow() {
      std::vector<Event> larger(slots.size() * 2);
      for (std::size_t i = 0; i < size; ++i) larger[i] = slots[(first + i) & (slots.size() - 1)];
      slots.swap(larger);
      first = 0;
    }
  };
  Event MakeEvent(SimNanos time, EventKind kind, std::uint32_t index) {
    return {time, sequence_++, (static_cast<std::uint32_t>(kind) << 28U) | index};
  }
  ImplicitHeap<Event, EventBefore> heap_;
  std::array<Ring, kLanes> lanes_;
  std::uint32_t sequence_ = 0;
};

}  // namespace trimtab
