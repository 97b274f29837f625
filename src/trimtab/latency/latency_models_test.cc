#include "trimtab/latency/latency_models.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "fmt/format.h"
#include "trimtab/latency/accuracy.h"
#include "trimtab/latency/latency_sample.h"
#include "trimtab/latency/testing/synthetic_microservice.h"

namespace trimtab {
namespace {

using ::testing::HasSubstr;

LatencyModelOptions Quick() {
  LatencyModelOptions options;
  options.neural.samples_read = 60'000;
  options.trees.rounds = 30;
  options.trees.learning_rate = 0.2;
  return options;
}

std::vector<MicroserviceSamples> Application() {
  std::vector<MicroserviceSamples> microservices;
  for (const std::uint64_t seed : {1u, 2u, 3u}) {
    const auto samples = testing::SyntheticMicroservice(seed).Grid(1);
    microservices.push_back(
        Divide(fmt::format("m{}", seed), std::span(samples).first(3000), 0.15, 1));
  }
  return microservices;
}

TEST(LatencyModelsTest, FitsEveryKindUnderItsName) {
  const auto samples = testing::SyntheticMicroservice(1).Grid(1);
  for (const LatencyModelKind& kind : LatencyModelKinds()) {
    const auto model = FitLatencyModel(kind.name, std::span(samples).first(1000), Quick());
    if (kind.name == "xgb" && model.status().code() == absl::StatusCode::kUnavailable) continue;
    ASSERT_TRUE(model.ok()) << kind.name << ": " << model.status();
    EXPECT_EQ((*model)->name(), kind.name);
    EXPECT_GT(Accuracy(**model, std::span(samples).last(500)), 30) << kind.name;
  }
}

TEST(LatencyModelsTest, TheTableIsSortedByName) {
  EXPECT_TRUE(std::ranges::is_sorted(LatencyModelKinds(), {}, &LatencyModelKind::name));
}

TEST(LatencyModelsTest, RefusesAnUnknownKindAndListsTheKnown) {
  const auto status = FitLatencyModel("nn9", {}, {}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(status.message(), HasSubstr("'nn9', expected one of nn2, nn3, nn4, nn5, nn6, pwl"));
}

TEST(LatencyModelsTest, ANetworkBeatsTwoLines) {
  const std::vector<MicroserviceSamples> application = Application();
  const std::vector<InterferenceMask> none = {{"none", 0}};
  const auto network = EvaluateLatencyModel("nn4", application, none, Quick(), 2).value();
  const auto lines = EvaluateLatencyModel("pwl", application, none, Quick(), 2).value();
  EXPECT_GT(network[0].worst, lines[0].microservices[0].accuracy + 5);
  EXPECT_GT(network[0].median, 88);
}

TEST(LatencyModelsTest, ReportsEveryMaskWhateverTheThreads) {
  const std::vector<MicroserviceSamples> application = Application();
  const std::vector<InterferenceMask> masks = StandardMasks();
  const auto reports = EvaluateLatencyModel("nn2", application, masks, Quick(), 1).value();
  EXPECT_EQ(EvaluateLatencyModel("nn2", application, masks, Quick(), 3).value(), reports);
  ASSERT_EQ(reports.size(), 6u);
  EXPECT_EQ(reports[0].model, "nn2");
  EXPECT_EQ(reports[1].model, "nn2 without cpu");
  EXPECT_EQ(reports[5].model, "nn2 without all");
  EXPECT_EQ(reports[0].microservices[2].name, "m3");
  EXPECT_EQ(reports[0].microservices[2].samples, 450u);
  EXPECT_LT(reports[5].median, reports[0].median);
}

TEST(LatencyModelsTest, NamesTheMicroserviceThatFails) {
  std::vector<MicroserviceSamples> application = Application();
  application[1].training.clear();
  const std::vector<InterferenceMask> none = {{"none", 0}};
  EXPECT_THAT(EvaluateLatencyModel("nn4", application, none, Quick(), 2).status().message(),
              HasSubstr("latency model of 'm2': no latency samples"));
  application[0].test.clear();
  EXPECT_THAT(EvaluateLatencyModel("nn4", application, none, Quick(), 2).status().message(),
              HasSubstr("latency model of 'm1': no test samples"));
}

}  // namespace
}  // namespace trimtab
