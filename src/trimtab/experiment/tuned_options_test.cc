#include "trimtab/experiment/tuned_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace trimtab {
namespace {

using ::testing::HasSubstr;

Application TwoMicroservices() {
  return Application::Create("two", {{.name = "a", .bounds = {}}, {.name = "b", .bounds = {}}}, {})
      .value();
}

TunedOptions Tuned() {
  TunedOptions tuned{
      .scenario_hash = "01b1",
      .command = "trimtab experiment run tune",
      .seed = 7,
      .static_allocation = Allocation(2),
      .hpa = TunedHpa{.target_utilization = 50, .container = {Millicores(500), Mebibytes(200)}},
      .grad = TunedGrad{}};
  for (std::size_t i = 0; i < 2; ++i) {
    (*tuned.static_allocation)[MicroserviceId(i)] = {.replicas = static_cast<int>(i) + 3,
                                                     .container = {Cores(1), Mebibytes(100)}};
  }
  return tuned;
}

TEST(TunedOptionsTest, ReadsWhatItPrints) {
  const Application application = TwoMicroservices();
  const std::string text = TunedToJson(Tuned(), application);
  const auto back = TunedFromJson(text, application);
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(TunedToJson(*back, application), text);
  EXPECT_EQ((*back->static_allocation)[MicroserviceId(1)].replicas, 4);
  EXPECT_EQ(back->hpa->container.cpu, Millicores(500));
}

TEST(TunedOptionsTest, WhatIsNotThereIsNotRead) {
  const auto back = TunedFromJson(
      R"({"version": 1, "scenarioHash": "x", "command": "y", "seed": 0})", TwoMicroservices());
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_FALSE(back->hpa || back->grad || back->static_allocation);
}

// Replaces `from` in what is right, and says what the message must hold.
struct Wrong {
  const char* from;
  const char* to;
  const char* message;
};

TEST(TunedOptionsTest, EveryValueHasItsBounds) {
  const Application application = TwoMicroservices();
  const std::string right = TunedToJson(Tuned(), application);
  const std::vector<Wrong> all = {
      {"\"seed\": 7", "\"seed\": -7", "tuned options.seed is -7"},
      {"50.0", "0.5", "hpa.targetUtilizationPercent is 0.5, expected a number in [1, 1000]"},
      {"\"cpuCores\": 0.5", "\"cpuCores\": 1e300", "hpa.container.cpuCores is 1e+300"},
      {"209715200", "2.5", "hpa.container.memoryBytes is 2.5"},
      {"\"confidence\": 0.9", "\"confidence\": 2", "grad.confidence is 2"},
      {"\"mostUtilization\": 0.8", "\"mostUtilization\": 0", "grad.mostUtilization is 0"},
      {"\"horizonMinutes\": 4.0", "\"horizonMinutes\": \"4\"", "grad.horizonMinutes is \"4\""},
      {"\"replicas\": 3", "\"replicas\": 0", "static[0].replicas is 0"},
      {"\"replicas\": 4", "\"replicas\": 3e9", "static[1].replicas is 3000000000"},
      {"\"b\"", "\"c\"", "'c' is no microservice of 'two'"},
      {"\"b\"", "\"a\"", "'a' stands there twice"},
      {"\"command\"", "\"comand\"", "command is missing"},
      {"\"grad\"", "\"grid\"", "grid"},
  };
  for (const Wrong& wrong : all) {
    std::string text = right;
    const std::size_t at = text.find(wrong.from);
    ASSERT_NE(at, std::string::npos) << wrong.from;
    text.replace(at, std::string(wrong.from).size(), wrong.to);
    const auto back = TunedFromJson(text, application);
    EXPECT_FALSE(back.ok()) << wrong.to;
    EXPECT_THAT(std::string(back.status().message()), HasSubstr(wrong.message)) << wrong.to;
  }
}

TEST(TunedOptionsTest, RefusesWhatIsMissingAndWhatIsNoJson) {
  const Application application = TwoMicroservices();
  TunedOptions one = Tuned();
  const auto other = Application::Create("one", {{.name = "a", .bounds = {}}}, {}).value();
  EXPECT_THAT(std::string(TunedFromJson(TunedToJson(one, other), application).status().message()),
              HasSubstr("'b' is missing"));
  EXPECT_THAT(std::string(TunedFromJson("{", application).status().message()),
              HasSubstr("not JSON"));
  EXPECT_TRUE(absl::IsFailedPrecondition(
      TunedFromJson(R"({"version": 2, "scenarioHash": "x", "command": "y", "seed": 0})",
                    application)
          .status()));
}

}  // namespace
}  // namespace trimtab
