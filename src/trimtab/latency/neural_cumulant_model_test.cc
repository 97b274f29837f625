#include "trimtab/latency/neural_cumulant_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "trimtab/latency/accuracy.h"
#include "trimtab/latency/cumulant_accuracy.h"
#include "trimtab/latency/cumulant_curve.h"
#include "trimtab/latency/testing/synthetic_microservice.h"
#include "trimtab/neural/testing/reference_mlp.h"

namespace trimtab {
namespace {

using ::testing::HasSubstr;

// The synthetic microservice with an exponential above 1 ms whose P95 is its tail: a mean m and
// cumulants m + 1 ms, m^2, 2 m^3, with the noise of the tail.
std::vector<LatencySample> ExponentialSamples(std::size_t count) {
  std::vector<LatencySample> samples = testing::SyntheticMicroservice(1).Grid(1);
  samples.resize(count);
  for (LatencySample& sample : samples) {
    const double mean = InSeconds(sample.tail) / std::log(20);
    sample.cumulants = {
        .value = {.mean = 1e-3 + mean, .variance = mean * mean, .third = 2 * mean * mean * mean},
        .relative_standard_error = {.mean = 0.05, .variance = 0.1, .third = 0.15}};
  }
  return samples;
}

NeuralLatencyOptions Quick() {
  NeuralLatencyOptions options;
  options.samples_read = 100'000;
  options.simd = SimdLevel::kPortable;
  return options;
}

const NeuralCumulantModel& Trained() {
  static const auto* model = [] {
    const std::vector<LatencySample> samples = ExponentialSamples(3400);
    return new NeuralCumulantModel(NeuralCumulantModel::Fit(samples, Quick()).value());
  }();
  return *model;
}

std::vector<LatencySample> TestSamples() {
  const auto samples = ExponentialSamples(4000);
  return {samples.begin() + 3400, samples.end()};
}

// Mean 3 ms, deviation 2 ms, third cumulant 64 ms^3: the cube of 4 ms.
TEST(CumulantTimesTest, AreTheRootsWithTheirShareOfTheError) {
  LatencySample sample;
  sample.tail = Latency(9);
  sample.pool_full_share = 0.5;
  sample.cumulants = {.value = {.mean = 3e-3, .variance = 4e-6, .third = 64e-9},
                      .relative_standard_error = {.mean = 0.02, .variance = 0.06, .third = 0.15}};
  const CumulantTimes times = TimesOf(sample);
  EXPECT_NEAR(times.mean.tail.count(), 3, 1e-12);
  EXPECT_NEAR(times.deviation.tail.count(), 2, 1e-12);
  EXPECT_NEAR(times.third_root.tail.count(), 4, 1e-12);
  EXPECT_DOUBLE_EQ(times.mean.relative_standard_error, 0.02);
  EXPECT_DOUBLE_EQ(times.deviation.relative_standard_error, 0.03);
  EXPECT_DOUBLE_EQ(times.third_root.relative_standard_error, 0.05);
  EXPECT_EQ(times.third_root.pool_full_share, 0.5);
}

// A left skew counts as a thousandth of deviation^3, 8e-3 ms^3, whose root is 0.2 ms; an error of
// half of 1 ms^3 is 62.5 of it, a third of that of its root.
TEST(CumulantTimesTest, ALeftSkewIsBoundedAndItsErrorKept) {
  LatencySample sample;
  sample.cumulants = {.value = {.mean = 3e-3, .variance = 4e-6, .third = -1e-9},
                      .relative_standard_error = {.mean = 0.02, .variance = 0.06, .third = 0.5}};
  const CumulantTimes times = TimesOf(sample);
  EXPECT_NEAR(times.third_root.tail.count(), 0.2, 1e-12);
  EXPECT_NEAR(times.third_root.relative_standard_error, 62.5 / 3, 1e-9);
}

// All latencies 3 ms: a deviation of a thousandth of it, known exactly.
TEST(CumulantTimesTest, AConstantHasALogarithm) {
  LatencySample sample;
  sample.cumulants = {.value = {.mean = 3e-3, .variance = 0, .third = 0},
                      .relative_standard_error = {.mean = 0, .variance = 0, .third = 0}};
  const CumulantTimes times = TimesOf(sample);
  EXPECT_NEAR(times.deviation.tail.count(), 3e-3, 1e-15);
  EXPECT_NEAR(times.third_root.tail.count(), 3e-4, 1e-15);
  EXPECT_EQ(times.third_root.relative_standard_error, 0);
}

TEST(NeuralCumulantModelTest, LearnsEachCumulant) {
  const auto test = TestSamples();
  const CumulantAccuracy accuracy = AccuracyOfCumulants(Trained(), test);
  // The noise of a label, 4 to 8 % with 1 % outliers, is a mean absolute error of about 5 %; of a
  // cube three times that.
  EXPECT_GT(accuracy.mean.accuracy, 92);
  EXPECT_GT(accuracy.deviation.accuracy, 92);
  EXPECT_GT(accuracy.third_root.accuracy, 92);
  EXPECT_GT(accuracy.third.accuracy, 76);
  EXPECT_EQ(accuracy.third.samples, static_cast<std::int64_t>(test.size()));
  // What the cumulants imply is near what they were made of: Wilson and Hilferty are within 1.5 %.
  double error = 0;
  for (const LatencySample& sample : test) {
    const double tail = QuantileOf(Trained().Predict(sample.features), 0.95);
    error += std::abs(tail / (1e-3 + InSeconds(sample.tail)) - 1);
  }
  EXPECT_LT(error / static_cast<double>(test.size()), 0.09);
}

TEST(NeuralCumulantModelTest, AnswersWithoutInterference) {
  for (const InterferenceMask& mask : StandardMasks()) {
    EXPECT_GT(AccuracyOfCumulants(Trained(), TestSamples(), mask).mean.accuracy, 75) << mask.name;
  }
}

TEST(NeuralCumulantModelTest, CumulantsFallAlongCpuAndMemoryAndRiseAlongLoad) {
  for (const LatencySample& sample : TestSamples()) {
    const CumulantPrediction at = Trained().PredictWithGradient(sample.features);
    for (double Cumulants::* member : {&Cumulants::mean, &Cumulants::variance, &Cumulants::third}) {
      EXPECT_GT(at.value.*member, 0);
      EXPECT_LE(at.by_cpu.*member, 0);
      EXPECT_LE(at.by_memory.*member, 0);
      EXPECT_GE(at.by_load.*member, 0);
    }
    EXPECT_EQ(at.value, Trained().Predict(sample.features));
  }
}

// One of the networks in double precision, at inputs between those that features can have.
class Reference {
 public:
  explicit Reference(const NeuralLatencyModel& model, int exponent)
      : scaling_(model.scaling()), mlp_(model.shape(), model.weights()), exponent_(exponent) {}

