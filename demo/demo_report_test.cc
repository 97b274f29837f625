#include "demo/demo_report.h"

#include <sstream>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace trimtab::demo {
namespace {

using std::chrono::seconds;
using ::testing::HasSubstr;

Sight At(int second, int replicas) {
  Sight sight;
  sight.at = seconds(second);
  sight.replicas = replicas;
  sight.ready = replicas;
  sight.cpu = Millicores(200 * replicas);
  sight.memory = Mebibytes(100 * replicas);
  return sight;
}

TEST(DemoReportTest, CountsWindowsAndComparesThreeMoments) {
  const Outcome outcome{
      .windows = {{.end_seconds = 10, .requests = 1000, .failed = 0, .tail_seconds = 0.3},
                  {.end_seconds = 20, .requests = 1000, .failed = 2, .tail_seconds = 0.301},
                  {.end_seconds = 30, .requests = 1000, .failed = 1, .tail_seconds = 0.1}},
      .scale_writes = 4,
      .resize_writes = 7};
  std::ostringstream out;
  PrintReport({At(10, 16), At(100, 12), At(130, 20)}, outcome,
              {.target_seconds = 0.3,
               .step_at = seconds(120),
               .step_after = seconds(20),
               .window = seconds(10)},
              out);
  // At the target is within it.
  EXPECT_THAT(out.str(), HasSubstr("windows within the SLA   2 of 3 (67 %)"));
  // 20 s after the first request, the window that ends at 20 s is over.
  EXPECT_THAT(out.str(), HasSubstr("1 of 10 s before the load step, 0 after it"));
  EXPECT_THAT(out.str(), HasSubstr("3000, of which 3 failed"));
  EXPECT_THAT(out.str(), HasSubstr("at the start             16 replicas, 3.2 cores"));
  EXPECT_THAT(out.str(), HasSubstr("before the load step     12 replicas"));
  EXPECT_THAT(out.str(), HasSubstr("at the end               20 replicas"));
  EXPECT_THAT(out.str(), HasSubstr("4 of replicas, 7 of sizes"));
}

TEST(DemoReportTest, WhatIsNotKnownIsADash) {
  Sight sight = At(65, 3);
  sight.ready = 2;
  sight.condition = "NoData";
  std::ostringstream out;
  PrintTimelineLine(sight, "", out);
  EXPECT_THAT(out.str(), HasSubstr("1:05        -"));
  EXPECT_THAT(out.str(), HasSubstr("2 of 3"));
  EXPECT_THAT(out.str(), HasSubstr("NoData"));
}

TEST(DemoReportTest, OfADecisionTheFirstChangeIsShown) {
  Sight sight = At(5, 3);
  sight.observed_tail = "111ms600us";
  std::ostringstream out;
  PrintTimelineLine(sight, "a 1 x 1/1Mi -> 2 x 1/1Mi, b 1 x 1/1Mi -> 3 x 1/1Mi, and 8 more", out);
  EXPECT_THAT(out.str(), HasSubstr("112 ms"));
  EXPECT_THAT(out.str(), HasSubstr("  a 1 x 1/1Mi -> 2 x 1/1Mi, and 9 more\n"));
}

}  // namespace
}  // namespace trimtab::demo
