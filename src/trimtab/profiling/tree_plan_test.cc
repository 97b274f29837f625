#include "trimtab/profiling/tree_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "trimtab/profiling/testing/fake_source.h"

namespace trimtab {
namespace {

using Lists = std::vector<std::vector<StationSetting>>;

TEST(TreePlanTest, UtilisationsStayInTheirRange) {
  const Application application = FakeApplication(3);
  const FakeSource source(3);
  const SweepOptions options;
  int shared = 0;
  for (std::int64_t run = 0; run < 300; ++run) {
    const auto job = PlanTreeRun(application, source, options, Lists(3), run);
    ASSERT_TRUE(job.ok()) << job.status();
    const double load = job->setting.application_load.value();
    EXPECT_GE(load, 20);
    EXPECT_LE(load, 1000);
    for (std::size_t m = 0; m < 3; ++m) {
      const MicroserviceId id(m);
      const auto& given = job->setting.allocation[id];
      const auto demand = source.CpuPerRequest(id, given.container, job->setting.interference[m]);
      ASSERT_TRUE(demand.ok());
      // At most 1000/s of at most 1.6 * 1.5 ms on 20 replicas of 1 core: within the range.
      EXPECT_LE(load * InSeconds(*demand) / InCores(TotalCpu(given)), 0.8 + 1e-6);
      EXPECT_GE(given.replicas, 1);
      EXPECT_LE(given.replicas, 20);
    }
    shared += job->setting.interference[0] == job->setting.interference[1] ? 1 : 0;
  }
  // Half of the runs share one interference, and two drawn apart are both none with probability
  // 0.147^2: 0.511 of 300 = 153, standard error 8.7.
  EXPECT_NEAR(shared, 153, 4 * 8.7);
}

TEST(TreePlanTest, SettingsThatWereSetAsideComeFirst) {
  const Application application = FakeApplication(2);
  const FakeSource source(2);
  Lists set_aside(2);
  set_aside[1] = {{MicroserviceId(1),
                   {Millicores(700), Mebibytes(550)},
                   RequestsPerSecond(50),
                   Interference::None()}};
  SweepOptions options;
  options.lowest_application_load = RequestsPerSecond(60);
  int taken = 0;
  for (std::int64_t run = 0; run < 200; ++run) {
    const auto job = PlanTreeRun(application, source, options, set_aside, run);
    const auto& given = job->setting.allocation[MicroserviceId(1)];
    if (given.container != set_aside[1][0].container) continue;
    // As many replicas as bring the load of each down to 50/s. (No grid has 550 MiB.)
    EXPECT_EQ(
        given.replicas,
        std::min(20, static_cast<int>(std::ceil(job->setting.application_load.value() / 50))));
    ++taken;
  }
  EXPECT_EQ(taken, 200);
}

TEST(TreePlanTest, SettingsThatTheRunCannotLoadAreLeft) {
  const Application application = FakeApplication(1);
  const FakeSource source(1);
  Lists set_aside(1);
  set_aside[0] = {{MicroserviceId(0),
                   {Millicores(700), Mebibytes(550)},
                   RequestsPerSecond(500),
                   Interference::None()}};
  SweepOptions options;
  options.highest_application_load = RequestsPerSecond(400);
  for (std::int64_t run = 0; run < 100; ++run) {
    const auto job = PlanTreeRun(application, source, options, set_aside, run);
    EXPECT_NE(job->setting.allocation[MicroserviceId(0)].container.memory, Mebibytes(550));
  }
}

TEST(TreePlanTest, DependsOnSeedAndRunAlone) {
  const Application application = FakeApplication(2);
  const FakeSource source(2);
  SweepOptions options;
  const auto a = PlanTreeRun(application, source, options, Lists(2), 5);
  const auto b = PlanTreeRun(application, source, options, Lists(2), 5);
  EXPECT_EQ(a->setting.allocation, b->setting.allocation);
  EXPECT_EQ(a->seed, b->seed);
  EXPECT_NE(PlanTreeRun(application, source, options, Lists(2), 6)->seed, a->seed);
  options.seed = 2;
  EXPECT_NE(PlanTreeRun(application, source, options, Lists(2), 5)->seed, a->seed);
}

TEST(TreePlanTest, AMicroserviceThatCannotRunIsAnError) {
  const Application application = TooSmallApplication();
  const auto status = PlanTreeRun(application, FakeSource(1), SweepOptions(), Lists(1), 0).status();
  EXPECT_EQ(status.message(), "microservice 'tiny' cannot run with any memory from 100 to 140 MiB");
}

}  // namespace
}  // namespace trimtab
