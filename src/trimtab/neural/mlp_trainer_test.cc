#include "trimtab/neural/mlp_trainer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "trimtab/neural/mlp.h"
#include "trimtab/neural/mlp_shape.h"
#include "trimtab/neural/mlp_step.h"
#include "trimtab/neural/parallel_for.h"
#include "trimtab/neural/simd_level.h"
#include "trimtab/neural/testing/instruction_sets.h"
#include "trimtab/neural/testing/reference_mlp.h"
#include "trimtab/probability/random_stream.h"

namespace trimtab {
namespace {

using ::testing::HasSubstr;
using testing::ReferenceMlp;

// y = sin(3 a) + b^2 on the unit square; input 2 says whether b is known.
MlpSamples Waves(std::size_t rows, std::uint64_t seed) {
  MlpSamples samples(3, rows);
  RandomStream random(seed, "waves");
  for (std::size_t i = 0; i < rows; ++i) {
    const double a = random.Uniform();
    const double b = random.Uniform();
    samples.row(i)[0] = static_cast<float>(a);
    samples.row(i)[1] = static_cast<float>(b);
    samples.row(i)[2] = 1;
    samples.target(i) = static_cast<float>(std::sin(3 * a) + b * b);
  }
  return samples;
}

double MeanAbsoluteError(const Mlp& mlp, const MlpSamples& samples) {
  std::vector<float> values(samples.rows());
  EvaluateMlp(mlp.shape(), mlp.weights().data(), samples.table(), samples.rows(), values.data(),
              SimdLevel::kPortable);
  double sum = 0;
  for (std::size_t i = 0; i < values.size(); ++i) sum += std::abs(values[i] - samples.target(i));
  return sum / static_cast<double>(values.size());
}

std::vector<float> Bytes(const Mlp& mlp) { return {mlp.weights().begin(), mlp.weights().end()}; }

// Adam in double precision, one step, from the gradient of the weighted Huber loss.
class ReferenceAdam {
 public:
  explicit ReferenceAdam(std::size_t parameters) : m_(parameters), v_(parameters) {}

  void Step(ReferenceMlp& mlp, const MlpSamples& samples, double huber, const AdamStep& adam) {
    std::vector<double> gradient(m_.size());
    for (std::size_t i = 0; i < samples.rows(); ++i) {
      const float* row = samples.table() + i * samples.stride();
      const std::vector<double> x(row, row + samples.inputs());
      const double residual = std::clamp(mlp.Value(x) - samples.target(i), -huber, huber);
      mlp.Gradient(x, residual * samples.weight(i), &gradient);
    }
    for (std::size_t k = 0; k < gradient.size(); ++k) {
      m_[k] += (1 - adam.first_decay) * (gradient[k] - m_[k]);
      v_[k] += (1 - adam.second_decay) * (gradient[k] * gradient[k] - v_[k]);
      const double scale = v_[k] * adam.second_scale + adam.epsilon * adam.epsilon;
      mlp.weights()[k] -= adam.rate * m_[k] / std::sqrt(scale);
    }
  }

