// Whether the loops of all AppScalers still turn.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "trimtab/clock/clock.h"
#include "trimtab/server/status_service.h"

namespace trimtab {

// One heartbeat for each loop. A loop beats by Beat() whenever it gets on: at the begin of a round,
// each second of a wait, before each attempt of a write and each question to Jaeger. Whatever it
// does in between ends by a deadline of its own, so that a slow server lets it beat; what hangs
// does not. Thread-safety: every method from any thread.
class LoopPulses {
 public:
  // `clock` must outlive it and its pulses. `longest`: between two beats.
  LoopPulses(const Clock& clock, Duration longest) : clock_(clock), longest_(longest) {}

  // The pulse of a loop that runs on the calling thread, until it is destroyed there; it must not
  // outlive the LoopPulses. The first beat is its making.
  class Pulse {
   public:
    Pulse(LoopPulses& pulses, std::string name);
    ~Pulse();
    Pulse(const Pulse&) = delete;
    Pulse& operator=(const Pulse&) = delete;

   private:
    friend class LoopPulses;
    LoopPulses& pulses_;
    const std::string name_;
    Heartbeat heartbeat_;
  };

  // Of the loop that runs on this thread; does nothing on others.
  static void Beat();
  // kDeadlineExceeded names the loops that have not beaten for too long.
  absl::Status Check() const;

 private:
  const Clock& clock_;
  const Duration longest_;
  mutable std::mutex mutex_;
  std::vector<const Pulse*> running_;  // guarded by mutex_
};

}  // namespace trimtab
