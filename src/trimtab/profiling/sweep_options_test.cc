#include "trimtab/profiling/sweep_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace trimtab {
namespace {

using ::testing::HasSubstr;

TEST(SweepOptionsTest, DefaultsAreThePapersSweep) {
  const SweepOptions options;
  EXPECT_TRUE(options.Validate().ok());
  EXPECT_EQ(options.cpu_settings * options.memory_settings * options.load_settings *
                options.interference_settings,
            16000);
  EXPECT_EQ(options.tree_runs, 1600);
}

TEST(SweepOptionsTest, TheDemoTakesAbout4000Settings) {
  const SweepOptions options = SweepOptions::Demo();
  EXPECT_TRUE(options.Validate().ok());
  EXPECT_EQ(*options.station_settings + options.tree_runs, 4000);
  EXPECT_LE(options.tree_runs, 0.1 * 4000);
}

TEST(SweepOptionsTest, ListsEveryViolation) {
  SweepOptions options;
  options.cpu_settings = 1;
  options.highest_utilization = 1.2;
  options.test_share = 0;
  options.train.most_requests = 5;
  const std::string message(options.Validate().message());
  EXPECT_THAT(message, HasSubstr("cpu_settings is 1, must be in [2, 100]"));
  EXPECT_THAT(message, HasSubstr("highest_utilization is 1.2, must be in (0, 1)"));
  EXPECT_THAT(message, HasSubstr("test_share is 0, must be in (0, 1)"));
  EXPECT_THAT(message, HasSubstr("train.most_requests is 5, must be in [100, 1e8]"));
}

}  // namespace
}  // namespace trimtab
