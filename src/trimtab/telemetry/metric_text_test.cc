// Tests the text format against what its specification shows.
#include "trimtab/telemetry/metric_text.h"

#include <limits>

#include "gtest/gtest.h"
#include "trimtab/telemetry/process_metrics.h"

namespace trimtab {
namespace {

TEST(MetricTextTest, WritesAFamilyWithItsSeries) {
  MetricTextWriter writer;
  writer.Family("http_requests_total", MetricKind::kCounter, "Requests");
  writer.Sample({{"method", "post"}, {"code", "200"}}, 1027,
                Instant(std::chrono::milliseconds(1'395'066'363'000)));
  writer.Sample({}, 0.1);
  EXPECT_EQ(writer.text(),
            "# HELP http_requests_total Requests\n"
            "# TYPE http_requests_total counter\n"
            "http_requests_total{method=\"post\",code=\"200\"} 1027 1395066363000\n"
            "http_requests_total 0.1\n");
}

// The specification: HELP escapes backslash and line feed, a label value the quote as well.
TEST(MetricTextTest, EscapesWhatWouldEndAText) {
  MetricTextWriter writer;
  writer.Family("m", MetricKind::kGauge, "a \"b\" \\ c\nd");
  writer.Sample({{"path", "C:\\DIR \"x\"\n"}}, 1);
  EXPECT_EQ(writer.text(),
            "# HELP m a \"b\" \\\\ c\\nd\n"
            "# TYPE m gauge\n"
            "m{path=\"C:\\\\DIR \\\"x\\\"\\n\"} 1\n");
}

TEST(MetricTextTest, NumbersReadBackAsTheyAre) {
  MetricTextWriter writer;
  writer.Family("m", MetricKind::kGauge, "h");
  for (const double value :
       {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity(),
        -std::numeric_limits<double>::infinity(), 1e300, 1'395'066'363.25}) {
    writer.Sample({}, value);
  }
  EXPECT_EQ(writer.text().substr(writer.text().find("gauge\n") + 6),
            "m NaN\nm +Inf\nm -Inf\nm 1e+300\nm 1395066363.25\n");
}

// 3 values at most 0.5, 2 above it up to 1, 1 above: cumulated 3, 5, 6.
TEST(MetricTextTest, BucketsOfAHistogramAreCumulative) {
  MetricTextWriter writer;
  writer.Family("d_seconds", MetricKind::kHistogram, "h");
  const std::vector<double> bounds = {0.5, 1};
  const std::vector<std::uint64_t> counts = {3, 2, 1};
  writer.Histogram({{"phase", "a"}}, {.bounds = bounds, .counts = counts, .sum = 4.5});
  EXPECT_EQ(writer.text(),
            "# HELP d_seconds h\n# TYPE d_seconds histogram\n"
            "d_seconds_bucket{phase=\"a\",le=\"0.5\"} 3\n"
            "d_seconds_bucket{phase=\"a\",le=\"1\"} 5\n"
            "d_seconds_bucket{phase=\"a\",le=\"+Inf\"} 6\n"
            "d_seconds_sum{phase=\"a\"} 4.5\n"
            "d_seconds_count{phase=\"a\"} 6\n");
}

TEST(ProcessMetricsTest, SaysWhatTheKernelKnows) {
  MetricTextWriter writer;
  WriteProcessMetrics(writer);
  for (const char* name :
       {"process_cpu_seconds_total ", "process_resident_memory_bytes ", "process_open_fds ",
        "process_start_time_seconds ", "process_max_fds ", "process_virtual_memory_bytes "}) {
    const std::size_t at = writer.text().find(std::string("\n").append(name));
    ASSERT_NE(at, std::string::npos) << name;
    EXPECT_GE(std::stod(writer.text().substr(at + 1 + std::string(name).size())), 0) << name;
  }
}

}  // namespace
}  // namespace trimtab
