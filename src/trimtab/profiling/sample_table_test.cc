#include "trimtab/profiling/sample_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include "fmt/format.h"
#include "trimtab/profile/atomic_file.h"
#include "trimtab/profiling/sample_csv.h"

namespace trimtab {
namespace {

using ::testing::HasSubstr;

const std::vector<std::string> kNames = {"a", "b"};

SampleRow Row(std::int64_t setting) {
  SampleRow row;
  row.setting = setting;
  row.container = {Millicores(100), Mebibytes(100)};
  row.interference = Interference::None();
  row.label.tail = Latency(1);
  return row;
}

// Settings 0, 1, 1, 2, 2: two rows each after the first.
std::string Text() {
  std::string text = fmt::format("{}\n", SampleCsvHeader());
  for (const std::int64_t setting : {0, 1, 1, 2, 2}) AppendSampleCsv(Row(setting), kNames, text);
  return text;
}

std::string WriteTable(const std::string& name, const std::string& text, std::int64_t rows) {
  SampleManifest manifest;
  manifest.application = "test";
  manifest.microservices = {{.name = "a"}, {.name = "b"}};
  manifest.rows = rows;
  manifest.complete = true;
  const std::string path = ::testing::TempDir() + name;
  EXPECT_TRUE(ReplaceFile(path, text).ok());
  EXPECT_TRUE(ReplaceFile(ManifestPath(path), ManifestToJson(manifest)).ok());
  return path;
}

TEST(SampleTableTest, LoadsPlainAndGzip) {
  const auto plain = LoadSampleTable(WriteTable("plain.csv", Text(), 5));
  ASSERT_TRUE(plain.ok()) << plain.status();
  EXPECT_EQ(plain->rows.size(), 5U);
  EXPECT_EQ(plain->manifest.application, "test");

  const std::string path = WriteTable("packed.csv.gz", "", 5);
  gzFile file = gzopen(path.c_str(), "wb");
  gzwrite(file, Text().data(), static_cast<unsigned>(Text().size()));
  gzclose(file);
  const auto packed = LoadSampleTable(path);
  ASSERT_TRUE(packed.ok()) << packed.status();
  EXPECT_EQ(packed->rows.size(), 5U);
}

TEST(SampleTableTest, NamesFileLineAndColumn) {
  std::string text = Text();
  text.replace(text.rfind("train"), 5, "trial");
  const auto status = LoadSampleTable(WriteTable("bad.csv", text, 5)).status();
  EXPECT_TRUE(absl::IsInvalidArgument(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("bad.csv': line 6: column role is 'trial'"));
}

TEST(SampleTableTest, RefusesACutTable) {
  const std::string text = Text();
  EXPECT_TRUE(absl::IsDataLoss(
      LoadSampleTable(WriteTable("cut.csv", text.substr(0, text.size() - 3), 5)).status()));
  EXPECT_TRUE(absl::IsDataLoss(LoadSampleTable(WriteTable("empty.csv", "", 0)).status()));
  const auto status = LoadSampleTable(WriteTable("short.csv", text, 6)).status();
  EXPECT_THAT(std::string(status.message()), HasSubstr("5 rows, its description says 6"));
}

TEST(SampleTableTest, RefusesACutGzip) {
  const std::string path = WriteTable("cut.csv.gz", "", 5);
  gzFile file = gzopen(path.c_str(), "wb");
  gzwrite(file, Text().data(), static_cast<unsigned>(Text().size()));
  gzclose(file);
  const std::string packed = *ReadWholeFile(path);
  ASSERT_TRUE(ReplaceFile(path, packed.substr(0, packed.size() / 2)).ok());
  EXPECT_FALSE(LoadSampleTable(path).ok());
}

TEST(SampleTableTest, RefusesAnotherHeaderAndSettingsOutOfOrder) {
  EXPECT_THAT(std::string(LoadSampleTable(WriteTable("head.csv", "a,b\n", 0)).status().message()),
              HasSubstr("line 1 is 'a,b', expected the header 'setting,"));
  std::string text = Text();
  AppendSampleCsv(Row(1), kNames, text);
  EXPECT_THAT(std::string(LoadSampleTable(WriteTable("order.csv", text, 6)).status().message()),
              HasSubstr("line 7: setting 1 comes after 2"));
}

TEST(SampleTableTest, AMissingDescriptionIsNotFound) {
  EXPECT_TRUE(absl::IsNotFound(LoadSampleTable("/nowhere/x.csv").status()));
}

TEST(RecoverSamplesTest, KeepsWholeSettingsWhereverTheTextIsCut) {
  const std::string text = Text();
  const std::size_t header = text.find('\n') + 1;
  const std::size_t row = (text.size() - header) / 5;
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    const auto out = RecoverSamples(std::string_view(text).substr(0, cut), kNames);
    ASSERT_TRUE(out.ok()) << cut << out.status();
    // The last setting seen may have lost rows, so it is dropped.
    const std::size_t whole_rows = cut < header ? 0 : (cut - header) / row;
    const std::size_t kept = whole_rows >= 4 ? 3 : (whole_rows >= 2 ? 1 : 0);
    EXPECT_EQ(out->rows.size(), kept) << cut;
    EXPECT_EQ(out->bytes, cut < header ? 0 : header + kept * row) << cut;
  }
}

TEST(RecoverSamplesTest, ABadLineInTheMiddleIsAnError) {
  std::string text = Text();
  text.replace(text.find("train"), 5, "trial");
  EXPECT_THAT(std::string(RecoverSamples(text, kNames).status().message()), HasSubstr("line 2"));
}

}  // namespace
}  // namespace trimtab
