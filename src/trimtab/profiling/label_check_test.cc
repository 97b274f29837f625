#include "trimtab/profiling/label_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "trimtab/profiling/testing/fake_source.h"

namespace trimtab {
namespace {

class LabelCheckTest : public ::testing::Test {
 protected:
  LabelCheckTest() {
    SweepOptions options;
    options.station_settings = 200;
    options.tree_runs = 5;
    const auto prepared = PrepareSweep(application_, source_, "hash", options);
    table_ = *RunSweep(application_, source_, *prepared, {}, nullptr);
  }
  const Application application_ = FakeApplication(2);
  const FakeSource source_{2};
  SampleTable table_;
};

TEST_F(LabelCheckTest, FindsTheScatterOfTheLabels) {
  const auto check = CheckLabels(table_, source_, {}, {});
  ASSERT_TRUE(check.ok()) << check.status();
  EXPECT_EQ(check->labels.size(), 60U);
  // Label and reference scatter by 1 % each: |difference| of mean sqrt(2) * sqrt(2 / pi) % =
  // 1.128 %, standard error 0.853 % / sqrt(60) = 0.11 %. (The network's share of the tail does not
  // scatter: a little less.)
  EXPECT_NEAR(check->mean, 0.01128, 4 * 0.0011);
  EXPECT_LE(check->mean, check->p90);
  EXPECT_LE(check->p90, check->max);
}

TEST_F(LabelCheckTest, ChecksDifferentSettingsTrainedOn) {
  const auto check = CheckLabels(table_, source_, {}, {.threads = 3});
  std::set<std::int64_t> settings;
  for (const LabelError& label : check->labels) {
    EXPECT_EQ(label.row.role, SampleRole::kTrain);
    EXPECT_FALSE(label.row.end_to_end.has_value());
    EXPECT_TRUE(settings.insert(label.row.setting).second);
  }
  EXPECT_EQ(CheckLabels(table_, source_, {}, {})->mean, check->mean);
  EXPECT_NE(CheckLabels(table_, source_, {.seed = 2}, {})->mean, check->mean);
}

TEST_F(LabelCheckTest, ATableWithoutLabelsIsAnError) {
  table_.rows.clear();
  EXPECT_TRUE(absl::IsInvalidArgument(CheckLabels(table_, source_, {}, {}).status()));
}

}  // namespace
}  // namespace trimtab
