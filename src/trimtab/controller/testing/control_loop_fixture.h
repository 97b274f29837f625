// A control loop in a fake world of two microservices.
#pragma once

#include <algorithm>
#include <memory>
#include <string>

#include "gtest/gtest.h"
#include "trimtab/controller/control_loop.h"
#include "trimtab/controller/testing/fake_world.h"

namespace trimtab {

inline MicroserviceAllocation Sized(int replicas, int millicores = 400, int mebibytes = 200) {
  return {replicas, {Millicores(millicores), Mebibytes(mebibytes)}};
}

class ControlLoopFixture : public testing::Test {
 protected:
  // Stabilisation and the rates of change are tests of SafetyLimits; here they stand aside.
  ControlLoopFixture() {
    options.safety.scale_down_stabilisation = Duration(0);
    options.safety.largest_lower = 1;
    options.safety.largest_lower_in_window = 1;
    options.safety.largest_raise = 100;
    options.safety.largest_raise_in_window = 100;
    options.tails.settle_delay = std::chrono::seconds(5);
    Make();
  }

  void Make() {
    auto made = ControlLoop::Create({.application = application,
                                     .clock = clock,
                                     .traces = traces,
                                     .metrics = metrics,
                                     .actuator = actuator,
                                     .policy = policy,
                                     .journal = journal},
                                    options, stopwatch);
    ASSERT_TRUE(made.ok()) << made.status();
    loop = *std::move(made);
  }

  // Decides now and lets one interval pass.
  Decision Step() {
    Decision decision = loop->RunOnce();
    clock.now = std::max(clock.now, decision.at + options.interval);
    return decision;
  }
  Decision Steps(int count) {
    for (int i = 1; i < count; ++i) Step();
    return Step();
  }

  // From now on the policy asks for this and predicts 250 ms, uncorrected.
  void Ask(const MicroserviceAllocation& first, const MicroserviceAllocation& second) {
    policy.make = [first, second](const PlanningInput& input) {
      Plan plan;
      plan.target = Allocation(2);
      plan.target[MicroserviceId(0)] = first;
      plan.target[MicroserviceId(1)] = second;
      plan.predicted_tail_latency = Latency(250 * input.tail_correction);
      return plan;
    };
  }
  const MicroserviceAllocation& Desired(std::size_t index) const {
    return actuator.states[index].desired;
  }
  static bool Has(const Decision& decision, Degradation what) {
    return std::ranges::any_of(decision.troubles,
                               [what](const Trouble& trouble) { return trouble.what == what; });
  }

  Application application = *Application::Create("two", {{"m0", {}}, {"m1", {}}}, {{"get", "m0"}});
  FakeClock clock;
  FakeActuator actuator{Allocation(2, Sized(2))};
  FakeMetrics metrics{actuator};
  FakeTraces traces;
  FakePolicy policy;
  FakeJournal journal;
  ControlOptions options;
  Stopwatch stopwatch;
  std::unique_ptr<ControlLoop> loop;
};

}  // namespace trimtab
