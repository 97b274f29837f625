// Tests what becomes of series in a registry, and the table of Trimtab's own metrics.
#include "trimtab/telemetry/metric_registry.h"

#include <set>
#include <thread>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "trimtab/telemetry/own_metrics.h"

namespace trimtab {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const std::vector<MetricDescription>& Table() {
  static const std::vector<MetricDescription> table = {
      {"events_total", MetricKind::kCounter, "Events", {"namespace", "reason"}},
      {"size", MetricKind::kGauge, "Size", {"namespace"}},
      {"took_seconds", MetricKind::kHistogram, "Time", {}, {0.5, 1}},
  };
  return table;
}

TEST(MetricRegistryTest, WritesWhatItHolds) {
  MetricRegistry registry(Table());
  EXPECT_EQ(registry.Text(), "");
  registry.Raise(0, {"b", "x"});
  registry.Raise(0, {"b", "x"}, 2);
  registry.Raise(0, {"a", "y"}, 0);
  registry.Set(1, {"a"}, 7);
  registry.Set(1, {"a"}, 5);
  EXPECT_EQ(registry.Text(),
            "# HELP events_total Events\n# TYPE events_total counter\n"
            "events_total{namespace=\"a\",reason=\"y\"} 0\n"
            "events_total{namespace=\"b\",reason=\"x\"} 3\n"
            "# HELP size Size\n# TYPE size gauge\n"
            "size{namespace=\"a\"} 5\n");
}

// A bound belongs to its bucket: of 0.5, 0.6 and 2 one is at most 0.5 and two are at most 1.
TEST(MetricRegistryTest, AHistogramCountsUpToItsBounds) {
  MetricRegistry registry(Table());
  for (const double value : {0.5, 0.6, 2.0}) registry.Record(2, {}, value);
  EXPECT_THAT(registry.Text(), HasSubstr("took_seconds_bucket{le=\"0.5\"} 1\n"
                                         "took_seconds_bucket{le=\"1\"} 2\n"
                                         "took_seconds_bucket{le=\"+Inf\"} 3\n"
                                         "took_seconds_sum 3.1\n"
                                         "took_seconds_count 3\n"));
}

TEST(MetricRegistryTest, SeriesEndWithWhatTheySpeakOf) {
  MetricRegistry registry(Table());
  registry.Raise(0, {"a", "x"});
  registry.Raise(0, {"b", "x"});
  registry.Set(1, {"a"}, 1);
  registry.Record(2, {}, 1);
  registry.ForgetWhere({{"namespace", "a"}});
  const std::string text = registry.Text();
  EXPECT_THAT(text, Not(HasSubstr("namespace=\"a\"")));
  EXPECT_THAT(text, Not(HasSubstr("# TYPE size")));
  EXPECT_THAT(text, HasSubstr("events_total{namespace=\"b\",reason=\"x\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("took_seconds_count 1\n"));
  registry.Forget(0, {"b", "x"});
  EXPECT_THAT(registry.Text(), Not(HasSubstr("events_total")));
}

TEST(MetricRegistryTest, ThreadsLoseNoEvent) {
  MetricRegistry registry(Table());
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&registry] {
      for (int n = 0; n < 1000; ++n) registry.Raise(0, {"a", "x"});
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(registry.Text(), HasSubstr(" 4000\n"));
}

TEST(OwnMetricsTest, NamesFollowTheConventions) {
  const auto table = OwnMetricTable();
  ASSERT_EQ(table.size(), kOwnMetricCount);
  EXPECT_EQ(table[static_cast<std::size_t>(OwnMetric::kTracesIncomplete)].name,
            "trimtab_traces_incomplete_total");
  EXPECT_EQ(table[static_cast<std::size_t>(OwnMetric::kDecisions)].name, "trimtab_decisions_total");
  std::set<std::string_view> names;
  for (const MetricDescription& metric : table) {
    EXPECT_TRUE(names.insert(metric.name).second) << metric.name;
    EXPECT_TRUE(metric.name.starts_with("trimtab_")) << metric.name;
    EXPECT_EQ(metric.kind == MetricKind::kCounter, metric.name.ends_with("_total")) << metric.name;
    EXPECT_EQ(metric.kind == MetricKind::kHistogram, !metric.bounds.empty()) << metric.name;
    for (const std::string_view label : metric.labels) {
      EXPECT_THAT((std::set<std::string_view>{"pod", "trace", "url"}),
                  Not(::testing::Contains(label)));
    }
  }
}

TEST(OwnMetricsTest, ThePageHasTheProcessToo) {
  OwnMetrics metrics;
  metrics.Set(OwnMetric::kLeader, {}, 1);
  metrics.SetTotal(OwnMetric::kSpansRejected, {"late"}, 3);
  EXPECT_THAT(metrics.Text(), HasSubstr("trimtab_leader 1\n"));
  EXPECT_THAT(metrics.Text(), HasSubstr("trimtab_otlp_spans_rejected_total{reason=\"late\"} 3\n"));
  EXPECT_THAT(metrics.Text(), HasSubstr("\nprocess_cpu_seconds_total "));
}

}  // namespace
}  // namespace trimtab
