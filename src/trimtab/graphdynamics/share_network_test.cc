// The network against a second implementation in doubles, and its gradients against differences.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "trimtab/graphdynamics/share_network_pass.h"
#include "trimtab/graphdynamics/testing/reference_share_network.h"
#include "trimtab/neural/aligned_floats.h"
#include "trimtab/probability/random_stream.h"

namespace trimtab {
namespace {

struct Case {
  std::string name;
  ShareNetworkShape shape;
  SimdLevel level = SimdLevel::kNative;
};

// Some samples, as a batch and one by one.
struct Samples {
  Samples(const ShareNetworkShape& shape, std::size_t rows) {
    RandomStream random(5, "share-network-test/samples");
    const auto graphs = static_cast<std::size_t>(shape.graphs);
    inputs.resize(shape.steps() * rows * shape.inputs());
    shares.resize(shape.steps() * rows * graphs);
    const auto fill = [&](float* to, std::size_t count) {
      double sum = 0;
      for (std::size_t g = 0; g < count; ++g) {
        // A third of the classes do not occur.
        to[g] = static_cast<float>(random.Below(3) == 0 ? 0.0 : random.Exponential());
        sum += to[g];
      }
      for (std::size_t g = 0; g < count; ++g) to[g] = static_cast<float>(to[g] / (sum + 1e-9));
    };
    for (float& x : inputs) x = static_cast<float>(random.Normal());
    targets.resize(rows * graphs);
    for (std::size_t r = 0; r < rows; ++r) fill(&targets[r * graphs], graphs);
    for (std::size_t i = 0; i < shape.steps() * rows; ++i) fill(&shares[i * graphs], graphs);
    for (std::size_t r = 0; r < rows; ++r) {
      testing::ReferenceSample& one = each.emplace_back();
      const auto take = [r, rows](const std::vector<float>& from, std::size_t steps,
                                  std::size_t width, std::vector<double>& to) {
        for (std::size_t t = 0; t < steps; ++t) {
          const float* row = &from[(t * rows + r) * width];
          to.insert(to.end(), row, row + width);
        }
      };
      take(inputs, shape.steps(), shape.inputs(), one.inputs);
      take(shares, shape.steps(), graphs, one.shares);
      take(targets, 1, graphs, one.targets);
    }
    batch = {
        .rows = rows, .inputs = inputs.data(), .shares = shares.data(), .targets = targets.data()};
  }

