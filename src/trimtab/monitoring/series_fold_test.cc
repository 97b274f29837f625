#include "trimtab/monitoring/series_fold.h"

#include <limits>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace trimtab {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Instant At(int second) { return Instant(std::chrono::seconds(second)); }

MetricSeries Points(std::vector<std::pair<int, double>> points) {
  MetricSeries series;
  for (const auto& [second, value] : points) series.push_back({At(second), value});
  return series;
}

LabeledSeries Series(std::vector<std::pair<std::string, std::string>> labels,
                     std::vector<std::pair<int, double>> points) {
  return {.labels = std::move(labels), .points = Points(std::move(points))};
}

std::vector<std::pair<int, double>> Plain(const MetricSeries& series) {
  std::vector<std::pair<int, double>> points;
  for (const MetricPoint& point : series) {
    points.emplace_back(static_cast<int>(InSeconds(point.at.time_since_epoch())), point.value);
  }
  return points;
}

std::vector<std::pair<int, double>> Folded(const std::vector<LabeledSeries>& series,
                                           std::string_view summed, std::string_view identity) {
  std::vector<const LabeledSeries*> pointers;
  for (const LabeledSeries& one : series) pointers.push_back(&one);
  return Plain(FoldScrapes(pointers, summed, identity));
}

std::vector<std::pair<int, double>> Summed(const std::vector<MetricSeries>& counters) {
  std::vector<const MetricSeries*> pointers;
  for (const MetricSeries& one : counters) pointers.push_back(&one);
  return Plain(SumCounters(pointers));
}

TEST(FoldScrapesTest, AddsUpProcessors) {
  EXPECT_THAT(Folded({Series({{"cpu", "cpu00"}, {"id", "a"}}, {{15, 1}, {30, 2}}),
                      Series({{"cpu", "cpu01"}, {"id", "a"}}, {{15, 10}, {30, 20}})},
                     "cpu", "id"),
              ElementsAre(std::pair(15, 11.0), std::pair(30, 22.0)));
}

// At 30 s one of two interfaces was not scraped: 11, 2, 33 would read as a restart.
TEST(FoldScrapesTest, LeavesOutAScrapeThatLacksAPiece) {
  EXPECT_THAT(Folded({Series({{"interface", "eth0"}}, {{15, 1}, {30, 2}, {45, 3}}),
                      Series({{"interface", "eth1"}}, {{15, 10}, {45, 30}})},
                     "interface", ""),
              ElementsAre(std::pair(15, 11.0), std::pair(45, 33.0)));
}

// One kubelet behind two Services: the values must not double.
TEST(FoldScrapesTest, CountsAContainerThatTwoJobsScrapeOnce) {
  EXPECT_THAT(Folded({Series({{"id", "a"}, {"service", "kubelet"}}, {{15, 1}, {30, 2}, {45, 3}}),
                      Series({{"id", "a"}, {"service", "prom-kubelet"}}, {{16, 1.1}, {31, 2.1}})},
                     "cpu", "id"),
              ElementsAre(std::pair(15, 1.0), std::pair(30, 2.0), std::pair(45, 3.0)));
}

TEST(FoldScrapesTest, ARestartedContainerFollowsTheOldOne) {
  // The old container's last scrape lies after the new one's first: the new one counts from there.
  EXPECT_THAT(
      Folded({Series({{"id", "new"}}, {{45, 0.5}, {60, 2}}),
              Series({{"id", "old"}}, {{15, 7}, {30, 9}, {45, 9}})},
             "cpu", "id"),
      ElementsAre(std::pair(15, 7.0), std::pair(30, 9.0), std::pair(45, 0.5), std::pair(60, 2.0)));
}

TEST(FoldScrapesTest, NothingIsNothing) {
  EXPECT_THAT(Folded({}, "cpu", "id"), IsEmpty());
  EXPECT_THAT(Folded({Series({{"id", "a"}}, {})}, "cpu", "id"), IsEmpty());
}

// Two pods, 10 and 20 requests/s, scraped 5 s apart: the sum grows by 30 requests/s, from 5 s on,
// where both are known, to 30 s, the last time of the first within what the second still knows.
TEST(SumCountersTest, AddsCountersOfDifferentScrapeTimes) {
  EXPECT_THAT(Summed({Points({{0, 1000}, {15, 1150}, {30, 1300}, {45, 1450}}),
                      Points({{5, 0}, {20, 300}, {35, 600}})}),
              ElementsAre(std::pair(15, 150.0 + 200.0), std::pair(30, 300.0 + 500.0)));
}

// A restart at 30 s: 60 of 100 + 60 were counted by the new process.
TEST(SumCountersTest, GoesOnOverARestart) {
  EXPECT_THAT(Summed({Points({{0, 500}, {15, 600}, {30, 60}})}),
              ElementsAre(std::pair(0, 0.0), std::pair(15, 100.0), std::pair(30, 160.0)));
}

TEST(SumCountersTest, ANewPodCountsFromItsFirstScrapeAndAnEndedOneKeepsItsLast) {
  const auto sum = Summed({Points({{0, 0}, {15, 15}, {30, 30}, {45, 45}, {60, 60}}),
                           Points({{45, 100}, {60, 115}}),     // began at 45
                           Points({{0, 1000}, {15, 1015}})});  // ended after 15
  EXPECT_THAT(sum, ElementsAre(std::pair(0, 0.0), std::pair(15, 30.0), std::pair(30, 45.0),
                               std::pair(45, 60.0), std::pair(60, 90.0)));
}

TEST(SumCountersTest, BadPointsCountForNothing) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THAT(Summed({Points({{0, 5}, {15, nan}, {30, 35}})}),
              ElementsAre(std::pair(0, 0.0), std::pair(30, 30.0)));
  EXPECT_THAT(Summed({Points({{0, nan}})}), IsEmpty());
  EXPECT_THAT(Summed({}), IsEmpty());
}

}  // namespace
}  // namespace trimtab
