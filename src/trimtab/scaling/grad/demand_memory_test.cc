#include "trimtab/scaling/grad/demand_memory.h"

#include <chrono>

#include "gtest/gtest.h"

namespace trimtab {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

// One microservice with one container: `visits` calls a request, 2 ms of CPU each.
Observation Seen(Instant at, double load, double visits, double cpu_interference, bool up = true) {
  Observation seen;
  seen.at = at;
  seen.application_load = RequestsPerSecond(load);
  MicroserviceObservation of;
  of.desired.replicas = 1;
  of.arrival_rate = RequestsPerSecond(up ? load * visits : 0);
  ContainerObservation container;
  container.ready = up;
  container.cpu_usage = {.value = up ? load * visits * 0.002 : 0};
  container.container_load = {.value = *of.arrival_rate};
  container.interference = Interference::None();
  container.interference.Set(InterferenceKind::kCpu, Ratio(cpu_interference));
  of.containers.push_back(container);
  seen.microservices.push_back(of);
  return seen;
}

// 100 requests/s, then 80: planned for are 100 and a tenth more, two calls each, at the
// interference of the worse window; 2 ms of CPU a call is what both windows measured.
TEST(DemandMemoryTest, PlansForTheLargestOfTheHorizon) {
  DemandMemory memory({});
  memory.Foresee(Seen(Instant(seconds(0)), 100, 2, 0.6));
  const Observation foreseen = memory.Foresee(Seen(Instant(seconds(15)), 80, 2, 0.2));
  const MicroserviceObservation& of = foreseen.microservices[0];
  EXPECT_NEAR(of.arrival_rate->value(), 220, 1e-9);
  EXPECT_NEAR(of.containers[0].cpu_usage->value, 0.44, 1e-9);
  EXPECT_DOUBLE_EQ(of.containers[0].interference.ValueOr(InterferenceKind::kCpu, 0), 0.6);
}

TEST(DemandMemoryTest, ForgetsWhatIsOlderThanTheHorizon) {
  DemandMemory memory({.horizon = minutes(4), .load_margin = 0});
  memory.Foresee(Seen(Instant(seconds(0)), 100, 2, 0.6));
  const Observation foreseen = memory.Foresee(Seen(Instant(minutes(5)), 80, 2, 0.2));
  EXPECT_NEAR(foreseen.microservices[0].arrival_rate->value(), 160, 1e-9);
}

// A dead microservice receives nothing; the entry's counter says what it would have received.
TEST(DemandMemoryTest, ACollapsedMicroserviceKeepsItsDemand) {
  DemandMemory memory({.horizon = minutes(4), .load_margin = 0});
  memory.Foresee(Seen(Instant(seconds(0)), 100, 2, 0.2));
  const Observation foreseen = memory.Foresee(Seen(Instant(seconds(15)), 300, 2, 0.2, false));
  const MicroserviceObservation& of = foreseen.microservices[0];
  EXPECT_NEAR(of.arrival_rate->value(), 600, 1e-9);
  EXPECT_TRUE(of.containers[0].ready);
  EXPECT_NEAR(of.containers[0].cpu_usage->value, 1.2, 1e-9);
}

TEST(DemandMemoryTest, WhatIsMissingStaysMissing) {
  DemandMemory memory({});
  Observation seen = Seen(Instant(seconds(0)), 100, 2, 0.2);
  seen.microservices[0].arrival_rate = std::nullopt;
  seen.microservices[0].containers[0].interference = Interference();
  const Observation foreseen = memory.Foresee(seen);
  EXPECT_FALSE(foreseen.microservices[0].arrival_rate.has_value());
  EXPECT_EQ(foreseen.microservices[0].containers[0].interference, Interference());
}

}  // namespace
}  // namespace trimtab
