#include "trimtab/profiling/sample_csv.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "trimtab/probability/random_stream.h"

namespace trimtab {
namespace {

using ::testing::HasSubstr;

const std::vector<std::string> kNames = {"frontend", "search"};

SampleRow StationRow() {
  SampleRow row;
  row.setting = 7;
  row.role = SampleRole::kTest;
  row.microservice = MicroserviceId(1);
  row.container = {Millicores(300), Mebibytes(200)};
  row.container_load = RequestsPerSecond(123.456789);
  row.interference = Interference::None();
  row.interference.Set(InterferenceKind::kMemoryBandwidth, Ratio(0.8));
  row.label = {
      .tail = Latency(12.345678),
      .relative_standard_error = 0.05,
      .utilization = 0.61,
      .pool_full_share = 0.001,
      .requests = 6000,
      .cumulants = {.value = {.mean = 0.005, .variance = 2.5e-5, .third = -1.25e-9},
                    .relative_standard_error = {.mean = 0.01, .variance = 0.03, .third = 0.125}}};
  return row;
}

SampleRow TreeRow() {
  SampleRow row = StationRow();
  row.replica = 2;
  row.label.whole_tree = true;
  row.end_to_end = EndToEndLabel{RequestsPerSecond(400), Latency(1250.5), 0.02};
  return row;
}

// Without its line end.
std::string Line(const SampleRow& row) {
  std::string line;
  AppendSampleCsv(row, kNames, line);
  EXPECT_EQ(line.back(), '\n');
  line.pop_back();
  return line;
}

std::string With(const std::string& line, std::size_t column, const std::string& text) {
  std::size_t start = 0;
  for (std::size_t i = 0; i < column; ++i) start = line.find(',', start) + 1;
  const std::size_t end = std::min(line.find(',', start), line.size());
  std::string changed = line.substr(0, start);
  changed += text;
  changed += line.substr(end);
  return changed;
}

void ExpectSame(const SampleRow& a, const SampleRow& b) {
  EXPECT_EQ(a.setting, b.setting);
  EXPECT_EQ(a.role, b.role);
  EXPECT_EQ(a.microservice, b.microservice);
  EXPECT_EQ(a.replica, b.replica);
  EXPECT_EQ(a.container, b.container);
  EXPECT_EQ(a.container_load, b.container_load);
  EXPECT_EQ(a.interference, b.interference);
  EXPECT_EQ(a.label.tail, b.label.tail);
  EXPECT_EQ(a.label.relative_standard_error, b.label.relative_standard_error);
  EXPECT_EQ(a.label.utilization, b.label.utilization);
  EXPECT_EQ(a.label.pool_full_share, b.label.pool_full_share);
  EXPECT_EQ(a.label.requests, b.label.requests);
  EXPECT_EQ(a.label.cumulants.value, b.label.cumulants.value);
  EXPECT_EQ(a.label.cumulants.relative_standard_error, b.label.cumulants.relative_standard_error);
  EXPECT_EQ(a.label.whole_tree, b.label.whole_tree);
  EXPECT_EQ(a.end_to_end, b.end_to_end);
}

TEST(SampleCsvTest, WritesBaseUnits) {
  EXPECT_EQ(Line(StationRow()),
            "7,station,test,search,0,0.3,209715200,123.456789,0,0,0.8,0,0.012345678,0.05,0.005,"
            "2.5e-05,-1.25e-09,0.01,0.03,0.125,0.61,0.001,6000,,,");
  EXPECT_THAT(Line(TreeRow()), HasSubstr(",6000,400,1.250500000,0.02"));
}

TEST(SampleCsvTest, TheHeaderHasAColumnForEachField) {
  const std::string line = Line(TreeRow());
  EXPECT_EQ(std::ranges::count(SampleCsvHeader(), ','), std::ranges::count(line, ','));
}

TEST(SampleCsvTest, ReadsBackExactly) {
  RandomStream random(3, "test");
  for (int i = 0; i < 2000; ++i) {
    SampleRow row = i % 2 == 0 ? StationRow() : TreeRow();
    row.setting = static_cast<std::int64_t>(random.Below(1'000'000));
    row.container.cpu = Millicores(static_cast<std::int64_t>(1 + random.Below(100'000)));
    row.container_load = RequestsPerSecond(random.Uniform() * 2000);
    row.interference.Set(InterferenceKind::kCpu, Ratio(random.Uniform()));
    row.interference.Forget(InterferenceKind::kNetworkBandwidth);
    row.label.tail = Latency(random.Exponential() * 100);
    row.label.relative_standard_error = random.Uniform();
    row.label.cumulants.value = {.mean = random.Exponential(),
                                 .variance = 1e-6 * random.Exponential(),
                                 .third = 1e-9 * random.Normal()};
    row.label.cumulants.relative_standard_error.third = random.Exponential();
    const auto back = ParseSampleCsv(Line(row), kNames);
    ASSERT_TRUE(back.ok()) << back.status();
    ExpectSame(*back, AtTableResolution(row));
    EXPECT_EQ(Line(*back), Line(row));
  }
}

struct BadField {
  std::size_t column;
  const char* text;
  const char* message;
};

class BadFieldTest : public ::testing::TestWithParam<BadField> {};

TEST_P(BadFieldTest, IsNamedWithValueAndBound) {
  const auto row =
      ParseSampleCsv(With(Line(TreeRow()), GetParam().column, GetParam().text), kNames);
  ASSERT_TRUE(absl::IsInvalidArgument(row.status()));
  EXPECT_EQ(std::string(row.status().message()), GetParam().message);
}

INSTANTIATE_TEST_SUITE_P(
    All, BadFieldTest,
    ::testing::Values(
        BadField{0, "-1", "column setting is '-1', expected a number in [0, 1000000000000]"},
        BadField{1, "alone", "column source is 'alone', expected one of station, tree"},
        BadField{2, "", "column role is '', expected one of train, test, setAside"},
        BadField{3, "cart",
                 "column microservice is 'cart', expected a microservice of the "
                 "table's description"},
        BadField{5, "nan", "column cpuCores is 'nan', expected a number in [0.001, 1000000]"},
        BadField{5, "0.3 ", "column cpuCores is '0.3 ', expected a number in [0.001, 1000000]"},
        BadField{6, "200Mi",
                 "column memoryBytes is '200Mi', expected a number in [1, "
                 "1125899906842624]"},
        BadField{7, "inf",
                 "column containerLoadPerSecond is 'inf', expected a number in [0, "
                 "1000000000]"},
        BadField{8, "1.5", "column interferenceCpu is '1.5', expected a number in [0, 1]"},
        BadField{12, "-0.001",
                 "column ownLatencyP95Seconds is '-0.001', expected a number in "
                 "[0, 1000000]"},
        BadField{14, "-1",
                 "column ownLatencyMeanSeconds is '-1', expected a number in [0, 1000000]"},
        BadField{15, "-1e-9",
                 "column ownLatencyVarianceSecondsSquared is '-1e-9', expected a number in "
                 "[0, 1000000000000]"},
        BadField{16, "nan",
                 "column ownLatencyThirdCumulantSecondsCubed is 'nan', expected a number in "
                 "[-1e+18, 1e+18]"},
        BadField{19, "",
                 "column thirdCumulantRelativeStandardError is '', expected a number in "
                 "[0, 1000000]"},
        BadField{24, "", "column endToEndP95Seconds is '', expected a number in [0, 1000000]"}));

TEST(SampleCsvTest, RefusesAnotherNumberOfColumns) {
  EXPECT_EQ(ParseSampleCsv("1,2", kNames).status().message(), "2 columns, expected 26");
  EXPECT_EQ(ParseSampleCsv(Line(StationRow()) + ",", kNames).status().message(),
            "27 columns, expected 26");
}

TEST(SampleCsvTest, RefusesAnEndToEndTailMeasuredAlone) {
  EXPECT_THAT(
      std::string(ParseSampleCsv(With(Line(StationRow()), 24, "1"), kNames).status().message()),
      HasSubstr("endToEndP95Seconds is '1', expected nothing"));
}

TEST(SampleCsvTest, RefusesNamesThatBreakALine) {
  EXPECT_TRUE(ValidateSampleNames({"a", "b-c"}).ok());
  for (const char* bad : {"", "a,b", "a\"b", "a\nb"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(ValidateSampleNames({bad}))) << bad;
  }
  EXPECT_THAT(std::string(ValidateSampleNames({"a", "a"}).message()),
              HasSubstr("'a' appears twice"));
}

}  // namespace
}  // namespace trimtab
