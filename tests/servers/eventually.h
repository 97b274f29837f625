// Waiting for what a server does in its own time.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>

namespace trimtab::servers {

// Asks until `condition` holds; false when it does not within the limit.
bool Eventually(const std::function<bool()>& condition,
                std::chrono::milliseconds limit = std::chrono::seconds(60));

// Whether the process has ended; one that nobody has waited for yet has ended too.
bool HasEnded(pid_t pid);

}  // namespace trimtab::servers
