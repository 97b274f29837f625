// Port `Clock`: the time of a world, as an argument.
#pragma once

#include "trimtab/quantity/time.h"

namespace trimtab {

// The time of a world and the way to let it pass. The controller owns no thread and never sleeps:
// it asks its clock to wait, which on the simulated cluster runs the cluster up to that instant.
// Thread-safety: Now() may be called from any thread; WaitUntil() from one at a time.
class Clock {
 public:
  virtual ~Clock() = default;

  // Never runs backwards.
  virtual Instant Now() const = 0;

  // Returns once Now() >= `instant`, at once if that is already so. False when the world ended or
  // was asked to stop first; the caller then finishes what it is doing and returns.
  virtual bool WaitUntil(Instant instant) = 0;
};

}  // namespace trimtab
