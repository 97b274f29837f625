#include "trimtab/profiling/sweep_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "trimtab/profiling/testing/fake_source.h"

namespace trimtab {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::int64_t Members(const SweepPlan& plan, MicroserviceId id) {
  std::int64_t members = 0;
  for (const StationJob& job : plan.stations) {
    if (job.representative.microservice == id)
      members += static_cast<std::int64_t>(job.members.size());
  }
  return members;
}

TEST(SweepPlanTest, TheFullGridHas17600SettingsRefusedOnesIncluded) {
  const Application application = FakeApplication(2);
  const FakeSource source(2);
  const auto plan = PlanSweep(application, source, SweepOptions());
  ASSERT_TRUE(plan.ok()) << plan.status();
  // 100 MiB is refused: one of ten memory settings.
  EXPECT_THAT(plan->refused, ElementsAre(1760, 1760));
  EXPECT_EQ(Members(*plan, MicroserviceId(0)), 15840);
  EXPECT_EQ(Members(*plan, MicroserviceId(1)), 15840);
}

TEST(SweepPlanTest, EquivalentSettingsAreOneJob) {
  const Application application = FakeApplication(1);
  const FakeSource source(1);
  const auto plan = PlanSweep(application, source, SweepOptions());
  ASSERT_TRUE(plan.ok());
  // Of the memories only 200, 300 and from 400 MiB on differ, and of the interferences only CPU.
  // A cell's states have at most 5 CPU intensities, so at most 3 * 5 jobs of 144 settings.
  EXPECT_LE(plan->stations.size(), 1650U);
  EXPECT_GE(plan->stations.size(), 330U);
  std::set<std::tuple<std::int64_t, std::int64_t, double, double>> seen;
  for (const StationJob& job : plan->stations) {
    const auto& setting = job.representative;
    EXPECT_TRUE(seen.emplace(setting.container.cpu.value(), setting.container.memory.value(),
                             setting.container_load.value(),
                             setting.interference.ValueOr(InterferenceKind::kCpu, -1))
                    .second)
        << "the same setting twice";
    for (const auto& member : job.members) {
      EXPECT_DOUBLE_EQ(member.shift.count(),
                       2 * member.interference.ValueOr(InterferenceKind::kNetworkBandwidth, -1));
    }
  }
}

TEST(SweepPlanTest, LoadsGiveTheUtilisationsAskedFor) {
  const Application application = FakeApplication(1);
  const FakeSource source(1);
  const auto plan = PlanSweep(application, source, SweepOptions());
  std::map<int, int> levels;
  for (const StationJob& job : plan->stations) {
    const auto& setting = job.representative;
    const auto demand =
        source.CpuPerRequest(setting.microservice, setting.container, setting.interference);
    const double utilization =
        setting.container_load.value() * InSeconds(*demand) / InCores(setting.container.cpu);
    if (utilization < 0.05) {
      EXPECT_NEAR(utilization, 0.001, 1e-8);
      ++levels[-1];
      continue;
    }
    // 0.1, 0.1 + 0.7 / 9, ...: in ninths above the lowest.
    const double level = (utilization - 0.1) / 0.7 * 9;
    EXPECT_NEAR(level, std::round(level), 1e-4);
    ++levels[static_cast<int>(std::round(level))];
  }
  EXPECT_EQ(levels.size(), 11U);
}

TEST(SweepPlanTest, AThinnedPlanHasTheSizeAskedForAndCoversTheRanges) {
  const Application application = FakeApplication(3);
  const FakeSource source(3);
  SweepOptions options;
  options.station_settings = 601;
  const auto plan = PlanSweep(application, source, options);
  ASSERT_TRUE(plan.ok());
  EXPECT_EQ(plan->stations.size(), 601U);
  std::map<std::size_t, int> of_each;
  std::set<std::int64_t> cpus;
  std::set<std::int64_t> memories;
  std::set<double> intensities;
  int none = 0;
  for (const StationJob& job : plan->stations) {
    ++of_each[job.representative.microservice.value()];
    cpus.insert(job.representative.container.cpu.value());
    for (const auto& member : job.members) memories.insert(member.container.memory.value());
    intensities.insert(job.members[0].interference.ValueOr(InterferenceKind::kCpu, -1));
    none += job.members[0].interference == Interference::None() ? 1 : 0;
  }
  EXPECT_EQ(of_each[0], 201);
  EXPECT_EQ(of_each[2], 200);
  EXPECT_EQ(cpus.size(), 10U);
  EXPECT_EQ(memories.size(), 9U);  // 100 MiB is refused
  EXPECT_EQ(intensities.size(), 5U);
  // A sixteenth of 601 points is 38; an even sequence is within a few points of it.
  EXPECT_NEAR(none, 38, 6);
}

TEST(SweepPlanTest, EveryTenthOfAThinnedPlanCoversTheCpuSettings) {
  const Application application = FakeApplication(2);
  const FakeSource source(2);
  SweepOptions options;
  options.station_settings = 800;
  const auto plan = PlanSweep(application, source, options);
  std::set<std::int64_t> cpus;
  for (std::size_t i = 0; i < 80; ++i) {
    cpus.insert(plan->stations[i].representative.container.cpu.value());
  }
  EXPECT_EQ(cpus.size(), 10U);
}

TEST(SweepPlanTest, AThinnedPlanLeavesOutWhereAloneIsNotValid) {
  const Application application = FakeApplication(1);
  SweepOptions options;
  options.station_settings = 300;
  for (const bool asynchronous : {false, true}) {
    const FakeSource source(1, asynchronous);
    const auto plan = PlanSweep(application, source, options);
    double highest = 0;
    for (const StationJob& job : plan->stations) {
      const auto& setting = job.representative;
      const auto demand =
          source.CpuPerRequest(setting.microservice, setting.container, setting.interference);
      highest = std::max(highest, setting.container_load.value() * InSeconds(*demand) /
                                      InCores(setting.container.cpu));
    }
    // 300 even points come within a hundredth of the end of the range.
    EXPECT_NEAR(highest, asynchronous ? 0.8 : 0.6, 0.01);
  }
}

TEST(SweepPlanTest, ATestShareIsHeldOutBySetting) {
  const Application application = FakeApplication(2);
  const FakeSource source(2);
  SweepOptions options;
  options.station_settings = 4000;
  const auto plan = PlanSweep(application, source, options);
  int test = 0;
  for (const StationJob& job : plan->stations) test += job.role == SampleRole::kTest ? 1 : 0;
  // 0.15 of 4,000, standard error sqrt(4000 * .15 * .85) = 22.6.
  EXPECT_NEAR(test, 600, 4 * 22.6);
}

TEST(SweepPlanTest, DependsOnTheSeedAlone) {
  const Application application = FakeApplication(2);
  const FakeSource source(2);
  SweepOptions options;
  options.station_settings = 100;
  const auto key = [&](const SweepOptions& o) {
    std::vector<std::pair<std::uint64_t, double>> all;
    const auto plan = PlanSweep(application, source, o);
    for (const StationJob& job : plan->stations) {
      all.emplace_back(job.seed, job.representative.container_load.value());
    }
    return all;
  };
  const auto first = key(options);
  EXPECT_EQ(key(options), first);
  options.seed = 2;
  EXPECT_NE(key(options), first);
}

TEST(SweepPlanTest, AMicroserviceThatNeverRunsIsAnError) {
  const Application application = TooSmallApplication();
  const FakeSource source(1);
  for (const bool thinned : {false, true}) {
    SweepOptions options;
    if (thinned) options.station_settings = 10;
    const auto status = PlanSweep(application, source, options).status();
    EXPECT_TRUE(absl::IsInvalidArgument(status));
    EXPECT_THAT(std::string(status.message()),
                HasSubstr("microservice 'tiny' runs at none of the planned settings"));
    EXPECT_THAT(std::string(status.message()), HasSubstr("140 MiB"));
  }
}

}  // namespace
}  // namespace trimtab