  double At(std::array<double, LatencyScaling::kInputs> inputs, std::size_t input, double step) {
    inputs[input] += step * scaling_.inverse_length[input];
    const double seconds =
        1e-3 * std::exp(mlp_.Value(inputs) * scaling_.log_deviation + scaling_.log_mean);
    return std::pow(seconds, exponent_);
  }
  std::array<double, LatencyScaling::kInputs> InputsOf(const LatencyFeatures& features) const {
    std::array<float, LatencyScaling::kInputs> rounded{};
    scaling_.WriteInputs(features, rounded.data());
    std::array<double, LatencyScaling::kInputs> inputs{};
    for (std::size_t i = 0; i < inputs.size(); ++i) inputs[i] = static_cast<double>(rounded[i]);
    return inputs;
  }

 private:
  LatencyScaling scaling_;
  testing::ReferenceMlp mlp_;
  int exponent_;
};

// Steps of 1e-5 of a range: a central difference in double precision is then right to about 1e-9.
TEST(NeuralCumulantModelTest, SlopesEqualCentralDifferences) {
  const NeuralCumulantModel& model = Trained();
  const std::array<Reference, 3> references = {Reference(model.mean(), 1),
                                               Reference(model.deviation(), 2),
                                               Reference(model.third_root(), 3)};
  const std::array<double Cumulants::*, 3> members = {&Cumulants::mean, &Cumulants::variance,
                                                      &Cumulants::third};
  const std::vector<LatencySample> test = TestSamples();
  for (const LatencySample& sample : std::span(test).first(200)) {
    const CumulantPrediction at = model.PredictWithGradient(sample.features);
    const std::array<const Cumulants*, 3> slopes = {&at.by_cpu, &at.by_memory, &at.by_load};
    for (std::size_t c = 0; c < members.size(); ++c) {
      Reference reference = references[c];
      const auto inputs = reference.InputsOf(sample.features);
      for (std::size_t input = 0; input < slopes.size(); ++input) {
        const double range = 1 / model.mean().scaling().inverse_length[input];
        const double step = 1e-5 * range;
        const double difference =
            (reference.At(inputs, input, step) - reference.At(inputs, input, -step)) / (2 * step);
        // Relative to the slope, and where that is next to nothing to the value over the range.
        EXPECT_NEAR(slopes[input]->*members[c], difference,
                    1e-5 * (std::abs(difference) + at.value.*members[c] / range))
            << "cumulant " << c << " by " << input;
      }
    }
  }
}

TEST(NeuralCumulantModelTest, TheSameSeedGivesTheSameBytes) {
  const auto samples = ExponentialSamples(400);
  NeuralLatencyOptions options = Quick();
  options.samples_read = 4000;
  const std::string once = NeuralCumulantModel::Fit(samples, options)->ToJson();
  EXPECT_EQ(NeuralCumulantModel::Fit(samples, options)->ToJson(), once);
  options.seed = 2;
  EXPECT_NE(NeuralCumulantModel::Fit(samples, options)->ToJson(), once);
}

TEST(NeuralCumulantModelTest, RefusesSamplesWithoutCumulantsByIndex) {
  auto samples = ExponentialSamples(3);
  samples[1].cumulants = {};
  EXPECT_THAT(std::string(NeuralCumulantModel::Fit(samples, Quick()).status().message()),
              HasSubstr("latency sample 1 has mean 0 s, variance 0 s2 and third cumulant 0 s3"));
  samples[1] = samples[0];
  samples[2].cumulants.value.third = std::numeric_limits<double>::quiet_NaN();
  EXPECT_TRUE(absl::IsInvalidArgument(NeuralCumulantModel::Fit(samples, Quick()).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(NeuralCumulantModel::Fit({}, Quick()).status()));
}

TEST(NeuralCumulantModelTest, ReadsBackTheSameModel) {
  const std::string text = Trained().ToJson();
  const auto copy = NeuralCumulantModel::FromJson(text, SimdLevel::kPortable);
  ASSERT_TRUE(copy.ok()) << copy.status();
  EXPECT_EQ(copy->ToJson(), text);
  const LatencyFeatures features = TestSamples()[0].features;
  EXPECT_EQ(copy->Predict(features), Trained().Predict(features));
}

TEST(NeuralCumulantModelTest, NamesTheMemberThatIsWrong) {
  const std::string good = Trained().ToJson();
  const auto message = [](const std::string& text) {
    return std::string(
        NeuralCumulantModel::FromJson(text, SimdLevel::kPortable).status().message());
  };
  const auto with = [&good](std::string_view from, std::string_view to) {
    std::string text = good;
    return text.replace(text.find(from), from.size(), to);
  };
  EXPECT_EQ(message("{"), "neural cumulant model is not a JSON object");
  EXPECT_EQ(message("[]"), "neural cumulant model is not a JSON object");
  EXPECT_EQ(message("{}"), "neural cumulant model member 'mean' is missing");
  EXPECT_EQ(message(with("\"deviation\"", "\"spread\"")),
            "neural cumulant model has an unknown member 'spread'");
  EXPECT_THAT(message(with("\"format\":1", "\"format\":2")),
              HasSubstr("member 'mean' is wrong: neural latency model member 'format' is 2"));
  EXPECT_EQ(message(with("\"cpuCores\":[0.", "\"cpuCores\":[0.0")),
            "neural cumulant model member 'deviation' has other ranges than 'mean'");
}

}  // namespace
}  // namespace trimtab
