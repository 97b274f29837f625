#include "trimtab/tracing/span_csv_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "trimtab/tracing/testing/collected_spans.h"
#include "trimtab/tracing/text_hash.h"

namespace trimtab {
namespace {

using ::testing::HasSubstr;

testing::Reading Read(std::string_view text) { return testing::ReadText(text, ReadSpanCsv); }

TEST(SpanCsvReaderTest, ReadsTheLayoutWithTextIdsAndKinds) {
  const auto read = Read(
      "level,trace_id,span_id,parent_span_id,service,pod,operation,kind,start_us,duration_us,"
      "request_args\n"
      "25,00ab,s2,s1,search,search-1,/Nearby,client,1000,20,\n"
      "25,00ab,s1,,front,front-1,GET /,server,990,50,\"a=1,b=2\"\n");
  ASSERT_TRUE(read.status.ok()) << read.status;
  ASSERT_EQ(read.spans.size(), 2);
  const auto& client = read.spans[0];
  EXPECT_EQ(client.trace, HashTraceId("00ab"));
  EXPECT_EQ(client.record.id, HashSpanId("s2"));
  EXPECT_EQ(client.record.parent, HashSpanId("s1"));
  EXPECT_EQ(client.service, "search");
  EXPECT_EQ(client.pod, "search-1");
  EXPECT_EQ(client.operation, "/Nearby");
  EXPECT_EQ(client.record.kind, SpanKind::kClient);
  EXPECT_EQ(client.record.start, Instant(std::chrono::microseconds(1000)));
  EXPECT_EQ(client.record.duration, std::chrono::microseconds(20));
  EXPECT_EQ(read.spans[1].record.parent, 0);
  EXPECT_EQ(read.spans[1].record.kind, SpanKind::kServer);
}

TEST(SpanCsvReaderTest, ReadsTheLayoutWithNumbersAsIds) {
  const auto read = Read(
      "phase,date,file_minute,trace,span,parent,pod,service,operation,start_us,duration_us\n"
      "normal,2023-01-29,08_50,0,0,-1,gw-1,gateway,/*,5,7\n"
      "normal,2023-01-29,08_50,0,1,0,gw-1,gateway,GET,5,7\n");
  ASSERT_EQ(read.spans.size(), 2);
  EXPECT_EQ(read.spans[0].record.parent, 0);
  EXPECT_EQ(read.spans[1].record.parent, read.spans[0].record.id);
  EXPECT_EQ(read.spans[0].record.kind, SpanKind::kUnspecified);
}

TEST(SpanCsvReaderTest, ReadsStartsAndEndsOfAnyUnitInAnyOrderOfColumns) {
  const auto read = Read(
      "end_ns,start_ms,service,parent_id,traceid,spanid\n"
      "2500000,1.5,a,,t,1\n");
  ASSERT_EQ(read.spans.size(), 1) << read.status;
  EXPECT_EQ(read.spans[0].record.start, Instant(std::chrono::microseconds(1500)));
  EXPECT_EQ(read.spans[0].record.duration, std::chrono::milliseconds(1));
  EXPECT_EQ(read.spans[0].pod, "");
}

TEST(SpanCsvReaderTest, EachMissingColumnIsNamed) {
  const std::string header = "trace_id,span_id,parent_span_id,service,start_us,duration_us";
  for (const auto& [column, word] : {std::pair{"trace_id", "trace"},
                                     {"span_id", "span"},
                                     {"parent_span_id", "parent"},
                                     {"service", "service"},
                                     {"start_us", "start"},
                                     {"duration_us", "duration"}}) {
    std::string without = "," + header + ",";
    const std::string name = std::string(",") + column + ",";
    without.replace(without.find(name), name.size(), ",other,");
    const auto read = Read(without + "\n");
    EXPECT_EQ(read.status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(read.status.message()),
                HasSubstr(std::string("no column for the ") + word));
    EXPECT_THAT(std::string(read.status.message()), HasSubstr("'test': row 1"));
  }
  EXPECT_EQ(Read("").status.code(), absl::StatusCode::kInvalidArgument);
}

struct BadRow {
  const char* row;
  const char* reason;
};

TEST(SpanCsvReaderTest, EachMalformedRowIsToldWithItsPlaceAndReason) {
  const std::string header = "trace,span,parent,service,start_us,duration_us\n";
  for (const auto& [row, reason] :
       {BadRow{"1,2,,a,5", "a row of fewer columns where the header has 6: '5'"},
        BadRow{"1,2,,a,5,6,7", "a row of more columns where the header has 6: '7'"},
        BadRow{"", "a row of fewer columns where the header has 6: '1'"},
        BadRow{",2,,a,5,6", "an empty trace id"}, BadRow{"1,,,a,5,6", "an empty span id"},
        BadRow{"1,2,,,5,6", "an empty service"},
        BadRow{"1,2,,a,nan,6", "the start is no number from 0 to 2^63 ns: 'nan'"},
        BadRow{"1,2,,a,-5,6", "the start is negative: '-5'"},
        BadRow{"1,2,,a,5,x", "the duration is no number from 0 to 2^63 ns: 'x'"},
        BadRow{"1,2,,a,5,-6", "the duration is negative: '-6'"},
        BadRow{"1,2,,a,9223372036854775,9223372036854775",
               "the end is out of range: '9223372036854775'"},
        BadRow{"\"1\"2,2,,a,5,6", "text after a closing quote"}}) {
    const auto read = Read(header + "1,1,,a,5,6\n" + row + "\n1,3,,a,5,6\n");
    ASSERT_TRUE(read.status.ok());
    EXPECT_EQ(read.spans.size(), 2) << row;
    ASSERT_EQ(read.skipped.total(), 1) << row;
    EXPECT_EQ(read.skipped.examples().front().file, "test");
    EXPECT_EQ(read.skipped.examples().front().row, 3) << row;
    EXPECT_EQ(read.skipped.examples().front().reason, reason) << row;
  }
}

TEST(SpanCsvReaderTest, AnEndBeforeTheStartIsMalformed) {
  const auto read = Read("trace,span,parent,service,start_us,end_us\n1,1,,a,6,5\n");
  ASSERT_EQ(read.skipped.total(), 1);
  EXPECT_EQ(read.skipped.examples().front().reason, "the end lies before the start: '5'");
}

TEST(SpanCsvReaderTest, SpansOfACutFileAreHandedOnBeforeTheError) {
  // The gzip header and one stored block of the text below, without the end of the stream.
  const std::string text = "trace,span,parent,service,start_us,duration_us\n1,1,,a,5,6\n";
  std::string packed("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\x00", 11);
  const auto size = static_cast<std::uint16_t>(text.size());
  for (const std::uint16_t number : {size, static_cast<std::uint16_t>(~size)}) {
    packed += static_cast<char>(number & 0xff);
    packed += static_cast<char>(number >> 8);
  }
  const auto read = Read(packed + text);
  EXPECT_EQ(read.status.code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(read.counts.spans, read.spans.size());
}

TEST(SkipLogTest, KeepsTheFirstExamplesAndCountsAll) {
  SkipLog log(2);
  for (std::uint64_t row = 1; row <= 5; ++row) log.Add("f", row, row < 5 ? "a" : "b", "v\x1b[31m");
  EXPECT_EQ(log.total(), 5);
  EXPECT_EQ(log.by_reason().at("a"), 4);
  EXPECT_EQ(log.by_reason().at("b"), 1);
  ASSERT_EQ(log.examples().size(), 2);
  EXPECT_EQ(log.examples()[1].row, 2);
  EXPECT_EQ(log.examples()[0].reason, "a: 'v?[31m'");
}

}  // namespace
}  // namespace trimtab
