// Grad's plans on a synthetic application whose models are trained networks.
#include "trimtab/scaling/grad/grad_policy.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "trimtab/latency/testing/synthetic_microservice.h"
#include "trimtab/scaling/testing/synthetic_cluster.h"

namespace trimtab {
namespace {

using ::testing::HasSubstr;
using testing::SyntheticCluster;

std::unique_ptr<GradPolicy> Policy(const SyntheticCluster& cluster, const GradOptions& options,
                                   GradEvaluation evaluation = GradEvaluation::kIncremental) {
  return *GradPolicy::Create(cluster.application, cluster.Models(), options, evaluation);
}

// Planning for the demand as it is: these tests are about the search.
GradOptions With(GradFidelity fidelity) {
  GradOptions options;
  options.demand.load_margin = 0;
  options.fidelity = fidelity;
  return options;
}

class GradFidelityTest : public ::testing::TestWithParam<GradFidelity> {};

TEST_P(GradFidelityTest, RaisesUntilTheTailMeetsTheSla) {
  const SyntheticCluster cluster(6, 3, EndToEndKind::kComposition, 0.7, 1);
  const Latency before = cluster.ExpectedTail(cluster.desired);
  const Latency sla = before * 0.8;
  const Plan plan = *Policy(cluster, With(GetParam()))->MakePlan(cluster.Input(sla));
  EXPECT_TRUE(plan.feasible) << plan.summary.message;
  EXPECT_EQ(plan.summary.termination, PlanTermination::kMetSla);
  EXPECT_FALSE(plan.steps.empty());
  EXPECT_LE(*plan.predicted_tail_latency, sla);
  // Floats against doubles.
  EXPECT_NEAR(*plan.predicted_tail_latency / cluster.ExpectedTail(plan.target), 1, 1e-4);
  EXPECT_NEAR(*plan.steps.front().tail_before / before, 1, 1e-4);
  for (const PlanStep& step : plan.steps) {
    EXPECT_GT(step.cost, 0);
    EXPECT_EQ(step.alternatives.size(), 3U);
  }
}

TEST_P(GradFidelityTest, StepsLeadFromTheDesiredAllocationToTheTarget) {
  const SyntheticCluster cluster(6, 3, EndToEndKind::kCorrected, 0.7, 2);
  const Latency sla = cluster.ExpectedTail(cluster.desired) * 0.8;
  const Plan plan = *Policy(cluster, With(GetParam()))->MakePlan(cluster.Input(sla));
  Allocation at = cluster.desired;
  for (const PlanStep& step : plan.steps) {
    EXPECT_EQ(at[step.microservice], step.before);
    at[step.microservice] = step.after;
  }
  EXPECT_EQ(at, plan.target);
}

TEST_P(GradFidelityTest, GivesBackWhatTheSlaDoesNotNeed) {
  const SyntheticCluster cluster(6, 3, EndToEndKind::kComposition, 0.3, 3);
  const Latency sla = cluster.ExpectedTail(cluster.desired) * 2;
  const Plan plan = *Policy(cluster, With(GetParam()))->MakePlan(cluster.Input(sla));
  EXPECT_TRUE(plan.feasible);
  EXPECT_EQ(plan.summary.termination, PlanTermination::kSaved);
  EXPECT_LE(cluster.ExpectedTail(plan.target), sla);
  EXPECT_LT(ResourcePrice::Paper().CostOf(plan.target),
            ResourcePrice::Paper().CostOf(cluster.desired));
  for (const PlanStep& step : plan.steps) EXPECT_LT(step.cost, 0);
}

TEST_P(GradFidelityTest, KeepsWhatIsBetweenTheSlaAndItsSlack) {
  const SyntheticCluster cluster(6, 3, EndToEndKind::kComposition, 0.5, 4);
  GradOptions options = With(GetParam());
  options.confidence = 0.5;  // the calibration's median ratio is 1: no margin
  const Latency sla = cluster.ExpectedTail(cluster.desired) / 0.95;
  const Plan plan = *Policy(cluster, options)->MakePlan(cluster.Input(sla));
  EXPECT_TRUE(plan.feasible);
  EXPECT_TRUE(plan.steps.empty());
  EXPECT_EQ(plan.target, cluster.desired);
  EXPECT_EQ(plan.summary.termination, PlanTermination::kKept);
}

TEST_P(GradFidelityTest, DecidesAsItsFullRecomputation) {
  for (const std::uint64_t seed : {5U, 6U, 7U}) {
    for (const double goal : {0.7, 3.0}) {
      const SyntheticCluster cluster(24, 3, EndToEndKind::kCorrected, goal < 1 ? 0.7 : 0.3, seed);
      const Latency sla = cluster.ExpectedTail(cluster.desired) * goal;
      const PlanningInput input = cluster.Input(sla);
      const Plan fast = *Policy(cluster, With(GetParam()))->MakePlan(input);
      const Plan full =
          *Policy(cluster, With(GetParam()), GradEvaluation::kFullRecompute)->MakePlan(input);
      ASSERT_GT(fast.steps.size(), 5U);
      ASSERT_EQ(fast.steps.size(), full.steps.size());
      for (std::size_t s = 0; s < fast.steps.size(); ++s) {
        EXPECT_EQ(fast.steps[s].microservice, full.steps[s].microservice) << s;
        EXPECT_EQ(fast.steps[s].after, full.steps[s].after) << s;
      }
      EXPECT_NEAR(*fast.predicted_tail_latency / *full.predicted_tail_latency, 1, 1e-5);
    }
  }
}

TEST_P(GradFidelityTest, RaisesToTheWorkingSetByName) {
  SyntheticCluster cluster(3, 1, EndToEndKind::kComposition, 0.5, 8);
  cluster.desired[MicroserviceId(1)].container.memory = Mebibytes(100);
  const Latency sla = cluster.ExpectedTail(cluster.desired) * 10;
  PlanningInput input = cluster.Input(sla);
  input.scale_down_allowed = false;
  const Plan plan = *Policy(cluster, With(GetParam()))->MakePlan(input);
  ASSERT_EQ(plan.steps.size(), 1U);
  EXPECT_EQ(plan.steps[0].action, ScalingAction::kWorkingSet);
  EXPECT_EQ(plan.steps[0].reason, "100Mi refused: the working set of 'm1' is 120Mi");
  EXPECT_EQ(plan.target[MicroserviceId(1)].container.memory, Mebibytes(120));
}

TEST_P(GradFidelityTest, FirstGivesEveryContainerEnoughForItsMeasuredDemand) {
  SyntheticCluster cluster(3, 3, EndToEndKind::kComposition, 0.5, 9);
  // 0.9 core-seconds a second at 0.5 core each: 3 containers need 0.9 / 3 / 0.8 = 0.375 core more
  // than they have if 3 x 0.6 are used, so 1.8 / 0.8 = 2.25 cores over all of them.
  for (ContainerObservation& container : cluster.observation.microservices[1].containers) {
    container.cpu_usage->value = 0.6;
  }
  PlanningInput input = cluster.Input(Latency(1e6));
  input.scale_down_allowed = false;
  const Plan plan = *Policy(cluster, With(GetParam()))->MakePlan(input);
  ASSERT_EQ(plan.steps.size(), 1U);
  EXPECT_EQ(plan.steps[0].action, ScalingAction::kCapacity);
  EXPECT_EQ(plan.steps[0].microservice, MicroserviceId(1));
  EXPECT_EQ(TotalCpu(plan.target[MicroserviceId(1)]), Millicores(2250));
  EXPECT_TRUE(plan.feasible);
}

TEST_P(GradFidelityTest, ReportsWhatBindsWhenTheSlaCannotBeMet) {
  SyntheticCluster cluster(4, 3, EndToEndKind::kComposition, 0.7, 10);
  const Plan plan = *Policy(cluster, With(GetParam()))->MakePlan(cluster.Input(Latency(0.5)));
  EXPECT_FALSE(plan.feasible);
  ASSERT_FALSE(plan.binding.empty());
  EXPECT_THAT(plan.summary.message,
              HasSubstr("bound by " + cluster.application.microservice(plan.binding[0]).name));
}

TEST_P(GradFidelityTest, KeepsWhatHasNoProfile) {
  SyntheticCluster cluster(4, 3, EndToEndKind::kComposition, 0.7, 11);
  cluster.latency[2] = nullptr;
  const Plan plan = *Policy(cluster, With(GetParam()))->MakePlan(cluster.Input(Latency(1)));
  EXPECT_EQ(plan.target[MicroserviceId(2)], cluster.desired[MicroserviceId(2)]);
  EXPECT_NE(plan.target, cluster.desired);
}

TEST_P(GradFidelityTest, RefusesLoadBeyondItsBounds) {
  SyntheticCluster cluster(2, 3, EndToEndKind::kComposition, 0.5, 12);
  cluster.observation.microservices[0].arrival_rate = RequestsPerSecond(1e7);
  const Plan plan = *Policy(cluster, With(GetParam()))->MakePlan(cluster.Input(Latency(1e6)));
  EXPECT_FALSE(plan.feasible);
  EXPECT_EQ(plan.summary.termination, PlanTermination::kNoCapacity);
  EXPECT_EQ(plan.binding[0], MicroserviceId(0));
  EXPECT_EQ(plan.target[MicroserviceId(0)].replicas, 20);
}

INSTANTIATE_TEST_SUITE_P(Both, GradFidelityTest,
                         ::testing::Values(GradFidelity::kPaper, GradFidelity::kCorrected),
                         [](const auto& row) { return std::string(GradFidelityName(row.param)); });

TEST(GradPaperTest, StopsAtTheSlaAndCorrectedKeepsItsMargin) {
  const SyntheticCluster cluster(6, 3, EndToEndKind::kComposition, 0.7, 13);
  const Latency sla = cluster.ExpectedTail(cluster.desired) * 1.05;
  PlanningInput input = cluster.Input(sla);
  input.scale_down_allowed = false;
  EXPECT_TRUE(Policy(cluster, With(GradFidelity::kPaper))->MakePlan(input)->steps.empty());
  // The three calibration ratios are 0.9, 1 and 1.1: with 90 % confidence rank 4 of 3, the last.
  const Plan plan = *Policy(cluster, With(GradFidelity::kCorrected))->MakePlan(input);
  EXPECT_FALSE(plan.steps.empty());
  EXPECT_LE(*plan.predicted_tail_latency * 1.1, sla);
}

// The measured tail is 20 ms above the SLA although the prediction is below: planning goes on until
// the prediction has fallen by what is missing.
TEST(GradPaperTest, GoesOnFromTheMeasuredTailAfterAMiss) {
  SyntheticCluster cluster(6, 3, EndToEndKind::kComposition, 0.7, 14);
  const Latency predicted = cluster.ExpectedTail(cluster.desired);
  const Latency sla = predicted * 1.05;
  cluster.observation.measured_tail_latency = sla + Latency(20);
  const Plan plan = *Policy(cluster, With(GradFidelity::kPaper))->MakePlan(cluster.Input(sla));
  ASSERT_FALSE(plan.steps.empty());
  EXPECT_NEAR(plan.steps[0].tail_before->count(), (sla + Latency(20)).count(), 0.01);
  EXPECT_LE(*plan.predicted_tail_latency, sla);
  EXPECT_LE(cluster.ExpectedTail(plan.target), predicted - Latency(20) + Latency(0.01));
}

// Two seconds above what is predicted: no plan can take that off, so it is not bought at any price.
TEST(GradPaperTest, TakesTenStepsAtMostFromAMeasuredTail) {
  SyntheticCluster cluster(6, 3, EndToEndKind::kComposition, 0.7, 14);
  const Latency sla = cluster.ExpectedTail(cluster.desired) * 1.05;
  cluster.observation.measured_tail_latency = sla + Latency(2000);
  const Plan plan = *Policy(cluster, With(GradFidelity::kPaper))->MakePlan(cluster.Input(sla));
  EXPECT_EQ(plan.steps.size(), 10U);
  EXPECT_EQ(plan.summary.termination, PlanTermination::kIterationLimit);
  EXPECT_FALSE(plan.feasible);
}

TEST(GradCorrectedTest, MultipliesPredictionsByTheMeasuredBias) {
  const SyntheticCluster cluster(6, 3, EndToEndKind::kComposition, 0.7, 15);
  const Latency predicted = cluster.ExpectedTail(cluster.desired);
  PlanningInput input = cluster.Input(predicted * 1.2);
  input.tail_correction = 1.5;
  const Plan plan = *Policy(cluster, With(GradFidelity::kCorrected))->MakePlan(input);
  ASSERT_FALSE(plan.steps.empty());
  EXPECT_NEAR(*plan.steps[0].tail_before / (predicted * 1.5), 1, 1e-4);
  EXPECT_LE(*plan.predicted_tail_latency, input.sla.latency);
}

TEST(GradCorrectedTest, StaysInsideTheCluster) {
  const SyntheticCluster cluster(6, 3, EndToEndKind::kComposition, 0.7, 16);
  PlanningInput input = cluster.Input(Latency(1));
  // 18 containers of 0.5 core and 300 MiB run; there is room for one core and 1 GiB more.
  input.capacity = ClusterCapacity{.cpu = Cores(10), .memory = Mebibytes(18 * 300 + 1024)};
  const Plan plan = *Policy(cluster, With(GradFidelity::kCorrected))->MakePlan(input);
  EXPECT_FALSE(plan.feasible);
  EXPECT_EQ(plan.summary.termination, PlanTermination::kNoCapacity);
  Millicores cpu;
  Bytes memory;
  for (const MicroserviceAllocation& each : plan.target) {
    cpu += TotalCpu(each);
    memory += TotalMemory(each);
  }
  EXPECT_LE(cpu, input.capacity->cpu);
  EXPECT_LE(memory, input.capacity->memory);
}

// Every step is at least as good as any single other candidate: the same model at every candidate,
// in double precision. With only 3 microservices all 9 candidates are evaluated exactly.
TEST(GradCorrectedTest, TakesTheBestGainForItsCost) {
  const SyntheticCluster cluster(3, 2, EndToEndKind::kCorrected, 0.7, 17);
  GradOptions options = With(GradFidelity::kCorrected);
  options.exact_candidates = 9;
  options.confidence = 0.5;
  options.prices = GradPrices::kPaper;
  const Latency before = cluster.ExpectedTail(cluster.desired);
  const Plan plan = *Policy(cluster, options)->MakePlan(cluster.Input(before * 0.5));
  ASSERT_FALSE(plan.steps.empty());
  double best = 0;
  for (std::size_t i = 0; i < 3; ++i) {
    for (const ScalingAction action :
         {ScalingAction::kCpu, ScalingAction::kMemory, ScalingAction::kReplicas}) {
      Allocation other = cluster.desired;
      const MicroserviceId id(i);
      other[id] = *Raised(other[id], action, {options.step_cpu, options.step_memory},
                          cluster.application.microservice(id).bounds);
      const double cost =
          ResourcePrice::Paper().CostOf(other) - ResourcePrice::Paper().CostOf(cluster.desired);
      best = std::max(best, (before - cluster.ExpectedTail(other)).count() / cost);
    }
  }
  EXPECT_NEAR(plan.steps[0].score / best, 1, 1e-3);
}

TEST(GradCorrectedTest, NeverGoesBelowWhatIsInUse) {
  SyntheticCluster cluster(3, 3, EndToEndKind::kComposition, 0.3, 18);
  for (MicroserviceObservation& seen : cluster.observation.microservices) {
    for (ContainerObservation& container : seen.containers) {
      container.memory_usage->value = Mebibytes(250);
    }
  }
  const Plan plan =
      *Policy(cluster, With(GradFidelity::kCorrected))->MakePlan(cluster.Input(Latency(1e6)));
  EXPECT_EQ(plan.summary.termination, PlanTermination::kSaved);
  for (const MicroserviceAllocation& each : plan.target) {
    EXPECT_GE(each.container.memory, Mebibytes(275));  // 10 % above 250 MiB
  }
}

TEST(GradPolicyTest, CountsPendingReplicasAsIfTheyWereThere) {
  SyntheticCluster cluster(4, 3, EndToEndKind::kComposition, 0.7, 19);
  const Latency sla = cluster.ExpectedTail(cluster.desired) * 0.8;
  const auto policy = Policy(cluster, With(GradFidelity::kCorrected));
  const Plan first = *policy->MakePlan(cluster.Input(sla));
  // The world was asked, nothing is ready yet: the same containers run.
  cluster.desired = first.target;
  const Plan second = *policy->MakePlan(cluster.Input(sla));
  EXPECT_TRUE(second.steps.empty()) << second.summary.message;
  EXPECT_EQ(second.target, first.target);
}

TEST(GradPolicyTest, SaysTheSameTwice) {
  const SyntheticCluster cluster(6, 3, EndToEndKind::kCorrected, 0.7, 20);
  const auto policy = Policy(cluster, With(GradFidelity::kCorrected));
  const PlanningInput input = cluster.Input(cluster.ExpectedTail(cluster.desired) * 0.8);
  const Plan first = *policy->MakePlan(input);
  const Plan second = *policy->MakePlan(input);
  EXPECT_EQ(first.target, second.target);
  EXPECT_EQ(*first.predicted_tail_latency, *second.predicted_tail_latency);
}

TEST(GradOptionsTest, ListsEveryViolation) {
  GradOptions options;
  options.step_cpu = Millicores(5);
  options.confidence = std::numeric_limits<double>::quiet_NaN();
  options.exact_candidates = 17;
  const std::string message(options.Validate().message());
  EXPECT_THAT(message, HasSubstr("step_cpu in millicores is 5, expected 10 to 2000"));
  EXPECT_THAT(message, HasSubstr("confidence is nan, expected 0.5 to 0.999"));
  EXPECT_THAT(message, HasSubstr("exact_candidates is 17, expected 1 to 16"));
  EXPECT_TRUE(GradOptions{}.Validate().ok());
}

TEST(GradModelsTest, RefusesAnEndToEndModelOfAnotherApplication) {
  SyntheticCluster cluster(3, 1, EndToEndKind::kComposition, 0.5, 1);
  cluster.end_to_end.microservices[1] = "elsewhere";
  const auto models = GradModels::Create(cluster.application, cluster.latency, cluster.end_to_end);
  EXPECT_THAT(std::string(models.status().message()),
              HasSubstr("knows microservice 'elsewhere', application 'synthetic' does not"));
}

// G23. A working set of 600 MiB: below it the tail is 100 ms whatever is given, above it 20 ms.
// From 300 MiB a step of 100 MiB over the three containers leads to 333 MiB, where nothing is
// gained, and CPU gains nothing anywhere; 4 steps at once lead to 433 MiB and 16 to 833 MiB.
TEST(GradCorrectedTest, CrossesAPlateauInLargerSteps) {
  std::vector<LatencySample> samples = testing::SyntheticMicroservice(1).Grid(7);
  for (LatencySample& sample : samples) {
    sample.tail = Latency(sample.features.container.memory >= Mebibytes(600) ? 20 : 100);
    sample.relative_standard_error = 0;
  }
  NeuralLatencyOptions training;
  training.samples_read = 200'000;
  const NeuralLatencyModel cliff = *NeuralLatencyModel::Fit(samples, training);
  SyntheticCluster cluster(1, 3, EndToEndKind::kComposition, 0.3, 1);
  cluster.latency[0] = &cliff;
  const Latency before = cluster.ExpectedTail(cluster.desired);
  GradOptions options = With(GradFidelity::kCorrected);
  options.least_gain = 0.02;  // the network is not quite flat where its samples are
  const Plan plan = *Policy(cluster, options)->MakePlan(cluster.Input(before * 0.5));
  ASSERT_EQ(plan.steps.size(), 1U) << plan.summary.message;
  EXPECT_EQ(plan.steps[0].action, ScalingAction::kMemory);
  EXPECT_NEAR(InMebibytes(plan.steps[0].after.container.memory), 300 + 1600.0 / 3, 1);
  EXPECT_EQ(plan.summary.termination, PlanTermination::kMetSla);
  EXPECT_LT(cluster.ExpectedTail(plan.target) / before, 0.4);
}

}  // namespace
}  // namespace trimtab
