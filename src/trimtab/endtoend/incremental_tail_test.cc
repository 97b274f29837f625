// The incremental form against the full recomputation in double precision.
#include "trimtab/endtoend/incremental_tail.h"

#include <cmath>
#include <vector>

#include "gtest/gtest.h"
#include "trimtab/endtoend/testing/random_model.h"

namespace trimtab {
namespace {

using testing::RandomEndToEndModel;
using testing::RandomOwnLatencies;
using testing::RandomOwnLatency;

struct Form {
  EndToEndKind kind;
  int tokens;
  SimdLevel level;
};

class IncrementalTailTest : public ::testing::TestWithParam<Form> {};

// 24 bits of a float and sums over 50 tokens leave 1e-6; the bound asked for is 1e-5.
TEST_P(IncrementalTailTest, AgreesWithTheFullRecomputationAfterTenThousandChanges) {
  const auto [kind, tokens, level] = GetParam();
  const EndToEndPredictor predictor =
      *EndToEndPredictor::Create(RandomEndToEndModel(kind, tokens, 20, 11));
  IncrementalTail incremental(predictor, level);
  RandomStream random(12, "changes");
  std::vector<OwnLatency> own = RandomOwnLatencies(tokens, random);
  incremental.Reset(own);
  EXPECT_NEAR(incremental.tail() / predictor.Predict(own), 1, 1e-5);
  for (int change = 0; change < 10000; ++change) {
    const std::size_t token = random.Below(static_cast<std::uint64_t>(tokens));
    own[token] = RandomOwnLatency(random);
    incremental.Set(token, own[token]);
  }
  EXPECT_NEAR(incremental.tail() / predictor.Predict(own), 1, 1e-5);
}

TEST_P(IncrementalTailTest, TellsWhatAChangeWouldDoWithoutMakingIt) {
  const auto [kind, tokens, level] = GetParam();
  const EndToEndPredictor predictor =
      *EndToEndPredictor::Create(RandomEndToEndModel(kind, tokens, 20, 13));
  IncrementalTail incremental(predictor, level);
  RandomStream random(14, "changes");
  std::vector<OwnLatency> own = RandomOwnLatencies(tokens, random);
  incremental.Reset(own);
  const Latency before = incremental.tail();
  const OwnLatency other = RandomOwnLatency(random);
  const Latency after = incremental.TailWith(3, other);
  EXPECT_EQ(incremental.tail(), before);
  EXPECT_EQ(incremental.TailWith(3, own[3]), before);
  incremental.Set(3, other);
  EXPECT_EQ(incremental.tail(), after);
}

TEST_P(IncrementalTailTest, HasThePredictorsSlopes) {
  const auto [kind, tokens, level] = GetParam();
  const EndToEndPredictor predictor =
      *EndToEndPredictor::Create(RandomEndToEndModel(kind, tokens, 20, 15));
  IncrementalTail incremental(predictor, level);
  RandomStream random(16, "changes");
  std::vector<OwnLatency> own = RandomOwnLatencies(tokens, random);
  incremental.Reset(own);
  own[1] = RandomOwnLatency(random);
  incremental.Set(1, own[1]);
  std::vector<OwnLatencySlope> exact(own.size());
  std::vector<OwnLatencySlope> slopes(own.size());
  predictor.PredictWithGradient(own, exact);
  incremental.Gradient(slopes);
  double largest = 0;
  for (const OwnLatencySlope& slope : exact) {
    largest = std::max({largest, std::abs(slope.by_mean), std::abs(slope.by_max)});
  }
  for (std::size_t i = 0; i < own.size(); ++i) {
    EXPECT_NEAR(slopes[i].by_mean, exact[i].by_mean, 1e-5 * largest);
    EXPECT_NEAR(slopes[i].by_max, exact[i].by_max, 1e-5 * largest);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Forms, IncrementalTailTest,
    ::testing::Values(Form{EndToEndKind::kPaper, 17, SimdLevel::kNative},
                      Form{EndToEndKind::kPaper, 17, SimdLevel::kPortable},
                      Form{EndToEndKind::kPaperWithoutAttention, 5, SimdLevel::kNative},
                      Form{EndToEndKind::kCorrected, 4, SimdLevel::kNative},
                      Form{EndToEndKind::kCorrected, 50, SimdLevel::kNative},
                      Form{EndToEndKind::kCorrected, 50, SimdLevel::kPortable},
                      Form{EndToEndKind::kCorrectedWithoutAttention, 33, SimdLevel::kNative},
                      Form{EndToEndKind::kComposition, 9, SimdLevel::kNative}));

}  // namespace
}  // namespace trimtab
