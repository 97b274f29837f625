// Tests what speaks against lowering single microservices.
#include "trimtab/controller/lower_guards.h"

#include "gtest/gtest.h"

namespace trimtab {
namespace {

ContainerObservation Container(std::optional<double> throttled) {
  ContainerObservation container;
  container.ready = true;
  if (throttled) container.throttled = Measured<Ratio>{Ratio(*throttled)};
  return container;
}

Observation Seen(std::vector<ContainerObservation> containers) {
  Observation observation;
  observation.microservices.resize(1);
  observation.microservices[0].containers = std::move(containers);
  return observation;
}

TEST(LowerGuardsTest, TheWorstContainerCounts) {
  EXPECT_EQ(LowerGuardsOf(Seen({Container(0.1), Container(0.4)})).at(0).throttled, 0.4);
}

TEST(LowerGuardsTest, WithoutAnySuchSeriesNothingSpeaksAgainstIt) {
  EXPECT_EQ(LowerGuardsOf(Seen({Container({}), Container({})})).at(0).throttled, 0);
}

TEST(LowerGuardsTest, WhatOneOfThemLacksIsNotKnown) {
  EXPECT_EQ(LowerGuardsOf(Seen({Container(0.1), Container({})})).at(0).throttled, 1);
  // One that warms up, or is not ready, is expected to have none.
  Observation seen = Seen({Container(0.1), Container({}), Container({})});
  seen.microservices[0].containers[1].warming_up = true;
  seen.microservices[0].containers[2].ready = false;
  EXPECT_EQ(LowerGuardsOf(seen).at(0).throttled, 0.1);
  EXPECT_TRUE(SomethingWarmsUp(seen));
}

TEST(LowerGuardsTest, ThePeakOfMemoryIsAsObserved) {
  Observation seen = Seen({Container({})});
  EXPECT_EQ(LowerGuardsOf(seen).at(0).memory_peak, std::nullopt);
  seen.microservices[0].memory_peak = Mebibytes(300);
  EXPECT_EQ(LowerGuardsOf(seen).at(0).memory_peak, Mebibytes(300));
  EXPECT_FALSE(SomethingWarmsUp(seen));
}

}  // namespace
}  // namespace trimtab
