#include "trimtab/latency/neural_latency_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

#include "trimtab/application/interference.h"
#include "trimtab/latency/accuracy.h"
#include "trimtab/latency/latency_sample.h"
#include "trimtab/latency/slope_signs.h"
#include "trimtab/latency/testing/synthetic_microservice.h"
#include "trimtab/quantity/quantity.h"
#include "trimtab/quantity/time.h"

namespace trimtab {
namespace {

using ::testing::HasSubstr;
using testing::SyntheticMicroservice;
using testing::TrainingCount;

// A quarter of the default training, for a fast test.
NeuralLatencyOptions Quick() {
  NeuralLatencyOptions options;
  options.samples_read = 150'000;
  return options;
}

struct Trained {
  explicit Trained(std::uint64_t seed, const NeuralLatencyOptions& options = Quick())
      : truth(seed),
        samples(truth.Grid(1)),
        training(std::span(samples).first(TrainingCount(samples.size()))),
        test(std::span(samples).subspan(training.size())),
        model(NeuralLatencyModel::Fit(training, options).value()) {}
  SyntheticMicroservice truth;
  std::vector<LatencySample> samples;
  std::span<const LatencySample> training;
  std::span<const LatencySample> test;
  NeuralLatencyModel model;
};

// The accuracy of the formula behind the samples: what noise leaves possible.
double OracleAccuracy(const Trained& trained) {
  double error = 0;
  for (const LatencySample& sample : trained.test) {
    error += std::abs(trained.truth.Tail(sample.features) / sample.tail - 1);
  }
  return 100 * (1 - error / static_cast<double>(trained.test.size()));
}

TEST(NeuralLatencyModelTest, ComesCloseToTheNoiseFloor) {
  for (const std::uint64_t seed : {1u, 2u, 3u}) {
    const Trained trained(seed);
    const double accuracy = Accuracy(trained.model, trained.test);
    EXPECT_GT(accuracy, 93) << seed;
    // The mean of 2,400 absolute errors of deviation about 6 % has a standard error of 0.12 %.
    EXPECT_GT(accuracy, OracleAccuracy(trained) - 1) << seed;
  }
}

TEST(NeuralLatencyModelTest, AnswersWithoutInterference) {
  const Trained trained(1);
  for (const InterferenceMask& mask : StandardMasks()) {
    EXPECT_GT(Accuracy(trained.model, trained.test, mask), 75) << mask.name;
  }
}

TEST(NeuralLatencyModelTest, SlopesMatchTheFormula) {
  const Trained trained(2);
  std::vector<double> errors_cpu;
  std::vector<double> errors_load;
  for (const LatencySample& sample : trained.test) {
    const LatencyGradient truth = trained.truth.Gradient(sample.features);
    const LatencyGradient learned = trained.model.PredictWithGradient(sample.features).gradient;
    errors_cpu.push_back(std::abs(learned.by_cpu / truth.by_cpu - 1));
    errors_load.push_back(std::abs(learned.by_load / truth.by_load - 1));
  }
  for (auto* errors : {&errors_cpu, &errors_load}) {
    std::ranges::sort(*errors);
    EXPECT_LT((*errors)[errors->size() / 2], 0.10);
  }
}

TEST(NeuralLatencyModelTest, SlopesHaveTheRightSignEverywhere) {
  const Trained trained(3);
  const SlopeSigns right = RightSlopeSigns(trained.model, trained.samples);
  EXPECT_NEAR(right.cpu, 1, 1e-9);
  EXPECT_NEAR(right.memory, 1, 1e-9);
  EXPECT_NEAR(right.load, 1, 1e-9);
}

TEST(NeuralLatencyModelTest, MayBeLeftFree) {
  // Latency that falls with load, as an idle machine's does: only a free model can follow.
  std::vector<LatencySample> samples(400);
  for (std::size_t i = 0; i < samples.size(); ++i) {
    samples[i].features.container = {Millicores(200), Mebibytes(100)};
    samples[i].features.container_load = RequestsPerSecond(static_cast<double>(i));
    samples[i].tail = Latency(10 - 0.02 * static_cast<double>(i));
  }
  NeuralLatencyOptions free = Quick();
  free.monotone = false;
  EXPECT_GT(Accuracy(NeuralLatencyModel::Fit(samples, free).value(), samples), 97);
  EXPECT_LT(Accuracy(NeuralLatencyModel::Fit(samples, Quick()).value(), samples), 80);
}

TEST(NeuralLatencyModelTest, SlopesEqualCentralDifferencesInNaturalUnits) {
  const Trained trained(1);
  for (std::size_t i = 0; i < 50; ++i) {
    const LatencyFeatures features = trained.test[i].features;
    const LatencyPrediction at = trained.model.PredictWithGradient(features);
    EXPECT_EQ(at.tail, trained.model.Predict(features));
    const auto difference = [&](auto change, double step) {
      LatencyFeatures up = features;
      LatencyFeatures down = features;
      change(up, step);
      change(down, -step);
      return (trained.model.Predict(up) - trained.model.Predict(down)).count() / (2 * step);
    };
    // Steps of about 1 % of the range. The network answers in single precision: 1e-7 of the tail
    // over a step is the noise of a difference, and curvature adds below 2 %.
    const auto expect_near = [&](double slope, double numeric, double step) {
      EXPECT_NEAR(slope, numeric, 0.02 * std::abs(numeric) + 1e-5 * at.tail.count() / step);
    };
    expect_near(at.gradient.by_cpu,
                difference(
                    [](LatencyFeatures& f, double cores) {
                      f.container.cpu += Millicores(static_cast<std::int64_t>(1000 * cores));
                    },
                    0.005),
                0.005);
    expect_near(at.gradient.by_memory,
                difference(
                    [](LatencyFeatures& f, double mib) {
                      f.container.memory += Mebibytes(static_cast<std::int64_t>(mib));
                    },
                    4),
                4);
    const double step = 0.002 * trained.model.ranges().container_load.high;
    expect_near(at.gradient.by_load,
                difference([](LatencyFeatures& f,
                              double load) { f.container_load += RequestsPerSecond(load); },
                           step),
                step);
  }
}

TEST(NeuralLatencyModelTest, TheSameSeedGivesTheSameBytes) {
  const SyntheticMicroservice truth(1);
  const auto samples = truth.Grid(1);
  const std::span few = std::span(samples).first(500);
  NeuralLatencyOptions options = Quick();
  options.samples_read = 5000;
  const auto first = NeuralLatencyModel::Fit(few, options).value();
  EXPECT_EQ(first.ToJson(), NeuralLatencyModel::Fit(few, options).value().ToJson());
  options.seed = 2;
  EXPECT_NE(first.ToJson(), NeuralLatencyModel::Fit(few, options).value().ToJson());
}

TEST(NeuralLatencyModelTest, LearnsFromSamplesThatAreAllAlike) {
  std::vector<LatencySample> samples(100);
  for (LatencySample& sample : samples) {
    sample.features.container = {Millicores(200), Mebibytes(100)};
    sample.features.container_load = RequestsPerSecond(10);
    sample.tail = Latency(7);
  }
  const auto model = NeuralLatencyModel::Fit(samples, Quick()).value();
  EXPECT_NEAR(model.Predict(samples[0].features).count(), 7, 0.01);
}

TEST(NeuralLatencyModelTest, TrustsPreciseLabelsMore) {
  // Two labels of one setting disagree; the precise one weighs (0.05^2 + 1^2) / (0.05^2 + 0.01^2)
  // = 386 times the other, so the answer lies beside it.
  std::vector<LatencySample> samples(200);
  for (std::size_t i = 0; i < samples.size(); ++i) {
    samples[i].features.container = {Millicores(200), Mebibytes(100)};
    samples[i].features.container_load = RequestsPerSecond(10);
    samples[i].tail = Latency(i % 2 == 0 ? 10.0 : 20.0);
    samples[i].relative_standard_error = i % 2 == 0 ? 0.01 : 1.0;
  }
  const auto model = NeuralLatencyModel::Fit(samples, Quick()).value();
  EXPECT_NEAR(model.Predict(samples[0].features).count(), 10, 0.5);
}

TEST(NeuralLatencyModelTest, RefusesBadSamplesByIndex) {
  std::vector<LatencySample> samples(3);
  for (LatencySample& sample : samples) {
    sample.features.container = {Millicores(200), Mebibytes(100)};
    sample.tail = Latency(1);
  }
  samples[2].tail = Latency(0);
  EXPECT_THAT(NeuralLatencyModel::Fit(samples, {}).status().message(),
              HasSubstr("latency sample 2 tail is 0, expected 1e-9 to 1e9 ms"));
  samples[2].tail = Latency(1);
  samples[1].relative_standard_error = std::nan("");
  EXPECT_THAT(NeuralLatencyModel::Fit(samples, {}).status().message(),
              HasSubstr("latency sample 1 relative standard error is nan"));
  EXPECT_THAT(NeuralLatencyModel::Fit({}, {}).status().message(), HasSubstr("no latency samples"));
}

TEST(NeuralLatencyModelTest, RefusesBadOptionsByName) {
  const std::vector<LatencySample> none;
  NeuralLatencyOptions options;
  options.samples_read = 0;
  options.mask_probability = 2;
  const auto status = NeuralLatencyModel::Fit(none, options).status();
  EXPECT_THAT(status.message(), HasSubstr("samples read is 0, expected at least 1"));
  EXPECT_THAT(status.message(), HasSubstr("mask probability is 2, expected 0 to 1"));
}

}  // namespace
}  // namespace trimtab