  std::vector<float> inputs;
  std::vector<float> shares;
  std::vector<float> targets;
  std::vector<testing::ReferenceSample> each;
  ShareBatch batch;
};

AlignedFloats RandomWeights(const ShareNetworkShape& shape) {
  AlignedFloats weights(ShareNetworkLayout(shape).weights);
  RandomStream random(3, "share-network-test/weights");
  for (float& w : weights.span()) w = static_cast<float>(0.15 * random.Normal());
  return weights;
}

std::vector<double> AsDoubles(const AlignedFloats& weights) {
  return {weights.span().begin(), weights.span().end()};
}

class ShareNetworkTest : public ::testing::TestWithParam<Case> {};

// Sums of up to 300 products in floats, five steps deep: 1e-5 is a hundred roundings.
TEST_P(ShareNetworkTest, PredictsWhatTheReferencePredicts) {
  const ShareNetworkShape& shape = GetParam().shape;
  const Samples samples(shape, 21);
  const AlignedFloats weights = RandomWeights(shape);
  ShareNetworkPass pass(shape, 32);
  const float* shares = pass.Forward(weights.data(), samples.batch, GetParam().level);
  for (std::size_t r = 0; r < 21; ++r) {
    const auto expected = testing::ReferenceShares(shape, AsDoubles(weights), samples.each[r]);
    for (std::size_t g = 0; g < expected.size(); ++g) {
      ASSERT_NEAR(shares[r * shape.padded_graphs() + g], expected[g], 1e-5) << r << " " << g;
    }
  }
}

TEST_P(ShareNetworkTest, PredictsTheSameBytesForOneRowAsForMany) {
  const ShareNetworkShape& shape = GetParam().shape;
  const Samples many(shape, 21);
  const AlignedFloats weights = RandomWeights(shape);
  ShareNetworkPass pass(shape, 32);
  const float* shares = pass.Forward(weights.data(), many.batch, GetParam().level);
  const std::size_t graphs = shape.padded_graphs();
  const std::vector<float> row(shares + 7 * graphs, shares + 8 * graphs);
  const std::vector<float> inputs(many.each[7].inputs.begin(), many.each[7].inputs.end());
  const std::vector<float> past(many.each[7].shares.begin(), many.each[7].shares.end());
  const float* one =
      pass.Forward(weights.data(), {.rows = 1, .inputs = inputs.data(), .shares = past.data()},
                   GetParam().level);
  EXPECT_EQ(std::vector<float>(one, one + graphs), row);
}

// Central differences of the reference with step h: their own error is h^2 times a third
// derivative, 1e-8 here; floats leave 1e-5 of the largest slope of a block.
TEST_P(ShareNetworkTest, GradientsMatchCentralDifferences) {
  const ShareNetworkShape& shape = GetParam().shape;
  const Samples samples(shape, 5);
  const AlignedFloats weights = RandomWeights(shape);
  const ShareNetworkLayout layout(shape);
  AlignedFloats transposed(layout.transposed);
  AlignedFloats gradient(layout.weights);
  TransposeWeights(layout, weights.data(), transposed.data());
  ShareNetworkPass pass(shape, 8);
  pass.Forward(weights.data(), samples.batch, GetParam().level);
  pass.Backward(transposed.data(), samples.batch, gradient.data(), GetParam().level);

  std::vector<double> moved = AsDoubles(weights);
  const auto loss = [&] {
    double sum = 0;
    for (const auto& sample : samples.each) sum += testing::ReferenceLoss(shape, moved, sample);
    return sum;
  };
  RandomStream random(7, "share-network-test/places");
  const int places = shape.encoder > 64 ? 5 : 40;
  for (const WeightBlock* block :
       {&layout.first, &layout.first_bias, &layout.second, &layout.second_bias, &layout.start,
        &layout.start_bias, &layout.decoder, &layout.decoder_bias, &layout.keys, &layout.output,
        &layout.output_bias, &layout.recency}) {
    // One step leaves the attention nothing to choose.
    const bool idle = shape.window == 1 && (block == &layout.keys || block == &layout.recency);
    if (block->size() == 0 || idle) continue;
    double largest = 0;
    std::vector<double> errors;
    for (int i = 0; i < places; ++i) {
      const std::size_t at = block->offset + random.Below(block->size());
      const double h = 1e-4;
      const double here = moved[at];
      moved[at] = here + h;
      const double above = loss();
      moved[at] = here - h;
      const double below = loss();
      moved[at] = here;
      const double slope = (above - below) / (2 * h);
      largest = std::max(largest, std::abs(slope));
      errors.push_back(std::abs(slope - static_cast<double>(gradient.data()[at])));
    }
    EXPECT_GT(largest, 1e-6) << "block at " << block->offset << " has no slope";
    EXPECT_LT(*std::ranges::max_element(errors), 2e-4 * largest + 1e-7)
        << "block at " << block->offset;
  }
}

TEST_P(ShareNetworkTest, ReturnsTheSumOfCrossEntropies) {
  const ShareNetworkShape& shape = GetParam().shape;
  const Samples samples(shape, 5);
  const AlignedFloats weights = RandomWeights(shape);
  const ShareNetworkLayout layout(shape);
  AlignedFloats transposed(layout.transposed);
  AlignedFloats gradient(layout.weights);
  TransposeWeights(layout, weights.data(), transposed.data());
  ShareNetworkPass pass(shape, 8);
  pass.Forward(weights.data(), samples.batch, GetParam().level);
  double expected = 0;
  for (const auto& sample : samples.each) {
    expected += testing::ReferenceLoss(shape, AsDoubles(weights), sample);
  }
  EXPECT_NEAR(pass.Backward(transposed.data(), samples.batch, gradient.data(), GetParam().level),
              expected, 1e-4);
}

ShareNetworkShape Shape(int window, bool attention, bool copying) {
  return {.arguments = 3,
          .graphs = 7,
          .window = window,
          .encoder = 48,
          .decoder = 16,
          .attention = attention,
          .copying = copying};
}

INSTANTIATE_TEST_SUITE_P(All, ShareNetworkTest,
                         ::testing::Values(Case{"Corrected", Shape(5, true, true)},
                                           Case{"CorrectedPortable", Shape(5, true, true),
                                                SimdLevel::kPortable},
                                           Case{"Paper", Shape(5, true, false)},
                                           Case{"PaperWithoutAttention", Shape(4, false, false)},
                                           Case{"CopyingWithoutAttention", Shape(3, false, true)},
                                           Case{"WindowOfOne", Shape(1, true, true)},
                                           Case{"PaperSize", {.arguments = 12, .graphs = 36}}),
                         [](const auto& tested) { return tested.param.name; });

}  // namespace
}  // namespace trimtab
