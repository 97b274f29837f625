#include "trimtab/kubernetes/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "trimtab/quantity/text.h"

namespace trimtab {
namespace {

std::vector<std::string> EnvironmentOf(const ChildProcess& child) {
  std::vector<std::string> variables;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string_view text = *variable;
    const std::string_view name = text.substr(0, text.find('='));
    const bool is_replaced =
        std::any_of(child.environment.begin(), child.environment.end(),
                    [&](const auto& replacement) { return replacement.first == name; });
    if (!is_replaced) variables.emplace_back(text);
  }
  for (const auto& [name, value] : child.environment) {
    variables.push_back(fmt::format("{}={}", name, value));
  }
  return variables;
}

std::vector<char*> Pointers(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

// Starts it with its standard output in `output`. An errno.
int Spawn(const ChildProcess& child, int output, pid_t& pid) {
  std::vector<std::string> words = {child.command};
  words.insert(words.end(), child.arguments.begin(), child.arguments.end());
  std::vector<std::string> variables = EnvironmentOf(child);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  if (!child.may_read_terminal) {
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  }
  const int error = posix_spawnp(&pid, child.command.c_str(), &actions, nullptr,
                                 Pointers(words).data(), Pointers(variables).data());
  posix_spawn_file_actions_destroy(&actions);
  return error;
}

absl::Status TooLate(const ChildProcess& child) {
  return absl::DeadlineExceededError(
      fmt::format("did not end within {}", FormatDuration(child.timeout)));
}

// Reads to the end; the error is without the command's name.
absl::Status ReadAll(int input, const ChildProcess& child, const Clock& clock, Instant deadline,
                     std::string& text) {
  std::array<char, 16384> buffer;
  while (true) {
    const Duration left = deadline - clock.Now();
    if (left.count() <= 0) return TooLate(child);
    pollfd wait{input, POLLIN, 0};
    const auto milliseconds = std::chrono::ceil<std::chrono::milliseconds>(left).count();
    if (poll(&wait, 1, static_cast<int>(std::min<std::int64_t>(milliseconds, 1000))) <= 0) continue;
    const ssize_t count = read(input, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return absl::OkStatus();
    text.append(buffer.data(), static_cast<std::size_t>(count));
    if (text.size() > static_cast<std::size_t>(child.largest_output.value())) {
      return absl::ResourceExhaustedError(
          fmt::format("printed more than {} bytes", child.largest_output.value()));
    }
  }
}

// Its state once it has ended; none at the deadline: it may close its output and stay.
std::optional<int> WaitUntil(Instant deadline, pid_t pid, const Clock& clock) {
  constexpr int kPauseMilliseconds = 5;
  while (true) {
    int state = 0;
    const pid_t ended = waitpid(pid, &state, WNOHANG);
    if (ended == pid || (ended < 0 && errno != EINTR)) return state;
    if (clock.Now() >= deadline) return std::nullopt;
    poll(nullptr, 0, kPauseMilliseconds);
  }
}

int Kill(pid_t pid) {
  kill(pid, SIGKILL);
  int state = 0;
  while (waitpid(pid, &state, 0) < 0 && errno == EINTR) {
  }
  return state;
}

}  // namespace

absl::StatusOr<std::string> RunChild(const ChildProcess& child, const Clock& clock) {
  const auto error = [&](absl::StatusCode code, std::string_view why) {
    return absl::Status(code, fmt::format("'{}': {}", child.command, why));
  };
  std::array<int, 2> pipe{};
  if (pipe2(pipe.data(), O_CLOEXEC) != 0) {
    return error(absl::StatusCode::kResourceExhausted, std::strerror(errno));
  }
  pid_t pid = 0;
  const int failure = Spawn(child, pipe[1], pid);
  close(pipe[1]);
  if (failure != 0) {
    close(pipe[0]);
    return error(absl::StatusCode::kNotFound, std::strerror(failure));
  }
  const Instant deadline = clock.Now() + child.timeout;
  std::string text;
  absl::Status status = ReadAll(pipe[0], child, clock, deadline, text);
  close(pipe[0]);
  std::optional<int> ended;
  if (status.ok()) ended = WaitUntil(deadline, pid, clock);
  if (status.ok() && !ended) status = TooLate(child);
  const int state = ended ? *ended : Kill(pid);
  if (!status.ok()) return error(status.code(), std::string(status.message()));
  if (WIFSIGNALED(state)) {
    return error(absl::StatusCode::kUnavailable,
                 fmt::format("was ended by signal {}", WTERMSIG(state)));
  }
  if (WEXITSTATUS(state) != 0) {
    return error(absl::StatusCode::kUnavailable,
                 fmt::format("ended with code {}", WEXITSTATUS(state)));
  }
  return text;
}

}  // namespace trimtab
