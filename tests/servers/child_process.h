// Programs that a test starts and that never outlive it.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <sys/types.h>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace trimtab::servers {

struct ChildProcessOptions {
  std::vector<std::string> command;           // path of the program, then its arguments
  std::vector<std::string> environment = {};  // "NAME=value", beside the parent's own
  std::string log_file = {};     // takes the standard error, and the output where none is named
  std::string output_file = {};  // takes the standard output
  std::string input_file = {};   // is the standard input; without it there is none
};

// A running program in a process group of its own, without a terminal's signals and without the
// parent's open files. It is killed, with its whole group, by the destructor, and by the kernel
// when the thread that started it ends, however it ends: SIGKILL of the test included. Not
// thread-safe.
class ChildProcess {
 public:
  // Fails when the program cannot be executed or a file not opened.
  static absl::StatusOr<std::unique_ptr<ChildProcess>> Start(ChildProcessOptions options);

  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;
  ~ChildProcess();

  pid_t pid() const { return pid_; }
  // The last part of the program's path.
  std::string name() const;
  bool IsRunning();
  // SIGKILL to its group; returns when it is gone. Does nothing when it has ended.
  void Kill();
  // Waits for its end; false when the time is over and it still runs.
  bool WaitForEnd(std::chrono::milliseconds limit);
  // Its exit code, or 128 and the number of the signal that ended it. REQUIRES: it has ended.
  int exit_code() const;
  // The last lines of its log, each with its line feed.
  std::string LogTail(int lines = 30) const;

 private:
  ChildProcess(pid_t pid, ChildProcessOptions options) : pid_(pid), options_(std::move(options)) {}

  pid_t pid_;
  ChildProcessOptions options_;
  bool ended_ = false;  // reaped: the number may be another process's by now
  int wait_status_ = 0;
};

struct RunLimits {
  std::string_view input = {};  // the standard input
  std::chrono::milliseconds time = std::chrono::seconds(60);
};

// Runs a command to its end and returns its standard output. Fails when it cannot be run, when it
// ends with another code than 0 (with its standard error) or takes longer than its time.
absl::StatusOr<std::string> RunCommand(std::vector<std::string> command, RunLimits limits = {});

}  // namespace trimtab::servers
