// What every policy promises, whatever its idea of scaling. A new policy adds one line at the end.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "trimtab/application/resource_price.h"
#include "trimtab/probability/random_stream.h"
#include "trimtab/scaling/plan_json.h"
#include "trimtab/scaling/policies.h"
#include "trimtab/scaling/testing/permuted_cluster.h"
#include "trimtab/scaling/testing/synthetic_cluster.h"

namespace trimtab {
namespace {

using testing::Permuted;
using testing::SyntheticCluster;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinite = std::numeric_limits<double>::infinity();

struct Contender {
  std::string label;
  std::string policy;
  GradFidelity fidelity;
};

class PolicyContractTest : public ::testing::TestWithParam<Contender> {
 protected:
  static std::unique_ptr<ScalingPolicy> Make(const SyntheticCluster& cluster) {
    PolicyParts parts;
    parts.application = &cluster.application;
    parts.models = cluster.Models();
    parts.grad.fidelity = GetParam().fidelity;
    parts.derm_models = cluster.LatencyLaws();
    const bool paper = GetParam().fidelity == GradFidelity::kPaper;
    parts.derm.fidelity = paper ? DermFidelity::kPaper : DermFidelity::kCorrected;
    parts.allocation = cluster.desired;
    return *MakePolicy(GetParam().policy, parts);
  }

  // A cluster with everything at random but inside its bounds.
  static SyntheticCluster RandomCluster(std::uint64_t seed) {
    RandomStream random(seed, "contract");
    SyntheticCluster cluster(5, 1 + static_cast<int>(random.Below(4)), EndToEndKind::kCorrected,
                             0.2 + random.Uniform(), seed);
    for (std::size_t i = 0; i < cluster.application.size(); ++i) {
      cluster.desired[MicroserviceId(i)].container = {
          .cpu = Millicores(100 + static_cast<std::int64_t>(random.Below(900))),
          .memory = Mebibytes(150 + static_cast<std::int64_t>(random.Below(800)))};
      for (ContainerObservation& container : cluster.observation.microservices[i].containers) {
        container.cpu_usage->value = random.Uniform();
      }
    }
    return cluster;
  }
};

TEST_P(PolicyContractTest, PermutingTheMicroservicesPermutesThePlan) {
  for (const std::uint64_t seed : {1U, 2U, 3U}) {
    const SyntheticCluster cluster(7, 3, EndToEndKind::kCorrected, 0.9, seed);
    const std::vector<std::size_t> order = {3, 6, 0, 5, 1, 4, 2};
    const SyntheticCluster other = Permuted(cluster, order);
    const Latency sla = cluster.ExpectedTail(cluster.desired) * 0.8;
    const Plan plan = *Make(cluster)->MakePlan(cluster.Input(sla));
    const Plan permuted = *Make(other)->MakePlan(other.Input(sla));
    EXPECT_EQ(plan.steps.size(), permuted.steps.size());
    for (std::size_t i = 0; i < order.size(); ++i) {
      EXPECT_EQ(permuted.target[MicroserviceId(i)], plan.target[MicroserviceId(order[i])]) << seed;
    }
  }
}

TEST_P(PolicyContractTest, NoPlanLeavesTheBounds) {
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    const SyntheticCluster cluster = RandomCluster(seed);
    const Latency tail = cluster.ExpectedTail(cluster.desired);
    for (const double goal : {0.3, 1.0, 5.0}) {
      const Plan plan = *Make(cluster)->MakePlan(cluster.Input(tail * goal));
      for (std::size_t i = 0; i < cluster.application.size(); ++i) {
        const ScalingBounds& bounds = cluster.application.microservice(MicroserviceId(i)).bounds;
        const MicroserviceAllocation& each = plan.target[MicroserviceId(i)];
        EXPECT_GE(each.replicas, bounds.fewest_replicas);
        EXPECT_LE(each.replicas, bounds.most_replicas);
        EXPECT_GE(each.container.cpu, bounds.smallest.cpu);
        EXPECT_LE(each.container.cpu, bounds.largest.cpu);
        EXPECT_GE(each.container.memory, std::max(bounds.smallest.memory, bounds.working_set));
        EXPECT_LE(each.container.memory, bounds.largest.memory);
      }
    }
  }
}

TEST_P(PolicyContractTest, AFrozenPlanThatMeetsThePromiseChangesNothing) {
  for (const std::uint64_t seed : {4U, 5U, 6U}) {
    const SyntheticCluster cluster(6, 3, EndToEndKind::kCorrected, 0.5, seed);
    PlanningInput input = cluster.Input(cluster.ExpectedTail(cluster.desired) * 3);
    input.scale_down_allowed = false;
    const Plan plan = *Make(cluster)->MakePlan(input);
    EXPECT_TRUE(plan.feasible);
    EXPECT_EQ(plan.target, cluster.desired);
    EXPECT_TRUE(plan.steps.empty());
  }
}

TEST_P(PolicyContractTest, NothingShrinksWhileFrozen) {
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    const SyntheticCluster cluster = RandomCluster(seed);
    PlanningInput input = cluster.Input(cluster.ExpectedTail(cluster.desired) * 2);
    input.scale_down_allowed = false;
    const Plan plan = *Make(cluster)->MakePlan(input);
    for (std::size_t i = 0; i < cluster.application.size(); ++i) {
      const MicroserviceAllocation& from = cluster.desired[MicroserviceId(i)];
      const MicroserviceAllocation& to = plan.target[MicroserviceId(i)];
      EXPECT_GE(to.replicas, from.replicas);
      EXPECT_GE(to.container.cpu, from.container.cpu);
      EXPECT_GE(to.container.memory, from.container.memory);
    }
  }
}

