#include "trimtab/experiment/imagined_observation.h"

#include <cstdint>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "trimtab/callgraph/call_tree.h"
#include "trimtab/callgraph/graph_class.h"
#include "trimtab/experiment/policy_choices.h"
#include "trimtab/scenario/scenario.h"

namespace trimtab {
namespace {

Scenario Load(const char* path) {
  return LoadScenario(std::string(TRIMTAB_SOURCE_DIR) + path).value();
}

TEST(ImagineGraphClassesTest, OneProgramIsOneClass) {
  const auto classes =
      ImagineGraphClasses(Load("/tests/profiling/two-services.yaml"), RequestsPerSecond(20), 1);
  ASSERT_EQ(classes.size(), 1);
  EXPECT_EQ(classes[0].share, 1);
  EXPECT_EQ(classes[0].traces, 20'000);
  EXPECT_EQ(classes[0].id, ClassOf(classes[0].tree, ClassKey::kMultiplicity).ToString());
  EXPECT_EQ(classes[0].tree.microservice, "front");
  ASSERT_EQ(classes[0].tree.steps.size(), 1);
  EXPECT_EQ(classes[0].tree.steps[0].branches[0].microservice, "store");
  EXPECT_FALSE(classes[0].attainment.has_value());
}

TEST(ImagineGraphClassesTest, ClassesAreDistinctSortedAndWhole) {
  const auto classes =
      ImagineGraphClasses(Load("/scenarios/train-ticket.yaml"), RequestsPerSecond(50), 1);
  ASSERT_GT(classes.size(), 10);
  std::int64_t traces = 0;
  for (std::size_t i = 0; i < classes.size(); ++i) {
    traces += classes[i].traces;
    EXPECT_EQ(classes[i].id, ClassOf(classes[i].tree, ClassKey::kMultiplicity).ToString());
    if (i == 0) continue;
    EXPECT_GE(classes[i - 1].traces, classes[i].traces);
    EXPECT_NE(classes[i - 1].id, classes[i].id);
  }
  EXPECT_EQ(traces, 20'000);
}

TEST(ImagineObservationTest, ArrivalsAreThoseOfTheClasses) {
  const Scenario scenario = Load("/tests/profiling/two-services.yaml");
  // Half of the requests call the store three times, the others never: 20 requests/s at the front,
  // 20 * (0.5 * 3 + 0.5 * 0) = 30 at the store.
  CallTree calls{.microservice = "front", .calls = 1, .steps = {}};
  const CallTree alone = calls;
  calls.steps.push_back(Sequential({.microservice = "store", .calls = 3, .steps = {}}));
  const std::vector<GraphClassObservation> classes = {
      {.id = "a", .tree = calls, .traces = 1, .share = 0.5, .attainment = {}},
      {.id = "b", .tree = alone, .traces = 1, .share = 0.5, .attainment = {}}};
  const auto seen = ImagineObservation(scenario, InitialAllocation(scenario), RequestsPerSecond(20),
                                       Interference::None(), classes);
  ASSERT_TRUE(seen.ok()) << seen.status();
  EXPECT_EQ(seen->graph_classes.size(), 2);
  EXPECT_DOUBLE_EQ(seen->microservices[0].arrival_rate->value(), 20);
  EXPECT_DOUBLE_EQ(seen->microservices[1].arrival_rate->value(), 30);
  // A call goes there and back; nobody is on the way to the entry.
  EXPECT_EQ(seen->microservices[0].transit, Latency(0));
  EXPECT_EQ(seen->microservices[1].transit, ToLatency(2 * scenario.cluster.network.hop));
}

}  // namespace
}  // namespace trimtab
