#include "trimtab/cli/output.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>
#include <string>
#include <variant>

#include "absl/status/status.h"

namespace trimtab {
namespace {

Table Sample() {
  Table table({{.key = "microservice", .header = "microservice"},
               {.key = "p95Seconds", .header = "P95 ms", .scale = 1e3, .decimals = 1},
               {.key = "replicas", .header = "replicas"},
               {.key = "assumed", .header = "assumed"}});
  table.AddRow({"search", 0.01234, std::int64_t{3}, true});
  table.AddRow({"geo, \"the map\"", std::monostate{}, std::int64_t{12}, false});
  return table;
}

std::string Written(OutputFormat format, bool color = false) {
  std::ostringstream out;
  Sample().Write(format, color, out);
  return out.str();
}

TEST(OutputFormatTest, AnotherValueIsAnErrorThatNamesTheThree) {
  EXPECT_EQ(*ParseOutputFormat("csv"), OutputFormat::kCsv);
  for (const char* text : {"yaml", "", "JSON", "json "}) {
    const auto format = ParseOutputFormat(text);
    EXPECT_EQ(format.status().code(), absl::StatusCode::kInvalidArgument) << text;
    EXPECT_THAT(std::string(format.status().message()), testing::HasSubstr("table, json, csv"));
  }
}

TEST(TableTest, TextIsAlignedScaledAndRounded) {
  EXPECT_EQ(Written(OutputFormat::kTable),
            "microservice    P95 ms  replicas  assumed\n"
            "search            12.3         3  yes\n"
            "geo, \"the map\"       -        12  no\n");
}

TEST(TableTest, HeaderIsBoldOnlyInColor) {
  EXPECT_THAT(Written(OutputFormat::kTable, true), testing::StartsWith("\x1b[1mmicroservice"));
  EXPECT_THAT(Written(OutputFormat::kTable, false), testing::Not(testing::HasSubstr("\x1b")));
  EXPECT_THAT(Written(OutputFormat::kCsv, true), testing::Not(testing::HasSubstr("\x1b")));
}

TEST(TableTest, CsvKeepsBaseUnitsAndQuotes) {
  EXPECT_EQ(Written(OutputFormat::kCsv),
            "microservice,p95Seconds,replicas,assumed\n"
            "search,0.01234,3,true\n"
            "\"geo, \"\"the map\"\"\",,12,false\n");
}

TEST(TableTest, JsonKeepsBaseUnitsOrderAndMissing) {
  EXPECT_EQ(nlohmann::ordered_json::parse(Written(OutputFormat::kJson)).dump(),
            R"([{"microservice":"search","p95Seconds":0.01234,"replicas":3,"assumed":true},)"
            R"({"microservice":"geo, \"the map\"","p95Seconds":null,"replicas":12,)"
            R"("assumed":false}])");
}

TEST(TableTest, AlignsByLettersNotBytes) {
  Table table({{.key = "name", .header = "name"}, {.key = "n", .header = "n"}});
  table.AddRow({"ψ", std::int64_t{1}});
  table.AddRow({"abcde", std::int64_t{22}});
  std::ostringstream out;
  table.WriteText(out, false);
  EXPECT_EQ(out.str(), "name    n\nψ       1\nabcde  22\n");
}

TEST(TableDeathTest, ARowOfAnotherWidthIsABug) {
  Table table({{.key = "name"}});
  EXPECT_DEATH(table.AddRow({}), "");
}

TEST(WriteJsonTest, SurvivesWhatJsonCannotHold) {
  std::ostringstream out;
  WriteJson({{"name", "bad \xff byte"}, {"value", std::numeric_limits<double>::quiet_NaN()}}, out);
  EXPECT_EQ(out.str(), "{\n  \"name\": \"bad \xEF\xBF\xBD byte\",\n  \"value\": null\n}\n");
}

TEST(CellTest, AnEmptyOptionalIsMissing) {
  EXPECT_EQ(CellOf(std::optional<double>()), Table::Cell(std::monostate{}));
  EXPECT_EQ(CellOf(std::optional<double>(1.5)), Table::Cell(1.5));
}

}  // namespace
}  // namespace trimtab