// Each kind of datum goes missing for one microservice, which would otherwise shrink.
TEST_P(PolicyContractTest, MissingDataNeverShrinks) {
  using Loss = std::function<void(MicroserviceObservation&)>;
  const std::vector<Loss> losses = {[](auto& seen) {
                                      seen.arrival_rate.reset();
                                      seen.containers.clear();
                                    },
                                    [](auto& seen) {
                                      seen.arrival_rate.reset();
                                      for (auto& container : seen.containers) {
                                        container.cpu_usage.reset();
                                        container.memory_usage.reset();
                                        container.container_load.reset();
                                      }
                                    },
                                    [](auto& seen) {
                                      seen.arrival_rate = RequestsPerSecond(kNan);
                                      for (auto& container : seen.containers)
                                        container.cpu_usage->value = kNan;
                                    }};
  for (const Loss& lose : losses) {
    SyntheticCluster cluster(5, 3, EndToEndKind::kCorrected, 0.2, 9);
    lose(cluster.observation.microservices[2]);
    cluster.observation.gaps = {"metrics of m2 are missing"};
    const std::unique_ptr<ScalingPolicy> policy = Make(cluster);
    // Twice, the second time after every stabilisation window.
    for (const int minutes : {10, 20}) {
      cluster.observation.at = Instant(std::chrono::minutes(minutes));
      const Plan plan = *policy->MakePlan(cluster.Input(Latency(1e6)));
      EXPECT_EQ(plan.target[MicroserviceId(2)], cluster.desired[MicroserviceId(2)]);
    }
  }
}

TEST_P(PolicyContractTest, NonsenseInTheObservationNeverReachesThePlan) {
  const std::vector<double> nonsense = {kNan, kInfinite, -kInfinite, -1, 0, 1e300};
  for (const double value : nonsense) {
    SyntheticCluster cluster(4, 2, EndToEndKind::kCorrected, 0.6, 10);
    MicroserviceObservation& seen = cluster.observation.microservices[1];
    seen.arrival_rate = RequestsPerSecond(value);
    seen.own_latency_tail = Latency(value);
    for (ContainerObservation& container : seen.containers) {
      container.cpu_usage->value = value;
      container.container_load->value = RequestsPerSecond(value);
      container.own_latency_tail = Latency(value);
      container.interference = Interference();
    }
    cluster.observation.measured_tail_latency = Latency(value);
    cluster.observation.application_load = RequestsPerSecond(value);
    const Plan plan = *Make(cluster)->MakePlan(cluster.Input(Latency(50)));
    EXPECT_TRUE(std::isfinite(plan.predicted_tail_latency.value_or(Latency(0)).count())) << value;
    // The reader of plans refuses what is not a number.
    const std::string text = PlanToJson(plan, cluster.application);
    EXPECT_TRUE(PlanFromJson(text, cluster.application).ok()) << value << ": " << text;
    for (const MicroserviceAllocation& each : plan.target) {
      EXPECT_TRUE(each.replicas >= 1 && each.replicas <= 20) << value;
    }
  }
}

TEST_P(PolicyContractTest, StepsLeadToTheTarget) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const SyntheticCluster cluster = RandomCluster(seed);
    const Plan plan =
        *Make(cluster)->MakePlan(cluster.Input(cluster.ExpectedTail(cluster.desired) * 0.7));
    Allocation at = cluster.desired;
    for (const PlanStep& step : plan.steps) {
      EXPECT_EQ(at[step.microservice], step.before);
      EXPECT_FALSE(step.reason.empty());
      at[step.microservice] = step.after;
    }
    EXPECT_EQ(at, plan.target);
  }
}

TEST_P(PolicyContractTest, RefusesWhatDoesNotFit) {
  SyntheticCluster cluster(3, 1, EndToEndKind::kCorrected, 0.5, 11);
  const std::unique_ptr<ScalingPolicy> policy = Make(cluster);
  EXPECT_EQ(policy->name(), GetParam().policy);
  for (const double sla : {0.0, -1.0, kNan, kInfinite}) {
    EXPECT_EQ(policy->MakePlan(cluster.Input(Latency(sla))).status().code(),
              absl::StatusCode::kInvalidArgument);
  }
  PlanningInput input = cluster.Input(Latency(100));
  input.tail_correction = 0;
  EXPECT_FALSE(policy->MakePlan(input).ok());
  cluster.desired[MicroserviceId(1)].replicas = 0;
  EXPECT_FALSE(policy->MakePlan(cluster.Input(Latency(100))).ok());
  cluster.observation.microservices.pop_back();
  EXPECT_FALSE(policy->MakePlan(cluster.Input(Latency(100))).ok());
}

INSTANTIATE_TEST_SUITE_P(
    Policies, PolicyContractTest,
    ::testing::Values(Contender{"DermPaper", "derm", GradFidelity::kPaper},
                      Contender{"DermCorrected", "derm", GradFidelity::kCorrected},
                      Contender{"GradPaper", "grad", GradFidelity::kPaper},
                      Contender{"GradCorrected", "grad", GradFidelity::kCorrected},
                      Contender{"Hpa", "hpa", GradFidelity::kCorrected},
                      Contender{"Static", "static", GradFidelity::kCorrected}),
    [](const auto& row) { return row.param.label; });

}  // namespace
}  // namespace trimtab
