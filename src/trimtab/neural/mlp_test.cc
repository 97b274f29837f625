#include "trimtab/neural/mlp.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "trimtab/neural/aligned_floats.h"
#include "trimtab/neural/mlp_shape.h"
#include "trimtab/neural/simd_level.h"
#include "trimtab/neural/testing/instruction_sets.h"
#include "trimtab/neural/testing/reference_mlp.h"
#include "trimtab/probability/random_stream.h"

namespace trimtab {
namespace {

using ::testing::HasSubstr;
using testing::ReferenceMlp;

constexpr SimdLevel kLevels[] = {SimdLevel::kPortable, SimdLevel::kNative};

struct Points {
  Points(const MlpShape& shape, std::size_t rows, std::uint64_t seed)
      : stride(static_cast<std::size_t>(shape.padded_inputs())), table(rows * stride) {
    RandomStream random(seed, "points");
    for (std::size_t row = 0; row < rows; ++row) {
      for (int k = 0; k < shape.inputs; ++k) {
        table.data()[row * stride + static_cast<std::size_t>(k)] =
            static_cast<float>(random.Uniform());
      }
    }
  }
  std::vector<double> Row(const MlpShape& shape, std::size_t row) const {
    const float* first = table.data() + row * stride;
    return {first, first + shape.inputs};
  }
  std::size_t stride;
  AlignedFloats table;
};

Mlp RandomMlp(const MlpShape& shape, std::uint64_t seed) {
  RandomStream random(seed, "weights");
  Mlp mlp = Mlp::CreateRandom(shape, {}, random).value();
  // Biases too, so that every parameter matters.
  for (int layer = 0; layer < shape.hidden_layers(); ++layer) {
    for (int j = 0; j < shape.hidden; ++j) {
      mlp.weights()[shape.bias_offset(layer) + static_cast<std::size_t>(j)] +=
          static_cast<float>(0.3 * random.Normal());
    }
  }
  mlp.weights()[shape.output_bias_offset()] = 0.25f;
  return mlp;
}

const std::vector<MlpShape>& Shapes() {
  static const auto& shapes = *new std::vector<MlpShape>{
      {.inputs = 1, .hidden = 1, .layers = 2},   {.inputs = 7, .hidden = 32, .layers = 4},
      {.inputs = 11, .hidden = 32, .layers = 4}, {.inputs = 11, .hidden = 5, .layers = 3},
      {.inputs = 3, .hidden = 64, .layers = 5},  {.inputs = 13, .hidden = 40, .layers = 6}};
  return shapes;
}

TEST(MlpShapeTest, NamesEveryValueOutOfBounds) {
  const auto status = MlpShape{.inputs = 0, .hidden = 1000, .layers = 7}.Validate();
  EXPECT_THAT(status.message(), HasSubstr("network inputs is 0, expected 1 to 64"));
  EXPECT_THAT(status.message(), HasSubstr("network hidden width is 1000, expected 1 to 256"));
  EXPECT_THAT(status.message(), HasSubstr("network layers is 7, expected 2 to 6"));
}

TEST(MlpShapeTest, LaysOutEveryMatrixOnAVectorBoundary) {
  // 7 inputs pad to 8, 5 hidden units to 32. First matrix 8 x 32 = 256 and bias 32, then
  // 32 x 32 = 1024 and bias 32, then the output's 32 weights and its bias in a block of 16.
  const MlpShape shape{.inputs = 7, .hidden = 5, .layers = 3};
  EXPECT_EQ(shape.bias_offset(0), 256u);
  EXPECT_EQ(shape.weights_offset(1), 288u);
  EXPECT_EQ(shape.bias_offset(1), 1312u);
  EXPECT_EQ(shape.output_weights_offset(), 1344u);
  EXPECT_EQ(shape.output_bias_offset(), 1376u);
  EXPECT_EQ(shape.parameter_count(), 1392u);
}

TEST(MlpShapeTest, CountsThePublishedArithmetic) {
  // 7-32-32-32-1: first matrix 224 weights x 4, the rest 2 x 1024 + 32 = 2080 weights x 6.
  EXPECT_DOUBLE_EQ((MlpShape{.inputs = 7}.TrainingFlopsPerSample()), 4 * 224 + 6 * 2080);
}

TEST(MlpTest, MatchesAHandWorkedValue) {
  // z = 2 * 1 - 1 = 1, h(1) = (1 + sqrt(1.25) - 0.5) / 2 = 0.8090169944, 3 * 0.8090169944 + 0.5.
  const MlpShape shape{.inputs = 1, .hidden = 1, .layers = 2};
  Mlp mlp = Mlp::Create(shape).value();
  mlp.weights()[shape.weights_offset(0)] = 2;
  mlp.weights()[shape.bias_offset(0)] = -1;
  mlp.weights()[shape.output_weights_offset()] = 3;
  mlp.weights()[shape.output_bias_offset()] = 0.5f;
  for (const SimdLevel level : kLevels) {
    EXPECT_NEAR(mlp.Value(std::array{1.0f}, level), 2.9270509831, 1e-6);
  }
}

TEST(MlpTest, AgreesWithDoublePrecisionForEveryShape) {
  for (const MlpShape& shape : Shapes()) {
    const Mlp mlp = RandomMlp(shape, 3);
    ReferenceMlp reference(shape, mlp.weights());
    constexpr std::size_t kRows = 19;  // passes of 12, 4 and 1 rows
    const Points points(shape, kRows, 4);
    for (const SimdLevel level : kLevels) {
      std::vector<float> values(kRows);
      EvaluateMlp(shape, mlp.weights().data(), points.table.data(), kRows, values.data(), level);
      for (std::size_t row = 0; row < kRows; ++row) {
        const double expected = reference.Value(points.Row(shape, row));
        EXPECT_NEAR(values[row], expected, 1e-5 * (1 + std::abs(expected)))
            << "hidden " << shape.hidden << " layers " << shape.layers << " row " << row;
      }
    }
  }
}

TEST(MlpTest, ReverseModeEqualsCentralDifferences) {
  for (const MlpShape& shape : Shapes()) {
    ReferenceMlp reference(shape, RandomMlp(shape, 5).weights());
    const std::vector<double> x = Points(shape, 1, 6).Row(shape, 0);
    const std::vector<double> gradient = reference.Gradient(x);
    for (std::size_t k = 0; k < x.size(); ++k) {
      // Step 1e-4: truncation ~1e-8, cancellation ~1e-12.
      std::vector<double> up = x;
      std::vector<double> down = x;
      up[k] += 1e-4;
      down[k] -= 1e-4;
      const double difference = (reference.Value(up) - reference.Value(down)) / 2e-4;
      EXPECT_NEAR(gradient[k], difference, 1e-5 * (1 + std::abs(difference)));
    }
  }
}

TEST(MlpTest, ForwardTangentsEqualReverseMode) {
  for (const MlpShape& shape : Shapes()) {
    const Mlp mlp = RandomMlp(shape, 7);
    ReferenceMlp reference(shape, mlp.weights());
    constexpr std::size_t kRows = 5;  // passes of 3 and 1 points
    const Points points(shape, kRows, 8);
    const GradientInputs wrt = {0, shape.inputs - 1, shape.inputs / 2};
    for (const SimdLevel level : kLevels) {
      std::vector<float> values(kRows);
      std::vector<float> gradients(kRows * kGradientInputs);
      EvaluateMlpGradient(shape, mlp.weights().data(), points.table.data(), kRows, wrt,
                          values.data(), gradients.data(), level);
      for (std::size_t row = 0; row < kRows; ++row) {
        const std::vector<double> x = points.Row(shape, row);
        EXPECT_NEAR(values[row], reference.Value(x), 1e-5 * (1 + std::abs(values[row])));
        const std::vector<double> expected = reference.Gradient(x);
        for (std::size_t k = 0; k < kGradientInputs; ++k) {
          const double slope = expected[static_cast<std::size_t>(wrt[k])];
          EXPECT_NEAR(gradients[row * kGradientInputs + k], slope, 1e-5 * (1 + std::abs(slope)));
        }
      }
    }
  }
}

TEST(MlpTest, ValueOfARowDoesNotDependOnItsNeighbours) {
  const MlpShape shape{.inputs = 11};
  const Mlp mlp = RandomMlp(shape, 9);
  const Points points(shape, 30, 10);
  for (const SimdLevel level : kLevels) {
    std::vector<float> together(30);
    EvaluateMlp(shape, mlp.weights().data(), points.table.data(), 30, together.data(), level);
    for (std::size_t row = 0; row < 30; ++row) {
      float alone = 0;
      float gradient[kGradientInputs];
      EvaluateMlp(shape, mlp.weights().data(), points.table.data() + row * points.stride, 1, &alone,
                  level);
      EXPECT_EQ(alone, together[row]);
      EvaluateMlpGradient(shape, mlp.weights().data(), points.table.data() + row * points.stride, 1,
                          {0, 1, 2}, &alone, gradient, level);
      EXPECT_EQ(alone, together[row]) << "with its gradient";
    }
  }
}

TEST(MlpTest, GivesTheSameBytesOnEveryInstructionSet) {
  const MlpShape shape{.inputs = 11, .hidden = 40, .layers = 4};
  const Mlp mlp = RandomMlp(shape, 11);
  constexpr std::size_t kRows = 17;
  const Points points(shape, kRows, 12);
  std::vector<float> portable;
  std::vector<float> fused;
  testing::ForEachInstructionSet([&](std::int64_t mask) {
    for (const SimdLevel level : kLevels) {
      std::vector<float> out(kRows * (2 + kGradientInputs));
      EvaluateMlp(shape, mlp.weights().data(), points.table.data(), kRows, out.data(), level);
      EvaluateMlpGradient(shape, mlp.weights().data(), points.table.data(), kRows, {0, 1, 2},
                          out.data() + kRows, out.data() + 2 * kRows, level);
      const bool is_fused = level == SimdLevel::kNative && testing::HasFusedMultiplyAdd(mask);
      std::vector<float>& expected = is_fused ? fused : portable;
      if (expected.empty()) expected = out;
      EXPECT_EQ(out, expected) << "instruction set " << mask;
    }
  });
}

TEST(MlpTest, IsMonotoneByItsSigns) {
  const MlpShape shape{.inputs = 6, .hidden = 32, .layers = 5};
  const std::vector<MonotoneInput> directions = {{0, -1}, {1, -1}, {2, 1}};
  RandomStream random(1, "weights");
  const Mlp mlp = Mlp::CreateRandom(shape, directions, random).value();
  constexpr std::size_t kRows = 2000;
  const Points points(shape, kRows, 2);
  std::vector<float> values(kRows);
  std::vector<float> slopes(kRows * kGradientInputs);
  EvaluateMlpGradient(shape, mlp.weights().data(), points.table.data(), kRows, {0, 1, 2},
                      values.data(), slopes.data(), SimdLevel::kPortable);
  for (std::size_t row = 0; row < kRows; ++row) {
    EXPECT_LT(slopes[row * kGradientInputs], 0);
    EXPECT_LT(slopes[row * kGradientInputs + 1], 0);
    EXPECT_GT(slopes[row * kGradientInputs + 2], 0);
  }
}

TEST(MlpTest, StaysFiniteFarOutsideTheUnitCube) {
  const MlpShape shape{.inputs = 4};
  const Mlp mlp = RandomMlp(shape, 13);
  for (const float x : {-1e6f, -100.0f, 100.0f, 1e6f}) {
    const std::array<float, 4> input = {x, -x, x, -x};
    EXPECT_TRUE(std::isfinite(mlp.Value(input, SimdLevel::kPortable))) << x;
  }
}

}  // namespace
}  // namespace trimtab
