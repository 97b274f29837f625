// A wait of the real world that a stop token ends.
#pragma once

#include <stop_token>

#include "trimtab/quantity/time.h"

namespace trimtab {

// Waits for that long. False, at once, when a stop is or was requested. Any thread may wait.
bool WaitFor(Duration duration, const std::stop_token& stop);

}  // namespace trimtab
