// What a policy must never do with bad input: allocate less than what runs, or fall over.
#include <cmath>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>

#include "gtest/gtest.h"
#include "trimtab/scaling/derm/derm_policy.h"
#include "trimtab/scaling/testing/synthetic_cluster.h"

namespace trimtab {
namespace {

using testing::SyntheticCluster;

std::unique_ptr<DermPolicy> Make(const SyntheticCluster& cluster, DermOptions options = {}) {
  return *DermPolicy::Create(cluster.application, cluster.LatencyLaws(), options);
}

// Own latencies of 0.2 ms idle: an SLA of 20 ms is easy.
SyntheticCluster Cluster() { return {4, 3, EndToEndKind::kCorrected, 0.7, 3}; }

TEST(DermBadInputTest, KeepsEverythingWithoutAGraphOrALoad) {
  SyntheticCluster cluster = Cluster();
  cluster.observation.graph_classes.clear();
  Plan plan = *Make(cluster)->MakePlan(cluster.Input(Latency(20)));
  EXPECT_EQ(plan.target, cluster.desired);
  EXPECT_NE(plan.summary.message.find("everything stays"), std::string::npos);
  cluster.observation.application_load = RequestsPerSecond(10);
  plan = *Make(cluster)->MakePlan(cluster.Input(Latency(20)));
  EXPECT_EQ(plan.target, cluster.desired);
}

TEST(DermBadInputTest, ClassOfUnknownServicesTakesNothingAway) {
  SyntheticCluster cluster = Cluster();
  for (GraphClassObservation& of : cluster.observation.graph_classes) {
    of.tree = {.microservice = "elsewhere", .steps = {}};
  }
  const Plan plan = *Make(cluster)->MakePlan(cluster.Input(Latency(20)));
  EXPECT_EQ(plan.target, cluster.desired);
}

// 0.2 ms idle in each of four: no allocation ends 95 % within 0.3 ms.
TEST(DermBadInputTest, OutOfReachLowersNothingAndNamesWhatBinds) {
  for (const DermFidelity fidelity : {DermFidelity::kPaper, DermFidelity::kCorrected}) {
    DermOptions options;
    options.fidelity = fidelity;
    const SyntheticCluster cluster = Cluster();
    const Plan plan = *Make(cluster, options)->MakePlan(cluster.Input(Latency(0.3)));
    EXPECT_FALSE(plan.feasible);
    EXPECT_FALSE(plan.binding.empty());
    for (std::size_t i = 0; i < cluster.desired.size(); ++i) {
      EXPECT_GE(plan.target[MicroserviceId(i)].replicas,
                cluster.desired[MicroserviceId(i)].replicas);
    }
  }
}

int TotalOf(const Allocation& allocation) {
  int total = 0;
  for (const MicroserviceAllocation& each : allocation) total += each.replicas;
  return total;
}

TEST(DermBadInputTest, ZeroLoadKeepsWhatRuns) {
  for (const DermFidelity fidelity : {DermFidelity::kPaper, DermFidelity::kCorrected}) {
    DermOptions options;
    options.fidelity = fidelity;
    SyntheticCluster cluster = Cluster();
    cluster.observation.application_load = RequestsPerSecond(0);
    for (MicroserviceObservation& seen : cluster.observation.microservices) {
      seen.arrival_rate = RequestsPerSecond(0);
    }
    const auto plan = Make(cluster, options)->MakePlan(cluster.Input(Latency(20)));
    ASSERT_TRUE(plan.ok()) << plan.status();
    EXPECT_EQ(plan->target, cluster.desired);
  }
}

TEST(DermBadInputTest, ALoadThatIsNoNumberKeepsWhatRuns) {
  for (const double load : {std::nan(""), -1.0, HUGE_VAL}) {
    SyntheticCluster cluster = Cluster();
    cluster.observation.application_load = RequestsPerSecond(load);
    for (MicroserviceObservation& seen : cluster.observation.microservices) {
      seen.arrival_rate = RequestsPerSecond(load);
    }
    const auto plan = Make(cluster)->MakePlan(cluster.Input(Latency(20)));
    ASSERT_TRUE(plan.ok()) << plan.status();
    EXPECT_EQ(plan->target, cluster.desired);
  }
}

// A window's shares are those of its counts, whatever else it says.
TEST(DermBadInputTest, SharesThatDoNotSumToOneChangeNothing) {
  SyntheticCluster cluster = Cluster();
  const Plan right = *Make(cluster)->MakePlan(cluster.Input(Latency(3)));
  for (GraphClassObservation& of : cluster.observation.graph_classes) of.share *= 3;
  const Plan wrong = *Make(cluster)->MakePlan(cluster.Input(Latency(3)));
  EXPECT_EQ(wrong.target, right.target);
}

// A class that no window had shown is part of the first plan after its first trace, which takes no
// less for it.
TEST(DermBadInputTest, AClassNeverSeenIsPlannedForWithItsFirstTrace) {
  SyntheticCluster cluster = Cluster();
  const auto policy = Make(cluster);
  const Plan before = *policy->MakePlan(cluster.Input(Latency(3)));
  GraphClassObservation fresh = cluster.observation.graph_classes.front();
  fresh.id = "fresh";
  fresh.tree.steps.push_back(Sequential({.microservice = "m1", .calls = 3, .steps = {}}));
  cluster.observation.graph_classes.push_back(fresh);
  const Plan after = *policy->MakePlan(cluster.Input(Latency(3)));
  ASSERT_EQ(after.attainment->classes.size(), before.attainment->classes.size() + 1);
  EXPECT_GE(TotalOf(after.target), TotalOf(before.target));
}

// One class of 100,000 visits beside the others: no crash, no less than what runs, and what is not
// part of the graph is still part of the demand.
TEST(DermBadInputTest, AGraphOfAHundredThousandVisitsLowersNothing) {
  for (const bool wide : {true, false}) {
    SyntheticCluster cluster = Cluster();
    GraphClassObservation& of = cluster.observation.graph_classes.front();
    CallTree call{.microservice = "m1", .calls = wide ? 1 : 100'000, .steps = {}};
    of.tree.steps.assign(wide ? 100'000 : 1, Sequential(call));
    const auto plan = Make(cluster)->MakePlan(cluster.Input(Latency(20)));
    ASSERT_TRUE(plan.ok()) << plan.status();
    EXPECT_FALSE(plan->feasible);
    for (std::size_t i = 0; i < cluster.desired.size(); ++i) {
      EXPECT_GE(plan->target[MicroserviceId(i)].replicas,
                cluster.desired[MicroserviceId(i)].replicas);
    }
  }
}

TEST(DermBadInputTest, ProfilesThatAreEmptyOrContradictTheApplicationAreNamed) {
  const SyntheticCluster cluster = Cluster();
  const auto error = [&cluster](auto spoil) {
    DermModels models = cluster.LatencyLaws();
    spoil(models);
    const auto made = DermPolicy::Create(cluster.application, std::move(models), {});
    EXPECT_EQ(made.status().code(), absl::StatusCode::kInvalidArgument);
    return std::string(made.status().message());
  };
  EXPECT_EQ(error([](DermModels& of) { of.levels.clear(); }), "derm's models have no level");
  EXPECT_NE(error([](DermModels& of) { of.microservices.pop_back(); }).find("know 3"),
            std::string::npos);
  EXPECT_NE(error([](DermModels& of) { of.microservices[1].laws.clear(); }).find("0 latency laws"),
            std::string::npos);
  EXPECT_NE(error([](DermModels& of) {
              of.microservices[2].laws[0].curve[0].mean = std::nan("");
            }).find("latency law of 'm2': point 0 has mean nan"),
            std::string::npos);
  EXPECT_NE(error([](DermModels& of) {
              auto& curve = of.microservices[2].laws[0].curve;
              curve.front().load = curve.back().load;  // loads no longer rise
            }).find("latency law of 'm2'"),
            std::string::npos);
}

}  // namespace
}  // namespace trimtab
