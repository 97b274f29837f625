#include "trimtab/experiment/run_record.h"

#include <cmath>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "trimtab/experiment/html_report.h"

namespace trimtab {
namespace {

std::vector<WindowRow> Windows(const std::vector<double>& p95) {
  std::vector<WindowRow> rows;
  for (std::size_t i = 0; i < p95.size(); ++i) {
    rows.push_back({.minute = static_cast<double>(i),
                    .application_load = 100,
                    .requests = 6000,
                    .above_sla = p95[i] > 0.3 ? 600.0 : 60.0,
                    .p95_seconds = p95[i],
                    .units = {.cpu = 10, .memory = 5}});
  }
  return rows;
}

// Ten windows, two of start-up; three of the other eight miss the SLA: 3/8. Requests above it:
// 3 * 600 + 5 * 60 = 2100 of 48000.
TEST(SummarizeWindowsTest, LeavesOutStartUp) {
  RunSummary summary;
  summary.sla_seconds = 0.3;
  SummarizeWindows(Windows({9, 9, 0.1, 0.4, 0.4, 0.4, 0.1, 0.1, 0.1, 0.3}), 2, {}, summary);
  EXPECT_DOUBLE_EQ(summary.sla_violation_share, 3.0 / 8);
  EXPECT_DOUBLE_EQ(summary.request_violation_share, 2100.0 / 48000);
  EXPECT_DOUBLE_EQ(summary.mean_resource_units.total(), 15);
  EXPECT_FALSE(summary.recovery_seconds.has_value());
}

// The surge starts at minute 2; windows 2 and 4 miss, 5 to 9 meet: recovered at minute 5, 180 s on.
TEST(SummarizeWindowsTest, RecoveryIsFiveWindowsInARow) {
  RunSummary summary;
  summary.sla_seconds = 0.3;
  SummarizeWindows(Windows({0.1, 0.1, 0.5, 0.1, 0.5, 0.1, 0.1, 0.1, 0.1, 0.1}), 0, 2.0, summary);
  EXPECT_EQ(summary.recovery_seconds, 180.0);
}

// Replaces what is right in a summary.
TEST(RunRecordTest, ASummaryOutOfItsBoundsIsRefused) {
  RunSummary summary;
  summary.policy = "grad";
  summary.prepare_rounds = {5, 1};
  const std::string right = SummaryToJson(summary);
  ASSERT_TRUE(SummaryFromJson(right).ok()) << SummaryFromJson(right).status();
  const std::vector<std::pair<std::string, std::string>> wrong = {
      {"\"seed\": 0", "\"seed\": -1"},
      {"\"requests\": 0", "\"requests\": 1e300"},
      {"\"slaViolationShare\": 0.0", "\"slaViolationShare\": 1.5"},
      {"\"meanCpuUnits\": 0.0", "\"meanCpuUnits\": null"},
      {"\"p95Seconds\": 0.0", "\"p95Seconds\": \"fast\""},
      {"\"median\": 0.0", "\"median\": -0.5"},
      {"5,", "5.5,"},
      {"\"events\"", "\"event\""}};
  for (const auto& [from, to] : wrong) {
    std::string text = right;
    const std::size_t at = text.find(from);
    ASSERT_NE(at, std::string::npos) << from;
    text.replace(at, from.size(), to);
    EXPECT_TRUE(absl::IsInvalidArgument(SummaryFromJson(text).status())) << to;
  }
  EXPECT_TRUE(absl::IsInvalidArgument(SummaryFromJson("[]").status()));
}

TEST(RunRecordTest, FilesReadBack) {
  RunRecord run{.label = "grad", .summary = {}, .windows = Windows({0.1, 0.2, std::nan("")})};
  run.summary.policy = "grad";
  run.summary.prepare_rounds = {5, 1};
  run.summary.recovery_seconds = 60;
  const std::string directory = ::testing::TempDir() + "/run_record_test";
  ASSERT_TRUE(WriteRun(directory, run).ok());
  const auto back = ReadRun(directory);
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(SummaryToJson(back->summary), SummaryToJson(run.summary));
  EXPECT_EQ(WindowsToCsv(back->windows), WindowsToCsv(run.windows));
  std::filesystem::remove_all(directory);
}

TEST(RunRecordTest, ACutFileIsRefusedWithItsRow) {
  std::string text = WindowsToCsv(Windows({0.1, 0.2}));
  text.resize(text.size() - 20);
  const auto rows = WindowsFromCsv(text);
  ASSERT_FALSE(rows.ok());
  EXPECT_NE(std::string(rows.status().message()).find("row 3"), std::string::npos);
}

TEST(WindowsTest, ACountThatIsNoneIsNamed) {
  std::string text = WindowsToCsv(Windows({0.1}));
  const auto row = text.find('\n') + 1;
  const auto third = text.find(',', text.find(',', row) + 1) + 1;
  for (const char* count : {"-1", "1e300", "nan"}) {
    std::string edited = text;
    edited.replace(third, edited.find(',', third) - third, count);
    const auto rows = WindowsFromCsv(edited);
    ASSERT_FALSE(rows.ok()) << count;
    EXPECT_NE(std::string(rows.status().message()).find("windows row 2: column 3: "),
              std::string::npos)
        << rows.status();
  }
}

TEST(ReportTest, ThePageNeedsNothingFromElsewhere) {
  PolicyComparison comparison{
      .title = "t", .scenario = "s", .surge = {{1, 2}}, .skip_minutes = 0, .runs = {}};
  comparison.runs.push_back({.label = "grad", .summary = {}, .windows = Windows({0.1, 0.2, 0.4})});
  const std::string page = RenderHtml(comparison, MakeFigures(comparison),
                                      {{"grad", 1.5, "committed", "a <- b", "because"}});
  EXPECT_EQ(page.find("src="), std::string::npos);
  EXPECT_EQ(page.find("href="), std::string::npos);
  EXPECT_NE(page.find("a &lt;- b"), std::string::npos);
}

}  // namespace
}  // namespace trimtab
