#include "trimtab/cli/interrupt.h"

#include <atomic>
#include <csignal>

namespace trimtab {
namespace {

// A signal handler reaches globals only; both are lock-free.
std::atomic<bool> stop_requested = false;
std::atomic<int> stop_signal = 0;
static_assert(std::atomic<bool>::is_always_lock_free && std::atomic<int>::is_always_lock_free);

void RequestStop(int signal) {
  stop_signal.store(signal);
  stop_requested.store(true);
}

}  // namespace

const std::atomic<bool>& CatchInterrupts() {
  struct sigaction action = {};
  action.sa_handler = RequestStop;
  action.sa_flags = SA_RESETHAND;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  // A file at its size limit is a write that fails and is told of, not the end of the process.
  std::signal(SIGXFSZ, SIG_IGN);
  return stop_requested;
}

int InterruptSignal() { return stop_signal.load(); }

}  // namespace trimtab
