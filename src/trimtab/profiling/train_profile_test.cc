#include "trimtab/profiling/train_profile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "trimtab/profiling/testing/fake_source.h"

namespace trimtab {
namespace {

using ::testing::HasSubstr;

SweepOptions Small() {
  SweepOptions options;
  options.station_settings = 400;
  options.tree_runs = 80;
  options.bias_pairs = 3;
  return options;
}

TrainingOptions Quick() {
  TrainingOptions options;
  options.latency.samples_read = 60'000;
  options.latency.simd = SimdLevel::kPortable;
  options.end_to_end.samples_read = 4'000;
  return options;
}

class TrainProfileTest : public ::testing::Test {
 protected:
  // Once for all tests: the sweep takes no time, training takes a little.
  static void SetUpTestSuite() {
    const Application application = FakeApplication(2);
    const FakeSource source(2);
    auto profiled = ProfileAndTrain(application, source, "hash", Small(), {}, Quick());
    ASSERT_TRUE(profiled.ok()) << profiled.status();
    profiled_ = new ProfiledApplication(*std::move(profiled));
  }
  static void TearDownTestSuite() { delete profiled_; }

  static const SampleTable& samples() { return profiled_->samples; }
  static const ApplicationProfile& profile() { return profiled_->profile; }

 private:
  static ProfiledApplication* profiled_;
};
ProfiledApplication* TrainProfileTest::profiled_ = nullptr;

TEST_F(TrainProfileTest, LearnsTheFormulaOfTheFake) {
  ASSERT_EQ(profile().microservices.size(), 2U);
  for (const ProfiledMicroservice& microservice : profile().microservices) {
    // Labels scatter by 1 %, so 98 % is within reach; 60,000 samples read are a short training.
    EXPECT_GE(microservice.quality.accuracy, 93) << microservice.name;
    EXPECT_GT(microservice.quality.samples, 20);
    EXPECT_GT(microservice.training_samples, microservice.quality.samples);
    EXPECT_GE(microservice.quality.right_signs.load, 0.99);
    EXPECT_EQ(microservice.quality.masked.size(), 5U);
  }
  // The fake's end-to-end tail is the sum over the microservices.
  EXPECT_GE(profile().end_to_end_quality.accuracy, 85);
  EXPECT_GT(profile().end_to_end_quality.test_runs, 3);
}

TEST_F(TrainProfileTest, LearnsTheCumulantsOfTheFake) {
  ASSERT_TRUE(profile().cumulants.has_value());
  ASSERT_EQ(profile().cumulants->microservices.size(), 2U);
  for (const ProfiledCumulants& of : profile().cumulants->microservices) {
    EXPECT_GE(of.quality.mean.accuracy, 93);
    EXPECT_GE(of.quality.deviation.accuracy, 93);
    EXPECT_GE(of.quality.third_root.accuracy, 93);
    EXPECT_GT(of.quality.third.samples, 20);
  }
}

TEST_F(TrainProfileTest, CumulantsChangeNoOtherModel) {
  TrainingOptions options = Quick();
  options.cumulants = false;
  auto without = TrainProfile(samples(), samples(), options);
  ASSERT_TRUE(without.ok()) << without.status();
  EXPECT_FALSE(without->cumulants.has_value());
  without->cumulants = profile().cumulants;
  EXPECT_EQ(ProfileToJson(*without), ProfileToJson(profile()));
}

TEST_F(TrainProfileTest, CarriesItsProvenance) {
  EXPECT_EQ(profile().application, "fake");
  EXPECT_EQ(profile().scenario_hash, "hash");
  EXPECT_EQ(profile().sample_seed, 1U);
  EXPECT_EQ(profile().training_seed, 1U);
  EXPECT_EQ(profile().end_to_end.microservices, samples().manifest.Names());
}

TEST_F(TrainProfileTest, IsTheSameForAnyNumberOfThreads) {
  TrainingOptions options = Quick();
  options.threads = 3;
  const auto again = TrainProfile(samples(), samples(), options);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(ProfileToJson(*again), ProfileToJson(profile()));
  options.seed = 2;
  EXPECT_NE(ProfileToJson(*TrainProfile(samples(), samples(), options)), ProfileToJson(profile()));
}

TEST_F(TrainProfileTest, ReportsProgressToTheEnd) {
  TrainingOptions options = Quick();
  options.latency.samples_read = 1;
  std::vector<std::int64_t> done;
  options.progress = [&](std::int64_t d, std::int64_t total) {
    EXPECT_EQ(total, 3);
    done.push_back(d);
  };
  ASSERT_TRUE(TrainProfile(samples(), samples(), options).ok());
  EXPECT_THAT(done, ::testing::ElementsAre(1, 2, 3));
}

TEST_F(TrainProfileTest, RefusesTablesOfDifferentScenarios) {
  SampleTable other = samples();
  other.manifest.scenario_hash = "other";
  const auto status = TrainProfile(samples(), other, Quick()).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("scenarioHash: 'hash' and 'other'"));
}

TEST_F(TrainProfileTest, AMicroserviceWithoutSamplesIsNamed) {
  SampleTable table = samples();
  std::erase_if(table.rows, [](const SampleRow& row) { return row.microservice.value() == 1; });
  const auto status = TrainProfile(table, samples(), Quick()).status();
  EXPECT_EQ(status.message(),
            "microservice 'service-1' has 0 training samples, at least 20 are needed");
}

}  // namespace
}  // namespace trimtab
