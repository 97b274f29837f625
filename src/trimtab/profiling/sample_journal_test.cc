#include "trimtab/profiling/sample_journal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "trimtab/profile/atomic_file.h"
#include "trimtab/profiling/sample_table.h"

namespace trimtab {
namespace {

using ::testing::HasSubstr;

class SampleJournalTest : public ::testing::Test {
 protected:
  SampleJournalTest() {
    manifest_.application = "test";
    manifest_.microservices = {{.name = "a"}};
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }

  static std::vector<SampleRow> Rows(std::int64_t setting, int count) {
    SampleRow row;
    row.setting = setting;
    row.container = {Millicores(100), Mebibytes(100)};
    row.interference = Interference::None();
    return std::vector<SampleRow>(static_cast<std::size_t>(count), row);
  }

  SampleManifest Done(std::int64_t rows) const {
    SampleManifest done = manifest_;
    done.rows = rows;
    done.complete = true;
    return done;
  }

  const std::string folder_ = ::testing::TempDir() + "trimtab_sample_journal_test";
  const std::string path_ = folder_ + "/samples.csv";
  SampleManifest manifest_;
};

TEST_F(SampleJournalTest, LeavesTheWholeTableAndNoParts) {
  for (const std::string& path : {path_, path_ + ".gz"}) {
    auto journal = SampleJournal::Open(path, manifest_);
    ASSERT_TRUE(journal.ok()) << journal.status();
    ASSERT_TRUE((*journal)->Append(Rows(0, 2)).ok());
    ASSERT_TRUE((*journal)->Append(Rows(1, 3)).ok());
    EXPECT_FALSE(std::filesystem::exists(path));
    ASSERT_TRUE((*journal)->Finish(Done(5)).ok());
    EXPECT_EQ(LoadSampleTable(path)->rows.size(), 5U);
    EXPECT_FALSE(std::filesystem::exists(path + ".part"));
    EXPECT_FALSE(std::filesystem::exists(path + ".part.json"));
  }
}

TEST_F(SampleJournalTest, GoesOnAfterACutRow) {
  {
    auto journal = *SampleJournal::Open(path_, manifest_);
    ASSERT_TRUE(journal->Append(Rows(0, 2)).ok());
    ASSERT_TRUE(journal->Append(Rows(1, 2)).ok());
    ASSERT_TRUE(journal->Flush().ok());
  }
  const std::string part = path_ + ".part";
  const std::string whole = *ReadWholeFile(part);
  ASSERT_TRUE(ReplaceFile(part, whole.substr(0, whole.size() - 5)).ok());
  auto journal = *SampleJournal::Open(path_, manifest_);
  EXPECT_EQ(journal->recovered().size(), 2U);
  ASSERT_TRUE(journal->Append(Rows(1, 2)).ok());
  ASSERT_TRUE(journal->Flush().ok());
  EXPECT_EQ(*ReadWholeFile(part), whole);
}

TEST_F(SampleJournalTest, APartIsReadableBeforeItIsFinished) {
  auto journal = *SampleJournal::Open(path_, manifest_);
  ASSERT_TRUE(journal->Append(Rows(0, SampleJournal::kBatchRows)).ok());
  const auto table = LoadSampleTable(path_ + ".part");
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_EQ(table->rows.size(), static_cast<std::size_t>(SampleJournal::kBatchRows));
  EXPECT_FALSE(table->manifest.complete);
}

TEST_F(SampleJournalTest, RefusesThePartOfAnotherSweep) {
  {
    auto journal = *SampleJournal::Open(path_, manifest_);
    ASSERT_TRUE(journal->Append(Rows(0, 2)).ok());
    ASSERT_TRUE(journal->Flush().ok());
  }
  SampleManifest other = manifest_;
  other.options.seed = 9;
  const auto status = SampleJournal::Open(path_, other).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("another sweep (options.seed: 1 and 9)"));
  // Nothing of it was touched.
  EXPECT_TRUE(SampleJournal::Open(path_, manifest_).ok());
}

TEST_F(SampleJournalTest, NamesAPlaceThatCannotBeWritten) {
  EXPECT_THAT(std::string(SampleJournal::Open("/nowhere/x.csv", manifest_).status().message()),
              HasSubstr("/nowhere/x.csv.part"));
}

}  // namespace
}  // namespace trimtab
