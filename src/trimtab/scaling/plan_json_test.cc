// The JSON of a plan: exact text, the way back, and refusals that name the place.
#include "trimtab/scaling/plan_json.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace trimtab {
namespace {

using ::testing::HasSubstr;

Application TwoMicroservices() {
  return *Application::Create(
      "shop", {{.name = "front", .bounds = {}}, {.name = "store", .bounds = {}}}, {});
}

Plan SmallPlan() {
  Plan plan{
      .feasible = false,
      .predicted_tail_latency = Latency(312.5),
      .target = Allocation(2, {.replicas = 1, .container = {Millicores(200), Bytes(1048576)}}),
      .binding = {MicroserviceId(1)},
      .steps = {},
      .summary = {.termination = PlanTermination::kNoGain,
                  .message = "no candidate lowers the tail",
                  .iterations = 1}};
  plan.target[MicroserviceId(1)].replicas = 2;
  plan.steps.push_back(
      {.microservice = MicroserviceId(1),
       .action = ScalingAction::kReplicas,
       .before = {.replicas = 1, .container = {Millicores(200), Bytes(1048576)}},
       .after = plan.target[MicroserviceId(1)],
       .tail_before = Latency(400),
       .tail_after = Latency(312.5),
       .gain = Latency(87.5),
       .cost = 1.01,
       .score = 86.6,
       .reason = "best gain for its cost",
       .alternatives = {{.microservice = MicroserviceId(0),
                         .action = ScalingAction::kCpu,
                         .after = {.replicas = 1, .container = {Millicores(400), Bytes(1048576)}},
                         .gain = Latency(2),
                         .cost = 1,
                         .score = 2}}});
  return plan;
}

TEST(PlanJsonTest, ReadsAsThePublishedKeys) {
  const std::string text = PlanToJson(SmallPlan(), TwoMicroservices());
  EXPECT_THAT(text, HasSubstr("\"feasible\": false"));
  EXPECT_THAT(text, HasSubstr("\"predictedTailLatencySeconds\": 0.3125"));
  EXPECT_THAT(text, HasSubstr("\"allocations\": [\n    {\n      \"microservice\": \"front\",\n"
                              "      \"replicas\": 1,\n      \"cpuCores\": 0.2,\n"
                              "      \"memoryBytes\": 1048576\n    }"));
  EXPECT_THAT(text, HasSubstr("\"binding\": [\n    \"store\"\n  ]"));
  EXPECT_THAT(text, HasSubstr("\"action\": \"replicas\""));
  EXPECT_THAT(text, HasSubstr("\"termination\": \"no-gain\""));
}

TEST(PlanJsonTest, ReturnsTheSameBytesAfterThereAndBack) {
  const Application application = TwoMicroservices();
  const std::string text = PlanToJson(SmallPlan(), application);
  const absl::StatusOr<Plan> plan = PlanFromJson(text, application);
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_EQ(plan->target, SmallPlan().target);
  EXPECT_EQ(plan->steps.size(), 1U);
  EXPECT_EQ(PlanToJson(*plan, application), text);
}

TEST(PlanJsonTest, KeepsAnAbsentPredictionAbsent) {
  const Application application = TwoMicroservices();
  Plan plan = SmallPlan();
  plan.predicted_tail_latency.reset();
  const std::string text = PlanToJson(plan, application);
  EXPECT_THAT(text, HasSubstr("\"predictedTailLatencySeconds\": null"));
  EXPECT_FALSE(PlanFromJson(text, application)->predicted_tail_latency.has_value());
}

struct Refusal {
  std::string from;
  std::string to;
  std::string message;
};

class PlanJsonRefusalTest : public ::testing::TestWithParam<Refusal> {};

TEST_P(PlanJsonRefusalTest, NamesThePlaceAndTheValue) {
  std::string text = PlanToJson(SmallPlan(), TwoMicroservices());
  const std::size_t at = text.find(GetParam().from);
  ASSERT_NE(at, std::string::npos);
  text.replace(at, GetParam().from.size(), GetParam().to);
  const absl::StatusOr<Plan> plan = PlanFromJson(text, TwoMicroservices());
  ASSERT_FALSE(plan.ok());
  EXPECT_EQ(plan.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(plan.status().message()), HasSubstr(GetParam().message));
}

INSTANTIATE_TEST_SUITE_P(
    All, PlanJsonRefusalTest,
    ::testing::Values(
        Refusal{"\"feasible\": false", "\"feasible\": 1",
                "plan.feasible is neither true nor false"},
        Refusal{"\"feasible\"", "\"feasable\"", "unknown key 'feasable'"},
        Refusal{"\"replicas\": 1", "\"replicas\": -1", "plan.allocations[0].replicas is -1"},
        Refusal{"\"replicas\": 1", "\"replicas\": 1.5", "expected a whole number"},
        Refusal{"\"cpuCores\": 0.2", "\"cpuCores\": \"200m\"", "cpuCores is \"200m\""},
        Refusal{"\"memoryBytes\": 1048576", "\"memoryBytes\": 99900000000000000000000",
                "memoryBytes is 9.99"},
        Refusal{"\"microservice\": \"store\"", "\"microservice\": \"front\"",
                "names 'front' twice"},
        Refusal{"\"microservice\": \"store\"", "\"microservice\": \"nowhere\"",
                "names 'nowhere', which application 'shop' does not have"},
        Refusal{"\"action\": \"replicas\"", "\"action\": \"pray\"",
                "'pray' is none of cpu, memory"},
        Refusal{"\"iterations\": 1", "\"iterations\": null", "plan.summary.iterations is null"},
        Refusal{"\"feasible\": false,", "\"feasible\": false", "plan is not JSON"}));

TEST(PlanJsonTest, SurvivesDeepNesting) {
  const std::string text = std::string(100000, '[');
  EXPECT_FALSE(PlanFromJson(text, TwoMicroservices()).ok());
  EXPECT_FALSE(PlanFromJson(text + std::string(100000, ']'), TwoMicroservices()).ok());
}

}  // namespace
}  // namespace trimtab
