#include "trimtab/experiment/derm_fig_10.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <string>
#include <utility>

#include "trimtab/experiment/testing/no_progress.h"
#include "trimtab/scenario/scenario.h"

namespace trimtab {
namespace {

TEST(DermFigure10Test, RefusesTooLittleToTrainAndToTestOn) {
  auto scenario = LoadScenario(TRIMTAB_SOURCE_DIR "/scenarios/train-ticket.yaml");
  ASSERT_TRUE(scenario.ok()) << scenario.status();
  testing::NoProgress progress;
  const ExperimentInput input{.scenario_path = "",
                              .scenario = *std::move(scenario),
                              .minutes = 299,
                              .directory = "",
                              .recorded = {},
                              .progress = progress,
                              .stopped = {},
                              .stopwatch = {},
                              .processor_time = {}};
  EXPECT_THAT(std::string(RunDermFig10(input).status().message()),
              ::testing::HasSubstr("299 minutes are too few"));
}

}  // namespace
}  // namespace trimtab
