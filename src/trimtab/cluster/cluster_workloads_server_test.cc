// Workloads that are not scaled like others, and what they share, on a real API server.
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "trimtab/cluster/fixed_allocation.h"
#include "trimtab/cluster/testing/cluster_world.h"

namespace trimtab {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;
using Json = nlohmann::json;

constexpr ContainerConfig kSize{Millicores(200), Mebibytes(128)};
constexpr ContainerConfig kLarger{Millicores(400), Mebibytes(256)};

class ClusterWorkloadsServerTest : public ClusterTest {
 protected:
  FixedAllocation Fixed() {
    const auto states = actuator().State();
    if (!states.ok()) return {};
    return FixedAllocations(scaler_, watch_->View(scaler_), *states).at(0);
  }
  static Json& ResourcesOf(Json& workload) {
    return workload["spec"]["template"]["spec"]["containers"][0]["resources"];
  }
};

// Of three pods each, five must stay: one scale-down by one is allowed, and no other at once.
TEST_F(ClusterWorkloadsServerTest, TwoWorkloadsUnderOneDisruptionBudgetLeaveWhatItDemands) {
  for (const char* name : {"web", "api"}) {
    Json object = TestWorkload("Deployment", name, 3);
    object["spec"]["template"]["metadata"]["labels"]["tier"] = "front";
    RunObject(object);
  }
  ASSERT_TRUE(BecomesEffective(0) && BecomesEffective(1));
  Make(kPodDisruptionBudgets, Parsed(R"({"apiVersion":"policy/v1","kind":"PodDisruptionBudget",
    "metadata":{"name":"front"},
    "spec":{"minAvailable":5,"selector":{"matchLabels":{"tier":"front"}}}})"));
  const auto allows = [&](int pods) {
    return servers::Eventually([&] {
      const auto budgets = watch_->DisruptionBudgets(name_space());
      return budgets.size() == 1 && budgets[0]->observed_generation > 0 &&
             budgets[0]->disruptions_allowed == pods;
    });
  };
  ASSERT_TRUE(allows(1));
  EXPECT_THAT(std::string(Apply({1, kSize}, 0).message()),
              StartsWith("DisruptionBudget: Deployment"));
  ASSERT_TRUE(Apply({2, kSize}, 0).ok());
  // At once, whatever the budget's controller has seen of it.
  const absl::Status refused = Apply({2, kSize}, 1);
  EXPECT_EQ(refused.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(refused.message()), StartsWith("DisruptionBudget: Deployment"));
  EXPECT_EQ(Replicas("api"), 3);
  ASSERT_TRUE(allows(0));
  EXPECT_FALSE(Apply({2, kSize}, 1).ok());
  // A pod more on one side is a pod less on the other.
  ASSERT_TRUE(Apply({3, kSize}, 0).ok());
  ASSERT_TRUE(BecomesEffective(0) && allows(1));
  EXPECT_TRUE(Apply({2, kSize}, 1).ok());
}

// Pods of 3 cores on two nodes of 8, which other tests use, too: one fits, six do not.
TEST_F(ClusterWorkloadsServerTest, AfterARestartPodsWithoutANodeAreAsOldAsTheyAre) {
  Json large = TestWorkload("Deployment", "web", 1);
  ResourcesOf(large)["requests"]["cpu"] = ResourcesOf(large)["limits"]["cpu"] = "3";
  RunObject(large);
  scaler_.provisioning_timeout = std::chrono::seconds(6);
  EXPECT_TRUE(BecomesEffective());
  EXPECT_TRUE(Apply({6, State().desired.container}).ok());
  EXPECT_TRUE(Says("NodeCapacity"));
  Instant youngest{};
  for (const PodView& pod : Pods("web")) youngest = std::max(youngest, *pod.meta.created);
  // Another process, again and again: none of them waits for the whole time.
  EXPECT_TRUE(servers::Eventually([&] {
    actuator_.reset();
    actuator().Tend().IgnoreError();
    return Replicas("web") != 6;
  }));
  EXPECT_GE(clock().Now() - youngest, scaler_.provisioning_timeout);
  EXPECT_THAT(State().reason, HasSubstr("ProvisioningTimedOut: "));
  EXPECT_TRUE(BecomesEffective());
  EXPECT_EQ(State().ready, Replicas("web"));
  // What somebody else asks for is his to give back.
  ScaleByHand("web", 6);
  EXPECT_TRUE(Says("NodeCapacity"));
  scaler_.provisioning_timeout = Duration(0);
  actuator_.reset();
  EXPECT_TRUE(actuator().Tend().ok());
  EXPECT_EQ(Replicas("web"), 6);
  // They would keep the nodes from other tests.
  EXPECT_TRUE(client().Delete(Path(kDeployments, "web")).ok());
  EXPECT_TRUE(servers::Eventually([&] { return Pods("web").empty(); }));
}

TEST_F(ClusterWorkloadsServerTest, OnANodeThatPinsGuaranteedPodsOnlyReplicasAreScaled) {
  Json pinned = TestWorkload("Deployment", "web", 1);
  ResourcesOf(pinned)["requests"] = ResourcesOf(pinned)["limits"] =
      Json{{"cpu", "1"}, {"memory", "128Mi"}};
  RunObject(pinned);
  ASSERT_TRUE(BecomesEffective());
  EXPECT_FALSE(Fixed().container.has_value());
  runner_->Set(PodRunner::Resizes::kPinned);
  // No field of the node tells it: the first resize is what its kubelet refuses.
  ASSERT_TRUE(Apply({1, {Cores(2), Mebibytes(128)}}).ok());
  ASSERT_TRUE(servers::Eventually([&] { return Fixed().container.has_value(); }));
  EXPECT_THAT(Fixed().notes, ElementsAre(HasSubstr("its CPU or memory manager is static")));
  const absl::Status refused = Apply({1, {Cores(3), Mebibytes(128)}});
  EXPECT_THAT(std::string(refused.message()), StartsWith("NotAllowed: "));
  EXPECT_THAT(std::string(refused.message()), HasSubstr("resizes no Guaranteed pods"));
  EXPECT_TRUE(Tends([&] { return CpuLimits("web") == std::vector{Cores(1)}; })) << "taken back";
  // For pods to come, too.
  EXPECT_TRUE(Tends([&] { return book_.sizes.at(0).limits.cpu == Cores(1); }));
  EXPECT_TRUE(Apply({2, State().desired.container}).ok());
  EXPECT_TRUE(servers::Eventually([&] { return State().ready == 2; }));
}

TEST_F(ClusterWorkloadsServerTest, ATemplateWithoutAmountsScalesReplicasOnlyAndSaysWhy) {
  Json bare = TestWorkload("Deployment", "web", 1);
  ResourcesOf(bare) = Json::object();
  RunObject(bare);
  ASSERT_TRUE(servers::Eventually([&] { return State().ready == 1; }));
  EXPECT_THAT(Fixed().notes,
              ElementsAre("size stays: container 'app' has neither request nor limit for CPU"));
  EXPECT_THAT(std::string(Apply({1, kLarger}).message()),
              HasSubstr("container 'app' has neither request nor limit for CPU"));
  EXPECT_TRUE(Apply({2, State().desired.container}).ok());
  EXPECT_TRUE(servers::Eventually([&] { return State().ready == 2; }));
  EXPECT_THAT(book_.sizes, IsEmpty());
}

// It is resized in place, its pods to come by the book; its template stays, and that is said.
TEST_F(ClusterWorkloadsServerTest, AStatefulSetKeepsItsTemplateAndSaysWhy) {
  Run("StatefulSet", "store", 2);
  scaler_.workloads[0].vertical.apply = VerticalApply::kTemplate;
  scaler_.workloads[0].horizontal.enabled = true;
  options_.template_delay = Duration(0);
  ASSERT_TRUE(BecomesEffective());
  EXPECT_THAT(Fixed().notes, ElementsAre("template stays, pods are resized: a StatefulSet would "
                                         "replace its pods, or count them as outdated for ever"));
  const std::vector<PodView> before = Pods("store");
  ASSERT_TRUE(Apply({2, kLarger}).ok());
  ASSERT_TRUE(Tends(
      [&] { return State().Effective() && CpuLimits("store") == std::vector(2, kLarger.cpu); }));
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(actuator().Tend().ok());
  const auto object = client().Get(Path(kStatefulSets, "store"));
  ASSERT_TRUE(object.ok()) << object.status();
  const auto read = ReadWorkload(*object);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->containers[0].limits.cpu, kSize.cpu);
  ASSERT_EQ(book_.sizes.size(), 1U);
  EXPECT_EQ(book_.sizes[0].limits.cpu, kLarger.cpu);
  const std::vector<PodView> after = Pods("store");
  ASSERT_EQ(after.size(), before.size());
  for (std::size_t i = 0; i < after.size(); ++i) EXPECT_EQ(after[i].meta.uid, before[i].meta.uid);
}

}  // namespace
}  // namespace trimtab
