#include "trimtab/workload/recording.h"

#include <zlib.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "trimtab/application/interference.h"
#include "trimtab/quantity/time.h"

namespace trimtab {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string LoadError(const std::string& text) {
  return std::string(ParseLoadRecording(text, "f").status().message());
}
std::string InterferenceError(const std::string& text) {
  return std::string(ParseInterferenceRecording(text, "f").status().message());
}
const RecordedSeries& Kind(const InterferenceRecording& recording, InterferenceKind kind) {
  return *recording.kinds[static_cast<std::size_t>(kind)];
}

TEST(LoadRecordingTest, ReadsOneRateALineAndSecond) {
  const auto series = ParseLoadRecording("189\n188.5\r\n0\n", "f");
  ASSERT_TRUE(series.ok()) << series.status();
  EXPECT_EQ(series->step, seconds(1));
  EXPECT_THAT(series->values, ElementsAre(189, 188.5, 0));
}

TEST(LoadRecordingTest, ReadsColumnsByNameInAnyOrder) {
  const auto series = ParseLoadRecording("rps,other,timestamp\n5,x,100\n6,y,160\n", "f");
  ASSERT_TRUE(series.ok()) << series.status();
  EXPECT_EQ(series->step, minutes(1));
  EXPECT_THAT(series->values, ElementsAre(5, 6));
}

TEST(LoadRecordingTest, UnevenTimesHoldOnTheSmallestGap) {
  const auto series = ParseLoadRecording("t_s,rate\n0,1\n30,2\n40,3\n", "f");
  ASSERT_TRUE(series.ok());
  EXPECT_EQ(series->step, seconds(10));
  EXPECT_THAT(series->values, ElementsAre(1, 1, 1, 2, 3));
}

TEST(LoadRecordingTest, ErrorsNameFileRowValueAndBound) {
  EXPECT_EQ(LoadError(""), "f: the file is empty");
  EXPECT_EQ(LoadError("1\n-2\n"),
            "f:2: '-2' is not a rate between 0 and 1000000000 requests per second");
  EXPECT_THAT(LoadError("1\nnan\n"), HasSubstr("f:2: 'nan'"));
  EXPECT_THAT(LoadError("1\n\n2\n"), HasSubstr("f:2: ''"));
  EXPECT_THAT(LoadError("a,b\n1,2\n"), HasSubstr("f:1: the header needs a time column"));
  EXPECT_EQ(LoadError("t_s,rate\n"), "f: there are no rows");
  EXPECT_EQ(LoadError("t_s,rate\n1\n"), "f:2: 1 cells, the header has 2");
  EXPECT_EQ(LoadError("t_s,rate\n1,2\n1,3\n"),
            "f:3: time is 1, must be above that of the row before, 1");
  EXPECT_EQ(LoadError("t_s,rate\n1,x\n"), "f:2: rate: 'x' is not a number");
  EXPECT_EQ(LoadError("t_s,rate\n1,-1\n"), "f:2: rate is -1, must be between 0 and 1000000000");
  EXPECT_THAT(LoadError("t_s,rate\n0,1\n0.001,1\n9e9,1\n"), HasSubstr("must be at most"));
}

TEST(InterferenceRecordingTest, ReadsSharesAndKeepsMissingOnesMissing) {
  const auto recording =
      ParseInterferenceRecording("t_s,cpu,networkBandwidth\n0,0.5,\n60,,0.25\n", "f");
  ASSERT_TRUE(recording.ok()) << recording.status();
  const RecordedSeries& cpu = Kind(*recording, InterferenceKind::kCpu);
  EXPECT_EQ(cpu.step, minutes(1));
  EXPECT_EQ(cpu.values[0], 0.5);
  EXPECT_TRUE(std::isnan(cpu.values[1]));
  EXPECT_FALSE(recording->kinds[static_cast<std::size_t>(InterferenceKind::kMemoryCapacity)]);
  // Played, a missing value holds the last one present, or the first.
  EXPECT_THAT(ToSteps(cpu)->values(), ElementsAre(0.5, 0.5));
  EXPECT_THAT(ToSteps(Kind(*recording, InterferenceKind::kNetworkBandwidth))->values(),
              ElementsAre(0.25, 0.25));
}

TEST(InterferenceRecordingTest, AveragesAlibabaMachinesByMinute) {
  // Minute 1: cpu (40 + 60) / 2, network max(10, 20) and max(40, 30); bandwidth of one machine
  // only. Minute 2 has no row. Minute 3: one machine.
  const auto recording = ParseInterferenceRecording(
      "machine_id,t_s,cpu_util_percent,mem_util_percent,mem_gps,mkpi,net_in,net_out,disk_io_"
      "percent\n"
      "m_1,70,40,90,,,10,20,5\n"
      "m_2,80,60,80,3,0,40,30,101\n"
      "m_1,180,20,85,,,0,0,-1\n",
      "f");
  ASSERT_TRUE(recording.ok()) << recording.status();
  const RecordedSeries& cpu = Kind(*recording, InterferenceKind::kCpu);
  EXPECT_EQ(cpu.step, minutes(1));
  ASSERT_EQ(cpu.values.size(), 3U);
  EXPECT_DOUBLE_EQ(cpu.values[0], 0.5);
  EXPECT_TRUE(std::isnan(cpu.values[1]));
  EXPECT_DOUBLE_EQ(cpu.values[2], 0.2);
  EXPECT_DOUBLE_EQ(Kind(*recording, InterferenceKind::kMemoryCapacity).values[0], 0.85);
  EXPECT_DOUBLE_EQ(Kind(*recording, InterferenceKind::kNetworkBandwidth).values[0], 0.3);
  EXPECT_DOUBLE_EQ(Kind(*recording, InterferenceKind::kMemoryBandwidth).values[0], 0.03);
}

TEST(InterferenceRecordingTest, ErrorsNameFileRowValueAndBound) {
  EXPECT_EQ(InterferenceError(""), "f:1: the file has no header");
  EXPECT_THAT(InterferenceError("t_s,disk\n0,1\n"), HasSubstr("f:1: the columns must be t_s"));
  EXPECT_THAT(InterferenceError("t_s,cpu,extra\n0,1,1\n"), HasSubstr("f:1: the columns must be"));
  EXPECT_EQ(InterferenceError("t_s,cpu\n0,1.5\n"), "f:2: cpu is 1.5, must be between 0 and 1");
  EXPECT_EQ(InterferenceError("t_s,cpu_util_percent\n0,120\n"),
            "f:2: cpu_util_percent is 120, must be between 0 and 100");
  EXPECT_EQ(InterferenceError("cpu_util_percent\n1\n"), "f:1: there is no column t_s");
}

TEST(PartOfTest, MeansOfWhatIsPresent) {
  const RecordedSeries recording{seconds(1), {1, 3, 5, std::nan(""), std::nan(""), std::nan("")}};
  const auto part = PartOf(recording, seconds(0), seconds(6), seconds(2));
  ASSERT_TRUE(part.ok());
  EXPECT_EQ(part->values[0], 2);
  EXPECT_EQ(part->values[1], 5);
  EXPECT_TRUE(std::isnan(part->values[2]));
  EXPECT_THAT(std::string(PartOf(recording, seconds(6), seconds(1), seconds(1)).status().message()),
              HasSubstr("the recording lasts 6 s"));
}

class RecordingFileTest : public ::testing::Test {
 protected:
  std::string path_ = ::testing::TempDir() + "trimtab_recording";
  void TearDown() override { std::filesystem::remove(path_); }
};

TEST_F(RecordingFileTest, ReadsPlainAndGzipAlike) {
  std::ofstream(path_) << "1\n2\n";
  EXPECT_EQ(ReadRecordingFile(path_).value_or(""), "1\n2\n");
  gzFile file = gzopen(path_.c_str(), "wb");
  gzputs(file, "1\n2\n");
  gzclose(file);
  EXPECT_EQ(ReadRecordingFile(path_).value_or(""), "1\n2\n");
}

TEST_F(RecordingFileTest, ACutGzipIsAnError) {
  gzFile file = gzopen(path_.c_str(), "wb");
  for (int i = 0; i < 1000; ++i) gzprintf(file, "%d\n", i * i % 977);
  gzclose(file);
  std::filesystem::resize_file(path_, std::filesystem::file_size(path_) / 2);
  EXPECT_EQ(ReadRecordingFile(path_).status().code(), absl::StatusCode::kDataLoss);
}

TEST_F(RecordingFileTest, AFileThatUnpacksToTooMuchIsRefused) {
  gzFile file = gzopen(path_.c_str(), "wb");
  const std::string block(1 << 20, '1');
  for (int i = 0; i < 65; ++i) gzwrite(file, block.data(), static_cast<unsigned>(block.size()));
  gzclose(file);
  EXPECT_EQ(ReadRecordingFile(path_).status().code(), absl::StatusCode::kResourceExhausted);
}

TEST_F(RecordingFileTest, AMissingFileIsNamed) {
  EXPECT_THAT(std::string(ReadRecordingFile("/no/such").status().message()), HasSubstr("/no/such"));
}

}  // namespace
}  // namespace trimtab
