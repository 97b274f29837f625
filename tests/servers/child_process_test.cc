#include "tests/servers/child_process.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <csignal>
#include <filesystem>

#include "tests/servers/eventually.h"
#include "tests/servers/temporary_folder.h"

namespace trimtab::servers {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

int Number(const std::string& text) {
  int number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

TEST(ChildProcessTest, CommandReturnsItsOutputAndTakesItsInput) {
  const auto output = RunCommand({"/bin/sh", "-c", "cat; echo error >&2"}, {.input = "two\nlines"});
  ASSERT_TRUE(output.ok()) << output.status();
  EXPECT_EQ(*output, "two\nlines");
}

TEST(ChildProcessTest, CommandWithoutInputReadsNothing) {
  const auto output = RunCommand({"/bin/cat"});
  ASSERT_TRUE(output.ok()) << output.status();
  EXPECT_EQ(*output, "");
}

TEST(ChildProcessTest, FailedCommandNamesItsCodeAndError) {
  const auto output = RunCommand({"/bin/sh", "-c", "echo no such pod >&2; exit 3"});
  EXPECT_EQ(output.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(output.status().message(), HasSubstr("ended with code 3: no such pod"));
}

TEST(ChildProcessTest, CommandThatTakesTooLongIsKilled) {
  const auto output = RunCommand({"/bin/sleep", "1000"}, {.time = std::chrono::milliseconds(50)});
  EXPECT_EQ(output.status().code(), absl::StatusCode::kDeadlineExceeded);
}

TEST(ChildProcessTest, MissingProgramIsAnError) {
  const auto process = ChildProcess::Start({.command = {"/no/such/program"}});
  EXPECT_EQ(process.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(process.status().message(), HasSubstr("/no/such/program"));
}

TEST(ChildProcessTest, EnvironmentIsTheParentsWithTheAdditions) {
  const auto folder = TemporaryFolder::Make("environment");
  ASSERT_TRUE(folder.ok()) << folder.status();
  auto process = ChildProcess::Start({.command = {"/usr/bin/env"},
                                      .environment = {"PATH=/added"},
                                      .log_file = folder->File("log")});
  ASSERT_TRUE(process.ok()) << process.status();
  ASSERT_TRUE((*process)->WaitForEnd(std::chrono::seconds(60)));
  EXPECT_EQ((*process)->exit_code(), 0);
  const std::string log = (*process)->LogTail(1000);
  EXPECT_THAT(log, HasSubstr("PATH=/added\n"));
  EXPECT_THAT(log, Not(HasSubstr(std::string("PATH=") + getenv("PATH"))));
  EXPECT_THAT(log, HasSubstr("TEST_TMPDIR="));
}

TEST(ChildProcessTest, LogTailIsTheLastLines) {
  const auto folder = TemporaryFolder::Make("log");
  ASSERT_TRUE(folder.ok()) << folder.status();
  auto process =
      ChildProcess::Start({.command = {"/bin/sh", "-c", "echo one; echo two; echo three"},
                           .log_file = folder->File("log")});
  ASSERT_TRUE(process.ok()) << process.status();
  ASSERT_TRUE((*process)->WaitForEnd(std::chrono::seconds(60)));
  EXPECT_EQ((*process)->LogTail(2), "two\nthree\n");
  EXPECT_EQ((*process)->LogTail(3), "one\ntwo\nthree\n");
  EXPECT_EQ((*process)->LogTail(30), "one\ntwo\nthree\n");
}

TEST(ChildProcessTest, ParentsOpenFilesStayItsOwn) {
  const int open_file = open("/dev/null", O_RDONLY);  // without O_CLOEXEC
  ASSERT_GE(open_file, 0);
  const auto files = RunCommand({"/bin/ls", "/proc/self/fd"});
  close(open_file);
  ASSERT_TRUE(files.ok()) << files.status();
  // Its three streams, and the folder that it lists.
  EXPECT_EQ(*files, "0\n1\n2\n3\n");
}

TEST(ChildProcessTest, KillEndsWhatTheProgramStarted) {
  const auto folder = TemporaryFolder::Make("group");
  ASSERT_TRUE(folder.ok()) << folder.status();
  auto process = ChildProcess::Start({.command = {"/bin/sh", "-c", "sleep 1000 & echo $!; wait"},
                                      .log_file = folder->File("log")});
  ASSERT_TRUE(process.ok()) << process.status();
  ASSERT_TRUE(Eventually([&] { return (*process)->LogTail().ends_with('\n'); }));
  const pid_t grandchild = Number((*process)->LogTail());
  EXPECT_FALSE(HasEnded(grandchild));
  EXPECT_TRUE((*process)->IsRunning());

  (*process)->Kill();

  EXPECT_FALSE((*process)->IsRunning());
  EXPECT_EQ((*process)->exit_code(), 128 + SIGKILL);
  EXPECT_TRUE(Eventually([&] { return HasEnded(grandchild); }));
}

TEST(ChildProcessTest, ProgramEndsWithAKilledParent) {
  std::array<int, 2> pids{};
  ASSERT_EQ(pipe(pids.data()), 0);
  const pid_t parent = fork();
  if (parent == 0) {
    const auto process = ChildProcess::Start({.command = {"/bin/sleep", "1000"}});
    const pid_t pid = process.ok() ? (*process)->pid() : 0;
    if (write(pids[1], &pid, sizeof pid) == sizeof pid) pause();
    _exit(1);
  }
  pid_t program = 0;
  ASSERT_EQ(read(pids[0], &program, sizeof program), static_cast<ssize_t>(sizeof program));
  ASSERT_GT(program, 0);
  EXPECT_FALSE(HasEnded(program));

  kill(parent, SIGKILL);
  waitpid(parent, nullptr, 0);

  EXPECT_TRUE(Eventually([&] { return HasEnded(program); }));
  close(pids[0]);
  close(pids[1]);
}

TEST(TemporaryFolderTest, GoesWithItsOwnerAndKeepsFilesPrivate) {
  std::string path;
  {
    const auto folder = TemporaryFolder::Make("data");
    ASSERT_TRUE(folder.ok()) << folder.status();
    path = folder->path();
    const auto file = folder->Write("key", "secret");
    ASSERT_TRUE(file.ok()) << file.status();
    EXPECT_EQ(ReadWholeFile(*file).value(), "secret");
    EXPECT_EQ(std::filesystem::status(*file).permissions(),
              std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

}  // namespace
}  // namespace trimtab::servers
