#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "trimtab/latency/latency_sample.h"
#include "trimtab/latency/neural_latency_model.h"
#include "trimtab/latency/testing/synthetic_microservice.h"

namespace trimtab {
namespace {

using ::testing::HasSubstr;

NeuralLatencyModel Small() {
  const testing::SyntheticMicroservice truth(1);
  const std::vector<LatencySample> samples = truth.Joint(1);
  NeuralLatencyOptions options;
  options.samples_read = 2000;
  options.simd = SimdLevel::kPortable;
  return NeuralLatencyModel::Fit(std::span(samples).first(400), options).value();
}

std::string Replace(std::string text, std::string_view from, std::string_view to) {
  const auto at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(NeuralLatencyJsonTest, ReadsBackTheSameModel) {
  const NeuralLatencyModel model = Small();
  const auto copy = NeuralLatencyModel::FromJson(model.ToJson(), SimdLevel::kPortable);
  ASSERT_TRUE(copy.ok()) << copy.status();
  EXPECT_EQ(copy->ToJson(), model.ToJson());
  EXPECT_EQ(copy->ranges(), model.ranges());
  for (const LatencySample& sample : testing::SyntheticMicroservice(1).Joint(2)) {
    const LatencyPrediction expected = model.PredictWithGradient(sample.features);
    const LatencyPrediction read = copy->PredictWithGradient(sample.features);
    EXPECT_EQ(read.tail, expected.tail);
    EXPECT_EQ(read.gradient.by_memory, expected.gradient.by_memory);
  }
}

TEST(NeuralLatencyJsonTest, NamesWhatIsWrong) {
  const std::string good = Small().ToJson();
  const auto message = [](const std::string& text) {
    return std::string(NeuralLatencyModel::FromJson(text, SimdLevel::kPortable).status().message());
  };
  EXPECT_EQ(message("{"), "neural latency model is not JSON");
  EXPECT_EQ(message("[]"), "neural latency model member 'format' is missing");
  EXPECT_THAT(message(Replace(good, "\"format\":1", "\"format\":9")),
              HasSubstr("'format' is 9, expected 1"));
  EXPECT_THAT(message(Replace(good, "\"layers\":4", "\"layers\":\"x\"")),
              HasSubstr("'layers' is \"x\", expected an integer"));
  EXPECT_THAT(message(Replace(good, "\"layers\":4", "\"layers\":99")),
              HasSubstr("network layers is 99, expected 2 to 6"));
  EXPECT_THAT(message(Replace(good, "\"hidden\":32", "\"hidden\":64")), HasSubstr("'weights' has"));
  EXPECT_THAT(message(Replace(good, "\"weights\":\"", "\"weights\":\"zz")), HasSubstr("'weights'"));
  EXPECT_THAT(message(Replace(good, "\"memoryMib\":[", "\"memoryMib\":[1e9,")),
              HasSubstr("'memoryMib' is"));
}

TEST(NeuralLatencyJsonTest, RefusesWeightsThatAreNotFinite) {
  std::string text = Small().ToJson();
  const std::string key = "\"weights\":\"";
  text.replace(text.find(key) + key.size(), 8, "7f800000");
  EXPECT_THAT(NeuralLatencyModel::FromJson(text, SimdLevel::kPortable).status().message(),
              HasSubstr("is inf at number 0, expected a finite number"));
}

TEST(NeuralLatencyJsonTest, SurvivesEveryTruncation) {
  const std::string text = Small().ToJson();
  for (std::size_t length = 0; length < text.size(); length += 97) {
    EXPECT_FALSE(NeuralLatencyModel::FromJson(text.substr(0, length), SimdLevel::kPortable).ok());
  }
}

}  // namespace
}  // namespace trimtab
