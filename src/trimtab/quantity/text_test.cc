#include "trimtab/quantity/text.h"

#include <string>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace trimtab {
namespace {

using ::testing::HasSubstr;

TEST(CpuTextTest, ReadsKubernetesForms) {
  EXPECT_EQ(*ParseCpu("200m"), Millicores(200));
  EXPECT_EQ(*ParseCpu("0.2"), Millicores(200));
  EXPECT_EQ(*ParseCpu("0.1"), Millicores(100));
  EXPECT_EQ(*ParseCpu("2"), Cores(2));
  EXPECT_EQ(*ParseCpu("1e-1"), Millicores(100));
  EXPECT_EQ(*ParseCpu("0.0001"), Millicores(1)) << "a fraction of a millicore rounds up";
}

TEST(CpuTextTest, ReadsWhatKubernetesSumsAndMeasures) {
  EXPECT_EQ(*ParseCpu("200000000n"), Millicores(200));
  EXPECT_EQ(*ParseCpu("200000001n"), Millicores(201)) << "a fraction of a millicore rounds up";
  EXPECT_EQ(*ParseCpu("1500u"), Millicores(2));
  EXPECT_EQ(*ParseCpu("1k"), Cores(1000));
  EXPECT_EQ(*ParseCpu("12e2m"), Millicores(1200));
  for (std::int64_t m = 1; m < 5000; ++m) {
    EXPECT_EQ(*ParseCpu(std::to_string(m) + "m"), Millicores(m));
    EXPECT_EQ(*ParseCpu(std::to_string(m) + "000000n"), Millicores(m));
  }
}

TEST(CpuTextTest, LargeCountsPrintAsTheyWereRead) {
  const Millicores large = *ParseCpu("0888888884444444");
  EXPECT_EQ(*ParseCpu(FormatCpu(large)), large);
}

TEST(CpuTextTest, RefusesWhatIsNotCpu) {
  for (const char* text : {"", "m", "-1", "nan", "inf", "100Mi", "1 m", "0x10", "1e400"}) {
    EXPECT_EQ(ParseCpu(text).status().code(), absl::StatusCode::kInvalidArgument) << text;
  }
  EXPECT_THAT(std::string(ParseCpu("100Mi").status().message()), HasSubstr("'100Mi'"));
}

TEST(MemoryTextTest, TellsBinaryFromDecimal) {
  EXPECT_EQ(*ParseMemory("100Mi"), Mebibytes(100));
  EXPECT_EQ(*ParseMemory("100M"), Bytes(100000000));
  EXPECT_EQ(*ParseMemory("1.5Gi"), Mebibytes(1536));
  EXPECT_EQ(*ParseMemory("128974848"), Bytes(128974848));
  EXPECT_EQ(*ParseMemory("128974848000m"), Bytes(128974848));
  EXPECT_EQ(*ParseMemory("1e3"), Bytes(1000));
  EXPECT_EQ(*ParseMemory("1E"), Bytes(1000000000000000000));
  EXPECT_EQ(*ParseMemory("1n"), Bytes(1)) << "a fraction of a byte rounds up";
  EXPECT_EQ(ParseMemory("100MB").status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ParseMemory("20E").status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(DurationTextTest, ReadsGoDurations) {
  EXPECT_EQ(*ParseDuration("300ms"), std::chrono::milliseconds(300));
  EXPECT_EQ(*ParseDuration("1m30s"), std::chrono::seconds(90));
  EXPECT_EQ(*ParseDuration("1.5s"), std::chrono::milliseconds(1500));
  EXPECT_EQ(*ParseDuration("100µs"), std::chrono::microseconds(100));
  EXPECT_EQ(*ParseDuration("0"), Duration(0));
  for (const char* text : {"", "30", "s", "-5s", "5d", "1s2"}) {
    EXPECT_FALSE(ParseDuration(text).ok()) << text;
  }
}

TEST(TextTest, PrintsTheShortestFormThatParsesBack) {
  EXPECT_EQ(FormatCpu(Millicores(200)), "200m");
  EXPECT_EQ(FormatCpu(Cores(2)), "2");
  EXPECT_EQ(FormatMemory(Mebibytes(100)), "100Mi");
  EXPECT_EQ(FormatMemory(Bytes(1500000)), "1500k");
  EXPECT_EQ(FormatMemory(Bytes(0)), "0");
  EXPECT_EQ(FormatDuration(std::chrono::seconds(90)), "1m30s");
  for (const std::int64_t bytes : {1, 1023, 1024, 104857600, 123456789}) {
    EXPECT_EQ(*ParseMemory(FormatMemory(Bytes(bytes))), Bytes(bytes));
  }
}

// Found by text_fuzz: rounding was relative, and parts of a duration were added as doubles.
TEST(TextTest, KeepsEveryUnitOfLargeValues) {
  EXPECT_EQ(*ParseMemory("1000000000001"), Bytes(1000000000001));
  EXPECT_EQ(*ParseCpu("99000000000"), Millicores(99000000000000));
  const Duration half_a_year = std::chrono::hours(24 * 182) + Duration(1);
  EXPECT_EQ(*ParseDuration(FormatDuration(half_a_year)), half_a_year);
  EXPECT_FALSE(ParseDuration("2000000h2000000h").ok());
}

TEST(NumberTextTest, RefusesTrailingText) {
  EXPECT_DOUBLE_EQ(*ParseNumber("1.25"), 1.25);
  for (const char* text : {"", "1.25x", "nan", "inf", " 1"}) EXPECT_FALSE(ParseNumber(text).ok());
}

}  // namespace
}  // namespace trimtab
