// One call of an endpoint while it is under way, and the pool of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "trimtab/simulation/event_queue.h"

namespace trimtab {

// No such frame, container, host or trace.
inline constexpr std::uint32_t kNone = 0xFFFFFFFF;

enum class FrameState : std::uint8_t {
  kFree,
  kInTransit,  // a Deliver is pending
  kQueued,     // in the accept queue
  kRunning,    // among the runnable frames of its container
  kWaiting,    // a WaitEnd is pending
  kCalling,    // some callee has not answered
  kReplying,   // a Reply is pending; its container has forgotten it
  kAbandoned,  // killed while a WaitEnd or callees were pending: freed after the last of them
};

// From the moment a call is sent until its answer is received. 88 bytes: the pool of a busy cluster
// is most of what the loop touches.
struct Frame {
  SimNanos sent = 0;
  SimNanos arrived = 0;
  SimNanos started = 0;  // when it got its thread
  SimNanos ended = 0;    // of the server span
  union {
    SimNanos call_start = 0;  // of the present CALL step
    std::uint32_t next;       // in the accept queue or the free list: no CALL step is under way
  };
  SimNanos child_union = 0;  // time in which some callee had not answered
  std::uint32_t parent = kNone;
  std::uint32_t container = kNone;
  std::uint32_t endpoint = 0;
  std::uint32_t step = 0;  // the next one to run
  std::uint32_t generation = 0;
  std::uint32_t trace = kNone;  // context of a sampled request
  float owed_cpu = 0;           // page faults to be paid with the next CPU step, CPU nanoseconds
  std::uint32_t kind = 0;       // of the request that it is part of
  std::uint16_t pending = 0;    // callees that have not answered
  std::uint16_t entry = 0;      // of a root
  std::uint16_t repeats = 0;    // of the present REPEAT that are left
  FrameState state = FrameState::kFree;
  bool failed : 1 = false;
  bool detached : 1 = false;  // its caller gave up: nobody waits for the answer
  bool start_up : 1 = false;
};
static_assert(sizeof(Frame) == 88);

// Frames by index. Indices stay, references move when Allocate() grows the pool.
class FramePool {
 public:
  Frame& operator[](std::uint32_t index) { return frames_[index]; }
  const Frame& operator[](std::uint32_t index) const { return frames_[index]; }
  std::size_t capacity() const { return frames_.size(); }

  std::uint32_t Allocate() {
    if (free_ == kNone) {
      frames_.emplace_back();
      return static_cast<std::uint32_t>(frames_.size() - 1);
    }
    const std::uint32_t index = free_;
    Frame& frame = frames_[index];
    free_ = frame.next;
    const std::uint32_t generation = frame.generation;
    frame = Frame{};
    frame.generation = generation;
    return index;
  }
  void Free(std::uint32_t index) {
    Frame& frame = frames_[index];
    frame.state = FrameState::kFree;
    ++frame.generation;
    frame.next = free_;
    free_ = index;
  }

 private:
  std::vector<Frame> frames_;
  std::uint32_t free_ = kNone;
};

}  // namespace trimtab
