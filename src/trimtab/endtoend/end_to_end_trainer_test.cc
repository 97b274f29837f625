// Training on a made-up application whose tail is known.
#include "trimtab/endtoend/end_to_end_trainer.h"

#include <cmath>
#include <string>
#include <vector>

#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "trimtab/endtoend/composition_fit.h"
#include "trimtab/endtoend/end_to_end_predictor.h"
#include "trimtab/probability/random_stream.h"

namespace trimtab {
namespace {

using ::testing::HasSubstr;

constexpr int kMicroservices = 12;

std::vector<std::string> Names() {
  std::vector<std::string> names;
  for (int i = 0; i < kMicroservices; ++i) names.push_back(fmt::format("m{}", i));
  return names;
}

// Eight calls in sequence and two pairs in parallel: the tail is 5 ms and 0.6 of what they add up
// to, each pair by its slower branch, with 5 % of log-normal noise. Own latencies spread over two
// decades, as load and interference spread them.
std::vector<EndToEndSample> Runs(int count, std::uint64_t seed) {
  RandomStream random(seed, "runs");
  std::vector<EndToEndSample> samples;
  for (int run = 0; run < count; ++run) {
    EndToEndSample sample{
        .run = run, .own_latency = {}, .tail = {}, .relative_standard_error = 0.03};
    const double stress = random.Normal();
    std::vector<double> tails;
    for (int i = 0; i < kMicroservices; ++i) {
      const double mean = std::exp(1.5 + 0.5 * stress + 0.7 * random.Normal());
      const double max = mean * (1 + 0.5 * random.Uniform());
      sample.own_latency.push_back({Latency(mean), Latency(max)});
      tails.push_back(0.7 * mean + 0.3 * max);
    }
    double sum = std::max(tails[8], tails[9]) + std::max(tails[10], tails[11]);
    for (int i = 0; i < 8; ++i) sum += tails[static_cast<std::size_t>(i)];
    sample.tail = Latency((5 + 0.6 * sum) * std::exp(0.05 * random.Normal()));
    samples.push_back(sample);
  }
  return samples;
}

class EndToEndTrainerKindTest : public ::testing::TestWithParam<EndToEndKind> {};

// Noise of 5 % costs 0.04 of accuracy (mean of |normal| is 0.8); 0.88 is what is promised.
TEST_P(EndToEndTrainerKindTest, ReachesItsAccuracyOnUnseenRuns) {
  const std::vector<EndToEndSample> samples = Runs(400, 1);
  const auto trained = TrainEndToEnd(Names(), samples, {.kind = GetParam()});
  ASSERT_TRUE(trained.ok()) << trained.status();
  EXPECT_EQ(trained->report.test_runs, 60U);
  EXPECT_EQ(trained->report.calibration_runs, 60U);
  EXPECT_GT(trained->report.test_accuracy, 0.88);
  EXPECT_GT(EndToEndAccuracy(trained->model, Runs(400, 2)), 0.88);
}

INSTANTIATE_TEST_SUITE_P(Kinds, EndToEndTrainerKindTest,
                         ::testing::Values(EndToEndKind::kCorrected,
                                           EndToEndKind::kCorrectedWithoutAttention,
                                           EndToEndKind::kComposition));

// With a tenth of the runs that the paper has, its own network is further off.
TEST(EndToEndTrainerTest, TrainsThePapersNetwork) {
  const auto trained = TrainEndToEnd(Names(), Runs(1600, 1), {.kind = EndToEndKind::kPaper});
  ASSERT_TRUE(trained.ok()) << trained.status();
  EXPECT_GT(trained->report.test_accuracy, 0.80);
}

TEST(EndToEndTrainerTest, GivesTheSameBytesTwice) {
  EndToEndTrainingOptions options;
  options.samples_read = 5000;
  const std::vector<EndToEndSample> samples = Runs(60, 1);
  EXPECT_EQ(TrainEndToEnd(Names(), samples, options)->model.ToJson(),
            TrainEndToEnd(Names(), samples, options)->model.ToJson());
}

TEST(EndToEndTrainerTest, KeepsTheSamplesOfARunTogether) {
  // 40 runs of 10 equal samples each: 6 runs are tested and 6 calibrate, so 60 ratios of 6 values.
  std::vector<EndToEndSample> samples;
  for (const EndToEndSample& run : Runs(40, 1)) samples.insert(samples.end(), 10, run);
  const auto trained = TrainEndToEnd(Names(), samples, {.kind = EndToEndKind::kComposition});
  ASSERT_TRUE(trained.ok()) << trained.status();
  const std::vector<double>& ratios = trained->model.error_ratios;
  ASSERT_EQ(ratios.size(), 60U);
  for (std::size_t i = 0; i < ratios.size(); ++i) EXPECT_EQ(ratios[i], ratios[i / 10 * 10]);
}

// 400 runs calibrate with 60: the measured tail stays below the 90 % bound in 90 % of 2,000 new
// runs. The bound's coverage has a beta distribution of deviation sqrt(0.9 x 0.1 / 61) = 0.038,
// the count one of sqrt(0.9 x 0.1 / 2000) = 0.007: four of both together are 0.16.
TEST(EndToEndTrainerTest, CalibratesItsErrorQuantile) {
  const auto trained = TrainEndToEnd(Names(), Runs(400, 1), {});
  ASSERT_TRUE(trained.ok());
  const EndToEndPredictor predictor = *EndToEndPredictor::Create(trained->model);
  const double factor = predictor.ErrorQuantile(Quantile(0.9));
  const std::vector<EndToEndSample> fresh = Runs(2000, 3);
  int below = 0;
  for (const EndToEndSample& run : fresh) {
    below += run.tail <= predictor.Predict(run.own_latency) * factor ? 1 : 0;
  }
  EXPECT_NEAR(below / 2000.0, 0.9, 0.16);
}

TEST(CompositionFitTest, FindsTheSharesOfAnExactSum) {
  RandomStream random(4, "sums");
  std::vector<EndToEndSample> samples;
  for (int run = 0; run < 200; ++run) {
    EndToEndSample sample{.run = run, .own_latency = {}, .tail = {}};
    double tail = 3;
    for (const double share : {1.0, 0.5, 0.25}) {
      const double mean = 1 + 9 * random.Uniform();
      sample.own_latency.push_back({Latency(mean), Latency(mean)});
      tail += share * mean;
    }
    sample.tail = Latency(tail);
    samples.push_back(sample);
  }
  std::vector<const EndToEndSample*> all;
  for (const EndToEndSample& sample : samples) all.push_back(&sample);
  const Composition fit = FitComposition(all, std::vector<double>(all.size(), 1.0), 0.1);
  // No noise: what is left is how far 600 steps come.
  EXPECT_NEAR(fit.shares[0], 1.0, 0.02);
  EXPECT_NEAR(fit.shares[1], 0.5, 0.02);
  EXPECT_NEAR(fit.shares[2], 0.25, 0.02);
  EXPECT_NEAR(fit.constant, 3, 0.2);
}

TEST(EndToEndTrainerTest, RefusesBadSamplesByTheirIndex) {
  std::vector<EndToEndSample> samples = Runs(30, 1);
  samples[7].own_latency[2].max = Latency(std::nan(""));
  EXPECT_THAT(std::string(TrainEndToEnd(Names(), samples, {}).status().message()),
              HasSubstr("sample 7 largest own latency is nan, expected 0 to 1e9 ms"));
  samples = Runs(30, 1);
  samples[3].own_latency.pop_back();
  EXPECT_THAT(std::string(TrainEndToEnd(Names(), samples, {}).status().message()),
              HasSubstr("sample 3 has 11 own latencies, expected 12"));
  EXPECT_THAT(std::string(TrainEndToEnd(Names(), Runs(19, 1), {}).status().message()),
              HasSubstr("there are 19 end-to-end runs, at least 20 are needed"));
}

TEST(EndToEndTrainerTest, ListsEveryBadOption) {
  EndToEndTrainingOptions options;
  options.hidden = 0;
  options.test_share = 0.9;
  options.peak_rate = std::nan("");
  const std::string message(options.Validate().message());
  EXPECT_THAT(message, HasSubstr("hidden is 0, expected 1 to 256"));
  EXPECT_THAT(message, HasSubstr("test_share is 0.9, expected 0 to 0.5"));
  EXPECT_THAT(message, HasSubstr("peak_rate is nan"));
}

}  // namespace
}  // namespace trimtab
