#include "trimtab/calibration/parameter_effects.h"

#include <string>

#include "gtest/gtest.h"
#include "trimtab/scenario/scenario.h"

namespace trimtab {
namespace {

constexpr char kText[] = R"(apiVersion: trimtab.dev/v1alpha1
kind: Scenario
name: one
sla: {latency: 1s}
cluster: {hosts: [{name: host, cpu: 64, memory: 64Gi}], network: {hop: 0s}}
operations: [{name: get, entry: web/get, share: 0.9}]
microservices:
  - {name: web, endpoints: [{name: get, program: [{wait: 3ms}, {branch: {probability: 0.6, then: [{wait: 1ms}]}}]}]}
workload: {load: {constant: 20}}
provenance:
  - {parameter: "*.wait", value: waits, status: assumed, source: here, effect: none}
  - {parameter: "*.probability", value: share, status: assumed, source: here, effect: none}
  - {parameter: "*", value: the rest, status: measured, source: here, effect: none}
)";

ReferenceRun Quick() {
  ReferenceRun run;
  run.each = {1, {Cores(2), Mebibytes(500)}};
  run.load = 20;
  run.interference = 0;
  run.warm_up = Duration(0);
  run.length = std::chrono::seconds(100);
  return run;
}

TEST(ParameterEffectsTest, HalfAndTwiceOfEachAssumption) {
  int rows = 0;
  const auto effects = EffectsOfAssumptions(kText, "f", Quick(), [&] { return ++rows > 0; });
  ASSERT_TRUE(effects.ok()) << effects.status();
  EXPECT_EQ(rows, 3);
  ASSERT_EQ(effects->size(), 2U);
  // Every request waits 3 or 4 ms, so the P95 is 4 ms: twice and half of it. A bin of the histogram
  // is 0.8 % wide.
  EXPECT_NEAR(*(*effects)[0].half, -0.5, 0.01);
  EXPECT_NEAR(*(*effects)[0].twice, 1.0, 0.02);
  // Half of 0.6 still reaches the P95; a probability of 1.2 is refused.
  EXPECT_NEAR(*(*effects)[1].half, 0, 0.01);
  EXPECT_FALSE((*effects)[1].twice.has_value());
}

TEST(ParameterEffectsTest, StopsWhenAsked) {
  const auto effects = EffectsOfAssumptions(kText, "f", Quick(), [] { return false; });
  EXPECT_EQ(effects.status().code(), absl::StatusCode::kCancelled);
}

}  // namespace
}  // namespace trimtab
