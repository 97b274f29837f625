// An answer that is not there yet.
#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <utility>

#include "trimtab/server/served_message.h"

namespace trimtab {

// Between whoever works out the answer to a request and the connection that waits for it.
// Thread-safety: every method may be called from any thread.
class PendingAnswer {
 public:
  // REQUIRES: not called before.
  void Set(ServedAnswer answer) {
    std::function<void()> wake;
    {
      const std::scoped_lock lock(mutex_);
      answer_ = std::move(answer);
      wake = std::move(wake_);
    }
    if (wake != nullptr) wake();
  }

  // Once it has been set.
  std::optional<ServedAnswer> Take() {
    const std::scoped_lock lock(mutex_);
    return std::exchange(answer_, std::nullopt);
  }

  // Calls `wake` once, when it is set or now if it is.
  void CallWhenSet(std::function<void()> wake) {
    {
      const std::scoped_lock lock(mutex_);
      if (!answer_.has_value()) {
        wake_ = std::move(wake);
        return;
      }
    }
    wake();
  }

 private:
  std::mutex mutex_;
  std::optional<ServedAnswer> answer_;  // guarded by mutex_, as is
  std::function<void()> wake_;
};

}  // namespace trimtab
