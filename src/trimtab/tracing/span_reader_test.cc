// Detection of formats, and what the writer writes is read.
#include "trimtab/tracing/span_reader.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "trimtab/tracing/span_csv_writer.h"
#include "trimtab/tracing/testing/collected_spans.h"
#include "trimtab/tracing/text_hash.h"

namespace trimtab {
namespace {

SpanFormat Detect(std::string_view text) {
  const auto input = InputFile::OverText("test", text);
  const auto format = DetectFormat(*input);
  EXPECT_TRUE(format.ok()) << format.status();
  return *format;
}

TEST(SpanReaderTest, FormatsAreToldByTheirBeginning) {
  EXPECT_EQ(Detect(" \n{\"data\":[]}"), SpanFormat::kJaeger);
  EXPECT_EQ(Detect("[{}]"), SpanFormat::kJaeger);
  EXPECT_EQ(Detect(",traceid,timestamp,rpcid,um,rpctype,dm,interface,rt\n"), SpanFormat::kAlibaba);
  EXPECT_EQ(Detect("trace,span\n"), SpanFormat::kCsv);
  EXPECT_EQ(Detect(""), SpanFormat::kCsv);
}

TEST(SpanReaderTest, FormatsHaveNames) {
  for (const SpanFormat format :
       {SpanFormat::kAuto, SpanFormat::kCsv, SpanFormat::kJaeger, SpanFormat::kAlibaba}) {
    EXPECT_EQ(SpanFormatFromString(ToString(format)), format);
  }
  EXPECT_EQ(SpanFormatFromString("CSV"), std::nullopt);
}

class SpanCsvWriterTest : public ::testing::Test {
 protected:
  SpanCsvWriterTest() { std::filesystem::create_directories(folder_); }
  ~SpanCsvWriterTest() override { std::filesystem::remove_all(folder_); }
  std::string Path(const std::string& name) const { return folder_ / name; }
  static std::string Bytes(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  const std::filesystem::path folder_ = std::filesystem::path(::testing::TempDir()) /
                                        ("trimtab_span_csv_" + std::to_string(getpid()));
};

std::vector<Span> Examples() {
  Span root{.trace = {.high = 0, .low = 0x1f},
            .id = 1,
            .parent = 0,
            .service = "front, \"end\"",
            .pod = "front-1",
            .operation = "line\nend",
            .kind = SpanKind::kServer,
            .start = Instant(Duration(123456789)),
            .duration = Duration(987),
            .argument_classes = "size=1-2"};
  Span child{.trace = {.high = 2, .low = 3},
             .id = 0xffffffffffffffff,
             .parent = 1,
             .service = "search",
             .pod = "",
             .operation = "",
             .kind = SpanKind::kClient,
             .start = Instant(Duration(0)),
             .duration = Duration(0),
             .argument_classes = ""};
  return {root, child};
}

TEST_F(SpanCsvWriterTest, WhatIsWrittenIsRead) {
  auto writer = SpanCsvWriter::Create(Path("spans.csv.gz"));
  ASSERT_TRUE(writer.ok()) << writer.status();
  for (const Span& span : Examples()) (*writer)->Write(span);
  EXPECT_FALSE(std::filesystem::exists(Path("spans.csv.gz")));
  ASSERT_TRUE((*writer)->Finish().ok());

  const auto read = testing::ReadText(
      Bytes(Path("spans.csv.gz")), [](InputFile& input, ReadContext context, ReadCounts& counts) {
        return ReadSpans(input, SpanFormat::kAuto, context, counts);
      });
  ASSERT_TRUE(read.status.ok()) << read.status;
  EXPECT_EQ(read.skipped.total(), 0);
  ASSERT_EQ(read.spans.size(), 2);
  const auto& root = read.spans[0];
  EXPECT_EQ(root.service, "front, \"end\"");
  EXPECT_EQ(root.operation, "line\nend");
  EXPECT_EQ(root.pod, "front-1");
  EXPECT_EQ(root.record.parent, 0);
  EXPECT_EQ(root.record.kind, SpanKind::kServer);
  EXPECT_EQ(root.record.start, Instant(Duration(123456789)));
  EXPECT_EQ(root.record.duration, Duration(987));
  EXPECT_EQ(root.trace, HashTraceId("000000000000001f"));
  EXPECT_EQ(read.spans[1].record.parent, root.record.id);
  EXPECT_EQ(read.spans[1].trace, HashTraceId("00000000000000020000000000000003"));
}

TEST_F(SpanCsvWriterTest, TheSameSpansGiveTheSameBytes) {
  for (const char* name : {"a.gz", "b.gz"}) {
    auto writer = SpanCsvWriter::Create(Path(name));
    ASSERT_TRUE(writer.ok());
    for (int i = 0; i < 1000; ++i) {
      for (const Span& span : Examples()) (*writer)->Write(span);
    }
    ASSERT_TRUE((*writer)->Finish().ok());
  }
  EXPECT_EQ(Bytes(Path("a.gz")), Bytes(Path("b.gz")));
}

TEST_F(SpanCsvWriterTest, WithoutFinishNothingIsLeft) {
  {
    auto writer = SpanCsvWriter::Create(Path("spans.csv.gz"));
  }
  EXPECT_TRUE(std::filesystem::is_empty(folder_));
}

TEST_F(SpanCsvWriterTest, AFileThatCannotBeMadeIsNamed) {
  const auto writer = SpanCsvWriter::Create(Path("no/folder.gz"));
  EXPECT_EQ(writer.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(writer.status().message().find("no/folder.gz"), std::string::npos);
}

TEST_F(SpanCsvWriterTest, AFullDiskIsToldByFinish) {
  if (!std::filesystem::exists("/dev/full")) GTEST_SKIP() << "no /dev/full";
  std::filesystem::create_symlink("/dev/full", Path("spans.csv.gz.part"));
  auto writer = SpanCsvWriter::Create(Path("spans.csv.gz"));
  ASSERT_TRUE(writer.ok());
  for (int i = 0; i < 100'000; ++i) {
    for (const Span& span : Examples()) (*writer)->Write(span);
  }
  EXPECT_FALSE((*writer)->Finish().ok());
  EXPECT_FALSE(std::filesystem::exists(Path("spans.csv.gz")));
}

}  // namespace
}  // namespace trimtab
