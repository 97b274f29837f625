// Ctrl-C and SIGTERM as a flag.
#pragma once

#include <atomic>

namespace trimtab {

// From now on the first SIGINT or SIGTERM sets the returned flag and a second one ends the process
// at once. The flag lives as long as the process. A write past a file-size limit fails with EFBIG
// from now on, instead of ending the process.
const std::atomic<bool>& CatchInterrupts();

// The signal that set the flag, 0 when none did.
int InterruptSignal();

}  // namespace trimtab
