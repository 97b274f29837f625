#include "tests/servers/eventually.h"

#include <absl/status/statusor.h>
#include <fmt/format.h>

#include <string>
#include <thread>

#include "tests/servers/temporary_folder.h"

namespace trimtab::servers {

bool Eventually(const std::function<bool()>& condition, std::chrono::milliseconds limit) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return true;
}

bool HasEnded(pid_t pid) {
  const absl::StatusOr<std::string> status = ReadWholeFile(fmt::format("/proc/{}/status", pid));
  return !status.ok() || status->find("State:\tZ") != std::string::npos ||
         status->find("State:\tX") != std::string::npos;
}

}  // namespace trimtab::servers
