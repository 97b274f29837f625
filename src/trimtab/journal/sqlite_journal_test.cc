#include "trimtab/journal/sqlite_journal.h"

#include <sys/resource.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "trimtab/journal/journal_reader.h"
#include "trimtab/journal/schema.h"

namespace trimtab {
namespace {

using ::testing::HasSubstr;

Instant At(int second) { return Instant(std::chrono::seconds(second)); }

DecisionEntry Entry(int number) {
  return {.at = At(number),
          .observation = R"({"load": 1})",
          .plan = R"({"number": )" + std::to_string(number) + "}",
          .commitment = "{}"};
}

class SqliteJournalTest : public testing::Test {
 protected:
  SqliteJournalTest() {
    const auto* test = testing::UnitTest::GetInstance()->current_test_info();
    path_ = testing::TempDir() + "/journal_" + test->name() + ".sqlite";
    RemoveAll();
  }
  ~SqliteJournalTest() override { RemoveAll(); }
  void RemoveAll() const {
    for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(path_ + suffix);
  }

  absl::StatusOr<std::unique_ptr<SqliteJournal>> Open() {
    return SqliteJournal::Open(path_, {.started = At(5),
                                       .application = "hotel",
                                       .policy = "grad",
                                       .sla = std::chrono::milliseconds(300),
                                       .details = R"({"seed": 1})"});
  }
  void Write(std::string_view bytes) const { std::ofstream(path_, std::ios::binary) << bytes; }
  std::string Bytes() const {
    std::ifstream in(path_, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }

  std::string path_;
};

TEST_F(SqliteJournalTest, ReturnsWhatWasWritten) {
  auto journal = Open();
  ASSERT_TRUE(journal.ok()) << journal.status();
  EXPECT_EQ(*(*journal)->Append(Entry(10)), 1);
  EXPECT_EQ(*(*journal)->Append(Entry(25)), 2);
  ASSERT_TRUE((*journal)->AppendOutcome(1, OutcomeKind::kApplied, At(11), R"({"ok": 1})").ok());
  ASSERT_TRUE((*journal)->AppendOutcome(1, OutcomeKind::kVerified, At(80), R"({"ok": 2})").ok());

  auto reader = JournalReader::Open(path_);  // while it is open for writing
  ASSERT_TRUE(reader.ok()) << reader.status();
  EXPECT_EQ(*reader->LastDecision(), 2);
  EXPECT_EQ(*reader->LastCommitted(), 1);
  const auto record = reader->Decision(1);
  ASSERT_TRUE(record.ok()) << record.status();
  EXPECT_EQ(record->entry.at, At(10));
  EXPECT_EQ(record->entry.plan, R"({"number": 10})");
  ASSERT_EQ(record->outcomes.size(), 2U);
  EXPECT_EQ(record->outcomes[0].kind, OutcomeKind::kApplied);
  EXPECT_EQ(record->outcomes[1].kind, OutcomeKind::kVerified);
  EXPECT_EQ(record->outcomes[1].at, At(80));
  EXPECT_EQ(record->outcomes[1].body, R"({"ok": 2})");
  const auto run = reader->Run(record->run);
  ASSERT_TRUE(run.ok());
  EXPECT_EQ(run->application, "hotel");
  EXPECT_EQ(run->sla, std::chrono::milliseconds(300));
  EXPECT_EQ(run->details, R"({"seed": 1})");
}

TEST_F(SqliteJournalTest, ContinuesAnExistingJournalWithANewRun) {
  ASSERT_EQ(*(*Open())->Append(Entry(10)), 1);
  ASSERT_EQ(*(*Open())->Append(Entry(20)), 2);
  auto reader = JournalReader::Open(path_);
  EXPECT_EQ(reader->Decision(1)->run, 1);
  EXPECT_EQ(reader->Decision(2)->run, 2);
}

TEST_F(SqliteJournalTest, AnUnknownDecisionIsNamedWithTheRange) {
  auto journal = Open();
  auto reader = JournalReader::Open(path_);
  EXPECT_THAT(reader->Decision(1).status().ToString(), HasSubstr("no decisions yet"));
  ASSERT_TRUE((*journal)->Append(Entry(10)).ok());
  const auto missing = reader->Decision(9);
  EXPECT_EQ(missing.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(missing.status().ToString(), HasSubstr("no decision 9, it has 1 to 1"));
  const absl::Status outcome = (*journal)->AppendOutcome(9, OutcomeKind::kApplied, At(1), "{}");
  EXPECT_EQ(outcome.code(), absl::StatusCode::kNotFound);
  // A failed append leaves the journal usable.
  EXPECT_EQ(*(*journal)->Append(Entry(20)), 2);
}

TEST_F(SqliteJournalTest, WhatIsNotActedOnMayWaitForWhatIs) {
  auto journal = SqliteJournal::Open(path_, {}, /*most_unflushed=*/3);
  ASSERT_TRUE(journal.ok()) << journal.status();
  auto reader = JournalReader::Open(path_);
  DecisionEntry idle = Entry(10);
  idle.acts = false;
  EXPECT_EQ(*(*journal)->Append(idle), 1);
  EXPECT_EQ(*(*journal)->Append(idle), 2);
  EXPECT_EQ(*reader->LastDecision(), 0);
  EXPECT_EQ(*(*journal)->Append(Entry(20)), 3);  // acts: all three are on the disk
  EXPECT_EQ(*reader->LastDecision(), 3);
  // An outcome of no decision fails alone.
  EXPECT_EQ(*(*journal)->Append(idle), 4);
  EXPECT_EQ((*journal)->AppendOutcome(9, OutcomeKind::kApplied, At(1), "{}").code(),
            absl::StatusCode::kNotFound);
  EXPECT_EQ(*(*journal)->Append(idle), 5);
  EXPECT_TRUE((*journal)->AppendOutcome(3, OutcomeKind::kApplied, At(1), "{}").ok());
  EXPECT_EQ(*reader->LastDecision(), 5);  // the third that waited
  EXPECT_EQ(*(*journal)->Append(idle), 6);
  journal->reset();  // closed in order: nothing is lost
  EXPECT_EQ(*reader->LastDecision(), 6);
}

TEST_F(SqliteJournalTest, RowsCannotBeChanged) {
  ASSERT_TRUE((*Open())->Append(Entry(10)).ok());
  auto database = SqliteDatabase::Open(path_, SqliteDatabase::Mode::kReadWriteCreate);
  for (const char* statement :
       {"UPDATE decisions SET plan = ''", "DELETE FROM decisions", "DELETE FROM runs"}) {
    EXPECT_THAT(database->Execute(statement).ToString(), HasSubstr("append only")) << statement;
  }
}

TEST_F(SqliteJournalTest, IsWrittenThroughToTheDisk) {
  ASSERT_TRUE(Open().ok());
  auto database = SqliteDatabase::Open(path_, SqliteDatabase::Mode::kRead);
  EXPECT_EQ(*database->QueryText("PRAGMA journal_mode"), "wal");
}

// As a disk that is full: what was acknowledged stays, and it goes on once there is room again.
TEST_F(SqliteJournalTest, AFileAtItsSizeLimitIsAnErrorAndLosesNothing) {
  auto journal = Open();
  ASSERT_TRUE(journal.ok()) << journal.status();
  ASSERT_TRUE((*journal)->Append(Entry(10)).ok());
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  const rlimit tight{.rlim_cur = 64 << 10, .rlim_max = before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &tight), 0);
  std::int64_t acknowledged = 1;
  absl::Status failure;
  while (failure.ok() && acknowledged < 1000) {
    const auto id = (*journal)->Append(Entry(10));
    failure = id.status();
    if (id.ok()) acknowledged = *id;
  }
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
  EXPECT_FALSE(failure.ok()) << "64 KiB hold no 1000 entries of 1 KiB";
  EXPECT_THAT(std::string(failure.message()), HasSubstr(path_));
  const auto next = (*journal)->Append(Entry(20));
  ASSERT_TRUE(next.ok()) << next.status();
  EXPECT_EQ(*next, acknowledged + 1);
}

TEST_F(SqliteJournalTest, AForeignDatabaseIsRefusedAndLeftAlone) {
  {
    auto other = SqliteDatabase::Open(path_, SqliteDatabase::Mode::kReadWriteCreate);
    ASSERT_TRUE(other->Execute("CREATE TABLE accounts (id INTEGER)").ok());
  }
  const std::string before = Bytes();
  const auto journal = Open();
  EXPECT_EQ(journal.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(journal.status().ToString(), HasSubstr("SQLite file of another program"));
  EXPECT_FALSE(JournalReader::Open(path_).ok());
  EXPECT_EQ(Bytes(), before);
}

TEST_F(SqliteJournalTest, ANewerSchemaIsRefusedAndLeftAlone) {
  ASSERT_TRUE(Open().ok());
  {
    auto newer = SqliteDatabase::Open(path_, SqliteDatabase::Mode::kReadWriteCreate);
    ASSERT_TRUE(newer->Execute("PRAGMA user_version = 2").ok());
  }
  const std::string before = Bytes();
  const auto journal = Open();
  EXPECT_EQ(journal.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(journal.status().ToString(), HasSubstr("newer program (schema 2, this one knows up"));
  EXPECT_EQ(Bytes(), before);
}

TEST_F(SqliteJournalTest, AFileThatIsNoDatabaseIsRefusedAndLeftAlone) {
  const std::string text(5000, 'a');
  Write(text);
  const auto journal = Open();
  EXPECT_EQ(journal.status().code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(journal.status().ToString(), HasSubstr(path_));
  EXPECT_EQ(JournalReader::Open(path_).status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(Bytes(), text);
}

TEST_F(SqliteJournalTest, ADamagedJournalIsRefusedAndLeftAlone) {
  {
    auto journal = Open();
    for (int i = 0; i < 100; ++i) ASSERT_TRUE((*journal)->Append(Entry(i)).ok());
  }
  std::string bytes = Bytes();
  ASSERT_GT(bytes.size(), 20'000U);
  for (std::size_t i = 8192; i < 16'384; ++i) bytes[i] = 'z';  // its third and fourth page
  Write(bytes);
  EXPECT_EQ(Open().status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(JournalReader::Open(path_).status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(Bytes(), bytes);
}

TEST_F(SqliteJournalTest, ACutJournalIsRefused) {
  {
    auto journal = Open();
    for (int i = 0; i < 100; ++i) ASSERT_TRUE((*journal)->Append(Entry(i)).ok());
  }
  Write(Bytes().substr(0, 10'000));
  EXPECT_EQ(Open().status().code(), absl::StatusCode::kDataLoss);
}

TEST_F(SqliteJournalTest, AnEmptyFileBecomesAJournalButIsNotRead) {
  Write("");
  EXPECT_EQ(JournalReader::Open(path_).status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(Open().ok());
  EXPECT_TRUE(JournalReader::Open(path_).ok());
}

TEST_F(SqliteJournalTest, AMissingFileIsNotFoundAndNotMade) {
  EXPECT_EQ(JournalReader::Open(path_).status().code(), absl::StatusCode::kNotFound);
  EXPECT_FALSE(std::filesystem::exists(path_));
  EXPECT_FALSE(SqliteJournal::Open("/nowhere/journal.sqlite", {}).ok());
}

// Anyone can write into the file: the triggers keep its rows only from who does not mean to.
TEST_F(SqliteJournalTest, AnEditedColumnIsNamed) {
  struct Edit {
    std::string sql;
    std::string words;
  };
  const std::vector<Edit> edits = {
      {"DROP TRIGGER keepDecisions; UPDATE decisions SET atNanoseconds = 'noon'",
       "decision 1: column 'atNanoseconds' is a text, expected an integer"},
      {"DROP TRIGGER keepDecisions; UPDATE decisions SET plan = x'00ff'",
       "decision 1: column 'plan' is a blob, expected a text"},
      {"DROP TRIGGER keepOutcomes; UPDATE outcomes SET atNanoseconds = 1.5",
       "outcome 0 of decision 1: column 'atNanoseconds' is a real number, expected an integer"},
      {"DROP TRIGGER keepOutcomes; PRAGMA ignore_check_constraints = ON; "
       "UPDATE outcomes SET kind = 'forgotten'",
       "outcome 0 of decision 1: kind 'forgotten' is none of applied, verified"},
  };
  for (const Edit& edit : edits) {
    RemoveAll();
    {
      auto journal = Open();
      ASSERT_TRUE((*journal)->Append(Entry(10)).ok());
      ASSERT_TRUE((*journal)->AppendOutcome(1, OutcomeKind::kApplied, At(11), "{}").ok());
    }
    {
      auto database = SqliteDatabase::Open(path_, SqliteDatabase::Mode::kReadWriteCreate);
      const absl::Status edited = database->Execute(edit.sql);
      ASSERT_TRUE(edited.ok()) << edited;
    }
    const auto record = JournalReader::Open(path_)->Decision(1);
    EXPECT_EQ(record.status().code(), absl::StatusCode::kDataLoss) << edit.sql;
    EXPECT_THAT(record.status().ToString(), HasSubstr(path_ + "': " + edit.words));
  }
}

}  // namespace
}  // namespace trimtab