 private:
  std::vector<double> m_;
  std::vector<double> v_;
};

TEST(TrainMlpStepTest, FollowsAdamInDoublePrecision) {
  for (const MlpShape shape : {MlpShape{.inputs = 3, .hidden = 32, .layers = 4},
                               MlpShape{.inputs = 3, .hidden = 9, .layers = 2},
                               MlpShape{.inputs = 3, .hidden = 64, .layers = 6}}) {
    MlpSamples samples = Waves(32, 1);
    for (std::size_t i = 0; i < samples.rows(); ++i) {
      samples.weight(i) = static_cast<float>(1 + i % 3) / 64;
    }
    RandomStream random(2, "weights");
    const Mlp start = Mlp::CreateRandom(shape, {}, random).value();
    ReferenceMlp reference(shape, start.weights());
    ReferenceAdam adam(shape.parameter_count());
    MlpTrainingState state(shape, 32, {});
    std::copy(start.weights().begin(), start.weights().end(), state.weights());
    state.WeightsChanged();
    const std::vector<float> targets = [&] {
      std::vector<float> all;
      for (std::size_t i = 0; i < samples.rows(); ++i) all.push_back(samples.target(i));
      return all;
    }();
    std::vector<float> weights(32);
    for (std::size_t i = 0; i < 32; ++i) weights[i] = samples.weight(i);
    // A large epsilon keeps a step proportional to its gradient; with a small one the first steps
    // are plain signs, and a wrong gradient of the right sign would pass.
    for (int t = 0; t < 5; ++t) {
      const AdamStep step{.rate = 0.5f, .second_scale = 20.0f, .epsilon = 1.0f};
      // A residual bound of 0.3 clamps some rows and not others.
      TrainMlpStep(state, {samples.table(), targets.data(), weights.data(), 32}, 0.3f, step,
                   SimdLevel::kPortable);
      adam.Step(reference, samples, 0.3, step);
    }
    double moved = 0;
    for (std::size_t k = 0; k < shape.parameter_count(); ++k) {
      EXPECT_NEAR(state.weights()[k], reference.weights()[k], 2e-5) << k;
      moved = std::max<double>(moved, std::abs(state.weights()[k] - start.weights()[k]));
    }
    EXPECT_GT(moved, 0.005);
  }
}

TEST(TrainMlpTest, LearnsASmoothFunction) {
  const Mlp mlp = TrainMlp(Waves(4000, 1), {.inputs = 3}, {.epochs = 12}).value();
  // The target's mean absolute deviation is about 0.3; 0.01 is a thirtieth of it.
  EXPECT_LT(MeanAbsoluteError(mlp, Waves(1000, 2)), 0.01);
}

TEST(TrainMlpTest, KeepsPaddingAtZero) {
  const MlpShape shape{.inputs = 3, .hidden = 20, .layers = 3};
  const Mlp mlp = TrainMlp(Waves(500, 1), shape, {.epochs = 3}).value();
  for (int layer = 0; layer < shape.hidden_layers(); ++layer) {
    for (int i = 0; i < shape.padded_fan_in(layer); ++i) {
      for (int j = 0; j < shape.padded_hidden(); ++j) {
        const bool real = j < shape.hidden && i < (layer == 0 ? shape.inputs : shape.hidden);
        const float weight = mlp.weights()[shape.weights_offset(layer) +
                                           static_cast<std::size_t>(i * shape.padded_hidden() + j)];
        EXPECT_EQ(weight != 0, real) << "layer " << layer << " from " << i << " to " << j;
      }
    }
  }
}

TEST(TrainMlpTest, GivesTheSameBytesOnEveryInstructionSet) {
  const MlpSamples samples = Waves(300, 1);  // a last batch of 12 rows
  const MlpShape shape{.inputs = 3};
  std::vector<float> portable;
  std::vector<float> fused;
  testing::ForEachInstructionSet([&](std::int64_t mask) {
    for (const SimdLevel level : {SimdLevel::kPortable, SimdLevel::kNative}) {
      const Mlp mlp = TrainMlp(samples, shape, {.epochs = 2, .simd = level}).value();
      const bool is_fused = level == SimdLevel::kNative && testing::HasFusedMultiplyAdd(mask);
      std::vector<float>& expected = is_fused ? fused : portable;
      if (expected.empty()) expected = Bytes(mlp);
      EXPECT_EQ(Bytes(mlp), expected) << "instruction set " << mask;
    }
  });
}

TEST(TrainMlpTest, DoesNotDependOnTheNumberOfThreads) {
  const MlpSamples samples = Waves(400, 1);
  const auto train = [&](int threads) {
    std::vector<std::vector<float>> models(5);
    ParallelFor(models.size(), threads, [&](std::size_t i) {
      models[i] = Bytes(TrainMlp(samples, {.inputs = 3}, {.epochs = 2, .seed = 10 + i}).value());
    });
    return models;
  };
  const auto alone = train(1);
  EXPECT_EQ(train(3), alone);
  EXPECT_NE(alone[0], alone[1]);
}

TEST(TrainMlpTest, IgnoresSamplesOfWeightZero) {
  MlpSamples samples = Waves(8000, 1);
  for (std::size_t i = 0; i < samples.rows(); i += 2) {
    samples.target(i) = 100;
    samples.weight(i) = 0;
  }
  const Mlp mlp = TrainMlp(samples, {.inputs = 3}, {.epochs = 12}).value();
  EXPECT_LT(MeanAbsoluteError(mlp, Waves(1000, 2)), 0.015);
}

TEST(TrainMlpTest, AveragesOverAnInputThatIsMasked) {
  const MlpTrainerOptions options{
      .epochs = 20, .huber = 10, .masked_inputs = {{1, 2}}, .mask_probability = 0.5};
  const Mlp mlp = TrainMlp(Waves(8000, 1), {.inputs = 3}, options).value();
  const auto value = [&mlp](float a, float b, float known) {
    return mlp.Value(std::vector<float>{a, b, known}, SimdLevel::kPortable);
  };
  for (const float a : {0.2f, 0.5f, 0.8f}) {
    // The mean of b^2 over (0, 1) is 1/3. Its deviation is 0.3, and about 4,000 samples a tenth of
    // the axis wide decide each point: standard error 0.3 / sqrt(800) = 0.011; four of them.
    EXPECT_NEAR(value(a, 0, 0), std::sin(3 * a) + 1.0 / 3, 0.044) << a;
    EXPECT_NEAR(value(a, 0.9f, 1), std::sin(3 * a) + 0.81, 0.044) << a;
  }
}

TEST(TrainMlpTest, StaysMonotoneAgainstItsSamples) {
  // sin(3 a) falls from a = 0.52 on; a network that may only rise goes flat there instead.
  const MlpTrainerOptions options{.epochs = 12, .monotone_inputs = {{0, 1}, {1, -1}}};
  const Mlp mlp = TrainMlp(Waves(4000, 1), {.inputs = 3}, options).value();
  const MlpSamples unseen = Waves(1000, 2);
  std::vector<float> values(unseen.rows());
  std::vector<float> slopes(unseen.rows() * kGradientInputs);
  EvaluateMlpGradient(mlp.shape(), mlp.weights().data(), unseen.table(), unseen.rows(), {0, 1, 2},
                      values.data(), slopes.data(), SimdLevel::kPortable);
  for (std::size_t row = 0; row < unseen.rows(); ++row) {
    EXPECT_GE(slopes[row * kGradientInputs], 0);
    EXPECT_LE(slopes[row * kGradientInputs + 1], 0);
  }
}

TEST(TrainMlpTest, LearnsAMonotoneFunctionAsWellAsAFreeNetwork) {
  MlpSamples samples(3, 4000);
  MlpSamples unseen(3, 1000);
  for (MlpSamples* table : {&samples, &unseen}) {
    RandomStream random(table->rows(), "monotone");
    for (std::size_t i = 0; i < table->rows(); ++i) {
      for (float& input : table->row(i)) input = static_cast<float>(random.Uniform());
      const auto x = table->row(i);
      // Bends up along input 0, saturates along input 1, waves along the free input 2.
      table->target(i) = std::exp(x[0]) + 1 / (0.3f + x[1]) + std::sin(5 * x[2]) * x[0];
    }
  }
  const MlpTrainerOptions free{.epochs = 12};
  MlpTrainerOptions constrained = free;
  constrained.monotone_inputs = {{1, -1}};
  // The target's mean absolute deviation is about 0.7: a twentieth of it.
  EXPECT_LT(MeanAbsoluteError(TrainMlp(samples, {.inputs = 3}, free).value(), unseen), 0.035);
  EXPECT_LT(MeanAbsoluteError(TrainMlp(samples, {.inputs = 3}, constrained).value(), unseen),
            0.035);
}

TEST(TrainMlpTest, RefusesBadOptionsByName) {
  const auto status = TrainMlp(Waves(8, 1), {.inputs = 3},
                               {.epochs = 0,
                                .batch_rows = 12,
                                .huber = -1,
                                .masked_inputs = {{1, 3}},
                                .mask_probability = 1.5,
                                .monotone_inputs = {{-1, 2}}})
                          .status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(status.message(), HasSubstr("epochs is 0, expected at least 1"));
  EXPECT_THAT(status.message(), HasSubstr("batch rows is 12, expected a multiple of 8"));
  EXPECT_THAT(status.message(), HasSubstr("Huber residual is -1"));
  EXPECT_THAT(status.message(), HasSubstr("mask probability is 1.5"));
  EXPECT_THAT(status.message(), HasSubstr("masked input is 3"));
  EXPECT_THAT(status.message(), HasSubstr("monotone input is -1"));
  EXPECT_THAT(status.message(), HasSubstr("monotone direction is 2, expected 1 or -1"));
}

TEST(TrainMlpTest, RefusesBadSamplesByIndex) {
  MlpSamples samples = Waves(8, 1);
  samples.row(5)[1] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THAT(TrainMlp(samples, {.inputs = 3}, {}).status().message(),
              HasSubstr("sample 5 input 1 is nan"));
  samples = Waves(8, 1);
  samples.weight(2) = -1;
  EXPECT_THAT(TrainMlp(samples, {.inputs = 3}, {}).status().message(),
              HasSubstr("sample 2 weight is -1"));
  EXPECT_THAT(TrainMlp(MlpSamples(3, 0), {.inputs = 3}, {}).status().message(),
              HasSubstr("no samples"));
  EXPECT_THAT(TrainMlp(Waves(8, 1), {.inputs = 4}, {}).status().message(),
              HasSubstr("samples have 3 inputs, expected 4"));
}

TEST(TrainMlpTest, ReportsDivergence) {
  MlpSamples samples = Waves(64, 1);
  for (std::size_t i = 0; i < samples.rows(); ++i) samples.row(i)[0] = 3e38f;
  EXPECT_EQ(TrainMlp(samples, {.inputs = 3}, {}).status().code(), absl::StatusCode::kInternal);
}

}  // namespace
}  // namespace trimtab
