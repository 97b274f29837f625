#include "tests/servers/child_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <thread>
#include <utility>

#include "tests/servers/temporary_folder.h"

namespace trimtab::servers {
namespace {

constexpr std::chrono::milliseconds kPollInterval(5);

// Null-terminated, as execve takes it; points into `texts`.
std::vector<char*> Pointers(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

std::vector<std::string> EnvironmentWith(const std::vector<std::string>& additions) {
  std::vector<std::string> environment = additions;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string_view text = *variable;
    const std::string_view name = text.substr(0, text.find('=') + 1);
    if (std::none_of(additions.begin(), additions.end(),
                     [&](const std::string& added) { return added.starts_with(name); })) {
      environment.emplace_back(text);
    }
  }
  return environment;
}

// What the child needs between fork and exec, where nothing may be allocated.
struct Launch {
  std::vector<char*> arguments;
  std::vector<char*> environment;
  const char* log_file;
  const char* output_file;
  const char* input_file;
  int error_pipe;
  pid_t parent;
};

[[noreturn]] void Fail(const Launch& launch) {
  const int error = errno;
  [[maybe_unused]] const ssize_t ignored = write(launch.error_pipe, &error, sizeof error);
  _exit(127);
}

void Redirect(const Launch& launch, const char* path, int flags, int to) {
  const int file = open(path, flags | O_CLOEXEC, 0600);
  if (file < 0 || dup2(file, to) < 0) Fail(launch);
}

[[noreturn]] void Become(const Launch& launch) {
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  // The parent may have ended before it was asked for.
  if (getppid() != launch.parent) _exit(127);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  constexpr int kAppend = O_WRONLY | O_CREAT | O_APPEND;
  Redirect(launch, launch.input_file, O_RDONLY, STDIN_FILENO);
  Redirect(launch, launch.log_file, kAppend, STDERR_FILENO);
  Redirect(launch, launch.output_file, kAppend, STDOUT_FILENO);
  close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
  execve(launch.arguments.front(), launch.arguments.data(), launch.environment.data());
  Fail(launch);
}

}  // namespace

absl::StatusOr<std::unique_ptr<ChildProcess>> ChildProcess::Start(ChildProcessOptions options) {
  std::vector<std::string> arguments = options.command;
  std::vector<std::string> environment = EnvironmentWith(options.environment);
  std::array<int, 2> error_pipe{};
  if (pipe2(error_pipe.data(), O_CLOEXEC) != 0) return absl::ErrnoToStatus(errno, "pipe");
  const auto or_null = [](const std::string& path) {
    return path.empty() ? "/dev/null" : path.c_str();
  };
  const Launch launch{
      .arguments = Pointers(arguments),
      .environment = Pointers(environment),
      .log_file = or_null(options.log_file),
      .output_file = or_null(options.output_file.empty() ? options.log_file : options.output_file),
      .input_file = or_null(options.input_file),
      .error_pipe = error_pipe[1],
      .parent = getpid()};
  const pid_t pid = fork();
  if (pid == 0) Become(launch);
  const int fork_error = errno;
  close(error_pipe[1]);
  int error = 0;
  const ssize_t received = pid < 0 ? 0 : read(error_pipe[0], &error, sizeof error);
  close(error_pipe[0]);
  if (pid < 0) return absl::ErrnoToStatus(fork_error, "fork");
  if (received > 0) {
    waitpid(pid, nullptr, 0);
    return absl::ErrnoToStatus(error, fmt::format("starting '{}'", options.command.front()));
  }
  return std::unique_ptr<ChildProcess>(new ChildProcess(pid, std::move(options)));
}

ChildProcess::~ChildProcess() { Kill(); }

std::string ChildProcess::name() const {
  return std::filesystem::path(options_.command.front()).filename().string();
}

bool ChildProcess::IsRunning() {
  if (!ended_) ended_ = waitpid(pid_, &wait_status_, WNOHANG) == pid_;
  return !ended_;
}

void ChildProcess::Kill() {
  if (ended_) return;
  kill(-pid_, SIGKILL);
  while (waitpid(pid_, &wait_status_, 0) < 0 && errno == EINTR) {
  }
  ended_ = true;
}

bool ChildProcess::WaitForEnd(std::chrono::milliseconds limit) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  while (IsRunning()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(kPollInterval);
  }
  return true;
}

int ChildProcess::exit_code() const {
  return WIFEXITED(wait_status_) ? WEXITSTATUS(wait_status_) : 128 + WTERMSIG(wait_status_);
}

std::string ChildProcess::LogTail(int lines) const {
  const absl::StatusOr<std::string> log = ReadWholeFile(options_.log_file);
  if (!log.ok()) return "";
  size_t start = log->size();
  // The line feed that ends the last line begins no other.
  for (int line = 0; line < lines && start > 0; ++line) {
    const size_t feed = start < 2 ? std::string::npos : log->rfind('\n', start - 2);
    start = feed == std::string::npos ? 0 : feed + 1;
  }
  return log->substr(start);
}

absl::StatusOr<std::string> RunCommand(std::vector<std::string> command, RunLimits limits) {
  absl::StatusOr<TemporaryFolder> folder = TemporaryFolder::Make("command");
  if (!folder.ok()) return folder.status();
  ChildProcessOptions options{.command = std::move(command),
                              .log_file = folder->File("error"),
                              .output_file = folder->File("output")};
  if (!limits.input.empty()) {
    absl::StatusOr<std::string> input = folder->Write("input", limits.input);
    if (!input.ok()) return input.status();
    options.input_file = *std::move(input);
  }
  const std::string line = fmt::format("{}", fmt::join(options.command, " "));
  absl::StatusOr<std::unique_ptr<ChildProcess>> process = ChildProcess::Start(std::move(options));
  if (!process.ok()) return process.status();
  if (!(*process)->WaitForEnd(limits.time)) {
    return absl::DeadlineExceededError(
        fmt::format("'{}' still ran after {} ms", line, limits.time.count()));
  }
  if ((*process)->exit_code() != 0) {
    return absl::FailedPreconditionError(fmt::format(
        "'{}' ended with code {}: {}", line, (*process)->exit_code(), (*process)->LogTail()));
  }
  return ReadWholeFile(folder->File("output"));
}

}  // namespace trimtab::servers
