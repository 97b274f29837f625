// Tests that no acknowledged decision is lost when the writing process is killed.
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <filesystem>
#include <string>

#include "gtest/gtest.h"
#include "trimtab/journal/journal_reader.h"
#include "trimtab/probability/random_stream.h"

namespace trimtab {
namespace {

constexpr int kRounds = 200;

// A writer that appends until Kill(), and the numbers that it acknowledged.
class Writer {
 public:
  explicit Writer(const std::string& path) {
    int ends[2];
    if (pipe(ends) != 0) return;
    child_ = fork();
    if (child_ == 0) {
      dup2(ends[1], STDOUT_FILENO);
      close(ends[0]);
      close(ends[1]);
      execl(TRIMTAB_ENDLESS_WRITER, TRIMTAB_ENDLESS_WRITER, path.c_str(), nullptr);
      _exit(127);
    }
    close(ends[1]);
    acknowledgements_ = ends[0];
  }
  ~Writer() { close(acknowledgements_); }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  // False when the writer has ended.
  bool ReadOne() {
    std::int64_t number = 0;
    if (read(acknowledgements_, &number, sizeof(number)) != sizeof(number)) return false;
    last_ = number;
    ++count_;
    return true;
  }
  void Kill() {
    kill(child_, SIGKILL);
    while (ReadOne()) {  // what was acknowledged before the kill and not yet read
    }
    waitpid(child_, &status_, 0);
  }

  bool WasKilled() const { return WIFSIGNALED(status_) && WTERMSIG(status_) == SIGKILL; }
  std::int64_t last() const { return last_; }
  std::int64_t count() const { return count_; }

 private:
  pid_t child_ = -1;
  int acknowledgements_ = -1;
  int status_ = 0;
  std::int64_t last_ = 0;
  std::int64_t count_ = 0;
};

TEST(JournalKillTest, KeepsEveryAcknowledgedDecisionThroughTwoHundredKills) {
  const std::string path = testing::TempDir() + "/journal_kill_test.sqlite";
  for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(path + suffix);
  RandomStream random(1, "journal/kill");
  std::int64_t acknowledged = 0;
  std::int64_t last_row = 0;
  for (int round = 0; round < kRounds; ++round) {
    Writer writer(path);
    const auto reads = static_cast<int>(random.Below(40));
    for (int i = 0; i < reads && writer.ReadOne(); ++i) {
    }
    // A random part of the next append passes before the kill: about 0 to 0.3 ms.
    volatile std::uint64_t spin = random.Below(300'000);
    while (spin > 0) spin = spin - 1;
    writer.Kill();
    ASSERT_TRUE(writer.WasKilled()) << "round " << round;
    acknowledged += writer.count();

    // A round may be over before its writer has made the file.
    if (!std::filesystem::exists(path)) continue;
    auto reader = JournalReader::Open(path);
    if (absl::IsFailedPrecondition(reader.status()) && last_row == 0 && writer.count() == 0)
      continue;
    ASSERT_TRUE(reader.ok()) << "round " << round << ": " << reader.status();
    const auto last = reader->LastDecision();
    ASSERT_TRUE(last.ok()) << last.status();
    ASSERT_GE(*last, writer.last()) << "round " << round;
    ASSERT_GE(*last, last_row) << "round " << round;
    std::int64_t expected = last_row;
    const auto read = reader->ForEachDecision(last_row + 1, *last, [&](const DecisionRecord& row) {
      ASSERT_EQ(row.id, ++expected);  // no holes
      ASSERT_EQ(row.entry.plan.size(), 1002U);
    });
    ASSERT_TRUE(read.ok()) << read;
    ASSERT_EQ(expected, *last);
    last_row = *last;
  }
  // Every acknowledged one is there; beside them at most one a round that was written and killed
  // before its acknowledgement.
  EXPECT_GE(last_row, acknowledged);
  EXPECT_LE(last_row, acknowledged + kRounds);
  EXPECT_GT(acknowledged, kRounds);
  RecordProperty("acknowledged", std::to_string(acknowledged));
  RecordProperty("rows", std::to_string(last_row));
}

}  // namespace
}  // namespace trimtab
