// Objects as API servers of Kubernetes 1.36 write them, read into what scaling needs.
#include <chrono>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "trimtab/kubernetes/autoscaler_view.h"
#include "trimtab/kubernetes/json_view.h"
#include "trimtab/kubernetes/lease.h"
#include "trimtab/kubernetes/limits_view.h"
#include "trimtab/kubernetes/pod_view.h"
#include "trimtab/kubernetes/timestamp.h"
#include "trimtab/kubernetes/workload_view.h"

namespace trimtab {
namespace {

using Json = nlohmann::json;

Json Parse(const std::string& text) {
  auto json = JsonFromText(text);
  EXPECT_TRUE(json.ok()) << json.status() << text;
  return json.value_or(Json());
}

std::string Message(const absl::Status& status) { return std::string(status.message()); }

// A running pod of one container and one sidecar.
Json Pod() {
  return Parse(R"({"kind":"Pod","metadata":{"name":"web-1","namespace":"shop","uid":"u1",
    "resourceVersion":"42","generation":2,"creationTimestamp":"2026-01-01T00:00:00Z",
    "labels":{"app":"web"},"ownerReferences":[{"apiVersion":"apps/v1","kind":"ReplicaSet",
    "name":"web-abc","uid":"r1","controller":true}]},
    "spec":{"nodeName":"n1","containers":[{"name":"app","resources":{
      "requests":{"cpu":"200m","memory":"100Mi"},"limits":{"cpu":"1","memory":"100Mi"}},
      "resizePolicy":[{"resourceName":"cpu","restartPolicy":"NotRequired"},
                      {"resourceName":"memory","restartPolicy":"RestartContainer"}]}],
     "initContainers":[{"name":"proxy","restartPolicy":"Always","resources":{
      "requests":{"cpu":"10m"}}}]},
    "status":{"phase":"Running","qosClass":"Burstable","observedGeneration":2,
     "startTime":"2026-01-01T00:00:01Z",
     "conditions":[{"type":"Ready","status":"True","lastTransitionTime":"2026-01-01T00:00:02Z"}],
     "containerStatuses":[{"name":"app","ready":true,"restartCount":1,
      "state":{"running":{}},"lastState":{"terminated":{"reason":"OOMKilled"}},
      "allocatedResources":{"cpu":"200m","memory":"100Mi"},
      "resources":{"requests":{"cpu":"200m","memory":"100Mi"},
                   "limits":{"cpu":"1","memory":"100Mi"}}}],
     "initContainerStatuses":[{"name":"proxy","ready":true,"resources":{
      "requests":{"cpu":"10m"}}}]}})");
}

ResizeState StateOf(const Json& pod) {
  const auto view = ReadPod(pod);
  EXPECT_TRUE(view.ok()) << view.status();
  return view->Resize();
}

TEST(PodViewTest, ReadsWhoResizedIt) {
  Json pod = Pod();
  EXPECT_THAT(ReadPod(pod)->resized_by, testing::IsEmpty());
  pod["metadata"]["managedFields"] = Parse(R"([
    {"manager":"kube-controller-manager","operation":"Update"},
    {"manager":"kubelet","operation":"Update","subresource":"status"},
    {"manager":"trimtab","operation":"Update","subresource":"resize"},
    {"manager":"kubectl-patch","operation":"Update","subresource":"resize"}])");
  EXPECT_THAT(ReadPod(pod)->resized_by, testing::ElementsAre("trimtab", "kubectl-patch"));
}

TEST(WorkloadViewTest, ReadsWhoHoldsItsReplicas) {
  Json workload = Parse(R"({"kind":"Deployment","metadata":{"name":"web","managedFields":[
    {"manager":"kubectl","operation":"Update","fieldsV1":{"f:spec":{"f:template":{}}}},
    {"manager":"trimtab","operation":"Update","subresource":"scale",
     "fieldsV1":{"f:spec":{"f:replicas":{}}}}]},"spec":{"replicas":2}})");
  EXPECT_EQ(ReadWorkload(workload)->replicas_holder, (FieldHolder{"trimtab", "scale", false}));
  workload["metadata"].erase("managedFields");
  EXPECT_EQ(ReadWorkload(workload)->replicas_holder, FieldHolder{});
}

TEST(PodViewTest, ReadsARunningPod) {
  const auto pod = ReadPod(Pod());
  ASSERT_TRUE(pod.ok()) << pod.status();
  EXPECT_EQ(pod->meta.name, "web-1");
  EXPECT_EQ(pod->meta.generation, 2);
  EXPECT_EQ(pod->meta.labels.at("app"), "web");
  ASSERT_NE(pod->meta.Controller(), nullptr);
  EXPECT_EQ(pod->meta.Controller()->name, "web-abc");
  EXPECT_EQ(pod->meta.created, *ParseTimestamp("2026-01-01T00:00:00Z"));
  EXPECT_EQ(pod->node, "n1");
  EXPECT_EQ(pod->qos_class, "Burstable");
  EXPECT_EQ(pod->containers[0].requests, (ResourceAmounts{Millicores(200), Mebibytes(100)}));
  EXPECT_EQ(pod->containers[0].limits.cpu, Cores(1));
  EXPECT_FALSE(pod->containers[0].cpu_restarts);
  EXPECT_TRUE(pod->containers[0].memory_restarts);
  EXPECT_TRUE(pod->init_containers[0].is_sidecar);
  EXPECT_FALSE(pod->init_containers[0].requests.memory.has_value());
  EXPECT_EQ(pod->StatusOf("app")->restarts, 1);
  EXPECT_EQ(pod->StatusOf("app")->last_end_reason, "OOMKilled");
  EXPECT_EQ(pod->StatusOf("none"), nullptr);
  EXPECT_TRUE(pod->IsReady());
  EXPECT_FALSE(pod->IsUnschedulable());
  EXPECT_EQ(pod->Resize(), ResizeState::kDone);
}

TEST(PodViewTest, LongAnnotationsAreNotKept) {
  Json pod = Pod();
  pod["metadata"]["annotations"] = {{"short", std::string(1024, 'a')},
                                    {"long", std::string(1025, 'a')}};
  EXPECT_EQ(ReadPod(pod)->meta.annotations.size(), 1U);
}

TEST(PodViewTest, ATerminatingPodIsNotReady) {
  Json pod = Pod();
  pod["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z";
  EXPECT_FALSE(ReadPod(pod)->IsReady());
}

TEST(PodViewTest, AResizeGoesThroughItsStates) {
  Json pod = Pod();
  pod["metadata"]["generation"] = 3;
  pod["spec"]["containers"][0]["resources"]["requests"]["cpu"] = "300m";
  EXPECT_EQ(StateOf(pod), ResizeState::kUnseen);
  pod["status"]["observedGeneration"] = 3;
  EXPECT_EQ(StateOf(pod), ResizeState::kInProgress) << "the status does not show it yet";
  const auto condition = [&](const char* type, const char* reason) {
    Json with = pod;
    with["status"]["conditions"].push_back(
        {{"type", type}, {"status", "True"}, {"reason", reason}});
    return StateOf(with);
  };
  EXPECT_EQ(condition("PodResizeInProgress", ""), ResizeState::kInProgress);
  EXPECT_EQ(condition("PodResizeInProgress", "Error"), ResizeState::kFailed);
  EXPECT_EQ(condition("PodResizePending", "Deferred"), ResizeState::kDeferred);
  EXPECT_EQ(condition("PodResizePending", "Infeasible"), ResizeState::kInfeasible);
  EXPECT_EQ(condition("PodResizePending", "Gated"), ResizeState::kDeferred);
  pod["status"]["containerStatuses"][0]["resources"]["requests"]["cpu"] = "0.3";
  EXPECT_EQ(StateOf(pod), ResizeState::kDone) << "300m, written otherwise";
}

TEST(PodViewTest, ASidecarsResizeCountsAndAPlainInitContainersDoesNot) {
  Json pod = Pod();
  pod["spec"]["initContainers"][0]["resources"]["requests"]["cpu"] = "20m";
  EXPECT_EQ(StateOf(pod), ResizeState::kInProgress);
  pod["spec"]["initContainers"][0].erase("restartPolicy");
  EXPECT_EQ(StateOf(pod), ResizeState::kDone);
}

TEST(PodViewTest, APodThatHasNotStartedHasNothingToResize) {
  Json pod = Pod();
  pod["status"] = Json::object();
  EXPECT_EQ(StateOf(pod), ResizeState::kDone);
}

TEST(PodViewTest, RefusesWhatItCannotRead) {
  Json pod = Pod();
  pod["spec"]["containers"][0]["resources"]["limits"]["cpu"] = "lots";
  EXPECT_EQ(Message(ReadPod(pod).status()),
            "spec.containers[app].resources.limits.cpu: cpu 'lots': is not a finite number");
  pod = Pod();
  pod["spec"]["containers"].push_back(pod["spec"]["containers"][0]);
  EXPECT_EQ(Message(ReadPod(pod).status()),
            "spec.containers[app].name: stands already in the list");
  pod = Pod();
  pod["spec"]["containers"] = Json::array();
  EXPECT_EQ(Message(ReadPod(pod).status()), "spec.containers: is empty");
  pod = Pod();
  pod["status"]["containerStatuses"][0]["resources"]["requests"]["memory"] = "-1";
  EXPECT_EQ(Message(ReadPod(pod).status()),
            "status.containerStatuses[app].resources.requests.memory: memory '-1': is negative");
  pod = Pod();
  pod["metadata"]["creationTimestamp"] = "yesterday";
  EXPECT_EQ(Message(ReadPod(pod).status()),
            "metadata.creationTimestamp: time 'yesterday': is not like '2026-01-01T00:00:00Z'");
  EXPECT_EQ(Message(ReadPod(Json::array()).status()), "metadata.name: is missing");
}

Json Deployment() {
  return Parse(R"({"kind":"Deployment","metadata":{"name":"web","generation":4},
    "spec":{"replicas":3,"template":{"spec":{"containers":[{"name":"app","resources":{}}]}}},
    "status":{"observedGeneration":4,"replicas":3,"updatedReplicas":3,"readyReplicas":2,
              "availableReplicas":2}})");
}

TEST(WorkloadViewTest, ReadsADeployment) {
  const auto workload = ReadWorkload(Deployment());
  ASSERT_TRUE(workload.ok()) << workload.status();
  EXPECT_EQ(workload->kind, "Deployment");
  EXPECT_EQ(workload->replicas, 3);
  EXPECT_EQ(workload->ready_replicas, 2);
  EXPECT_EQ(workload->containers[0].name, "app");
  EXPECT_FALSE(workload->has_volume_claims);
  EXPECT_FALSE(workload->IsRollingOut()) << "a pod that is not ready is no rollout";
  EXPECT_EQ(workload->ReplicaFailure(), nullptr);
}

TEST(WorkloadViewTest, ARolloutIsUnseenOrHasPodsOfAnOlderTemplate) {
  Json unseen = Deployment();
  unseen["metadata"]["generation"] = 5;
  EXPECT_TRUE(ReadWorkload(unseen)->IsRollingOut());
  Json older = Deployment();
  older["status"]["updatedReplicas"] = 1;
  EXPECT_TRUE(ReadWorkload(older)->IsRollingOut());
  Json growing = Deployment();
  growing["spec"]["replicas"] = 9;
  EXPECT_FALSE(ReadWorkload(growing)->IsRollingOut()) << "pods over quota are no rollout";
}

TEST(WorkloadViewTest, SeesClaimsPausesAndFailures) {
  Json workload = Deployment();
  workload["spec"]["paused"] = true;
  workload["spec"]["template"]["spec"]["volumes"] = {
      {{"name", "d"}, {"persistentVolumeClaim", {{"claimName", "c"}}}}};
  workload["status"]["conditions"] = {
      {{"type", "ReplicaFailure"}, {"status", "True"}, {"reason", "FailedCreate"}}};
  const auto view = ReadWorkload(workload);
  EXPECT_TRUE(view->is_paused);
  EXPECT_TRUE(view->has_volume_claims);
  ASSERT_NE(view->ReplicaFailure(), nullptr);
  EXPECT_EQ(view->ReplicaFailure()->reason, "FailedCreate");
}

TEST(WorkloadViewTest, ReplicasAreOneByDefaultAndNeverText) {
  Json workload = Deployment();
  workload["spec"].erase("replicas");
  EXPECT_EQ(ReadWorkload(workload)->replicas, 1);
  workload["spec"]["replicas"] = "3";
  EXPECT_EQ(Message(ReadWorkload(workload).status()),
            "spec.replicas: is missing or no whole number");
}

TEST(ScaleViewTest, ReadsWantedAndPresent) {
  const auto scale = ReadScale(Parse(
      R"({"kind":"Scale","metadata":{"name":"web","resourceVersion":"9"},"spec":{"replicas":4},
          "status":{"replicas":2,"selector":"app=web"}})"));
  ASSERT_TRUE(scale.ok());
  EXPECT_EQ(scale->replicas, 4);
  EXPECT_EQ(scale->current_replicas, 2);
  EXPECT_EQ(scale->selector, "app=web");
  EXPECT_EQ(ReadScale(Parse(R"({"metadata":{"name":"w"},"spec":{}})"))->replicas, 0)
      << "the field is left out when it is zero";
}

TEST(HpaViewTest, ReadsTargetAndBounds) {
  const auto hpa = ReadHpa(Parse(R"({"metadata":{"name":"h"},"spec":{"scaleTargetRef":{
    "apiVersion":"apps/v1","kind":"Deployment","name":"web"},"maxReplicas":7},
    "status":{"currentReplicas":2,"desiredReplicas":3}})"));
  ASSERT_TRUE(hpa.ok()) << hpa.status();
  EXPECT_EQ(hpa->target, (ScaleTarget{"apps/v1", "Deployment", "web"}));
  EXPECT_EQ(hpa->fewest, 1);
  EXPECT_EQ(hpa->most, 7);
  EXPECT_EQ(hpa->desired_replicas, 3);
  EXPECT_FALSE(ReadHpa(Parse(R"({"metadata":{"name":"h"}})")).ok());
}

TEST(VpaViewTest, ReadsTargetAndMode) {
  Json vpa = Parse(R"({"metadata":{"name":"v"},"spec":{"targetRef":{"apiVersion":"apps/v1",
    "kind":"Deployment","name":"web"}}})");
  EXPECT_EQ(ReadVpa(vpa)->target, (ScaleTarget{"apps/v1", "Deployment", "web"}));
  EXPECT_EQ(ReadVpa(vpa)->update_mode, "Auto");
  vpa["spec"]["updatePolicy"]["updateMode"] = "Off";
  EXPECT_EQ(ReadVpa(vpa)->update_mode, "Off");
  EXPECT_EQ(Message(ReadVpa(Parse(R"({"metadata":{"name":"v"}})")).status()),
            "spec.targetRef.name: is missing");
}

TEST(ScaledObjectViewTest, TargetsADeploymentUnlessItSaysOtherwise) {
  Json scaled = Parse(R"({"metadata":{"name":"k"},"spec":{"scaleTargetRef":{"name":"web"}}})");
  EXPECT_EQ(ReadScaledObject(scaled)->target, (ScaleTarget{"apps/v1", "Deployment", "web"}));
  scaled["spec"]["scaleTargetRef"]["kind"] = "StatefulSet";
  EXPECT_EQ(ReadScaledObject(scaled)->target.kind, "StatefulSet");
  scaled["spec"].erase("scaleTargetRef");
  EXPECT_FALSE(ReadScaledObject(scaled).ok());
}

TEST(NodeViewTest, ReadsRoomAndReadiness) {
  const auto node = ReadNode(Parse(R"({"metadata":{"name":"n1"},"spec":{"unschedulable":true},
    "status":{"allocatable":{"cpu":"3920m","memory":"8Gi","pods":"110"},
    "capacity":{"cpu":"4","memory":"9Gi"},"nodeInfo":{"operatingSystem":"linux"},
    "addresses":[{"type":"InternalIP","address":"10.0.0.7"},{"type":"Hostname","address":"n1"}],
    "conditions":[{"type":"Ready","status":"Unknown"}]}})"));
  ASSERT_TRUE(node.ok()) << node.status();
  EXPECT_EQ(node->allocatable.cpu, Millicores(3920));
  EXPECT_EQ(node->capacity.memory, Gibibytes(9));
  EXPECT_EQ(node->most_pods, 110);
  EXPECT_EQ(node->addresses, (std::vector<std::string>{"10.0.0.7", "n1"}));
  EXPECT_TRUE(node->is_unschedulable);
  EXPECT_FALSE(node->IsReady());
}

TEST(QuotaViewTest, ReadsBoundsAndUse) {
  const auto quota = ReadQuota(Parse(R"({"metadata":{"name":"q"},"spec":{"scopes":["Terminating"]},
    "status":{"hard":{"requests.cpu":"1k","memory":"4Gi","limits.memory":"8Gi","pods":"10"},
              "used":{"requests.cpu":"1500m","memory":"1Gi","limits.memory":"2Gi","pods":"3"}}})"));
  ASSERT_TRUE(quota.ok()) << quota.status();
  EXPECT_EQ(quota->hard_requests, (ResourceAmounts{Cores(1000), Gibibytes(4)}));
  EXPECT_EQ(quota->used_requests.cpu, Millicores(1500));
  EXPECT_FALSE(quota->hard_limits.cpu.has_value());
  EXPECT_EQ(quota->hard_limits.memory, Gibibytes(8));
  EXPECT_EQ(quota->hard_pods, 10);
  EXPECT_EQ(quota->used_pods, 3);
  EXPECT_TRUE(quota->has_scopes);
  EXPECT_EQ(
      Message(
          ReadQuota(Parse(R"({"metadata":{"name":"q"},"status":{"hard":{"pods":"x"}}})")).status()),
      "status.hard.pods: 'x' is no count");
  EXPECT_EQ(
      Message(ReadQuota(Parse(R"({"metadata":{"name":"q"},"status":{"hard":{"limits.cpu":"x"}}})"))
                  .status()),
      "status.hard.limits.cpu: cpu 'x': is not a finite number");
}

TEST(LimitRangeViewTest, ReadsContainerAndPodBounds) {
  const auto range = ReadLimitRange(Parse(R"({"metadata":{"name":"r"},"spec":{"limits":[
    {"type":"Container","max":{"cpu":"2"},"min":{"memory":"64Mi"}},
    {"type":"Pod","max":{"cpu":"4"}},{"type":"PersistentVolumeClaim","max":{"storage":"1Gi"}}]}})"));
  ASSERT_TRUE(range.ok()) << range.status();
  EXPECT_EQ(range->container.most.cpu, Cores(2));
  EXPECT_EQ(range->container.least.memory, Mebibytes(64));
  EXPECT_EQ(range->pod.most.cpu, Cores(4));
}

TEST(DisruptionBudgetViewTest, ReadsSelectorAndHealth) {
  const auto budget = ReadDisruptionBudget(Parse(R"({"metadata":{"name":"b"},"spec":{"selector":{
    "matchLabels":{"app":"web"},"matchExpressions":[{"key":"x","operator":"Exists"}]}},
    "status":{"desiredHealthy":2,"currentHealthy":3,"disruptionsAllowed":1}})"));
  ASSERT_TRUE(budget.ok());
  EXPECT_EQ(budget->match_labels.at("app"), "web");
  EXPECT_TRUE(budget->has_expressions);
  EXPECT_EQ(budget->desired_healthy, 2);
  EXPECT_EQ(budget->current_healthy, 3);
  EXPECT_EQ(budget->disruptions_allowed, 1);
}

TEST(LeaseViewTest, ReadsHolderAndTimes) {
  const auto lease = ReadLease(Parse(R"({"metadata":{"name":"l","resourceVersion":"3"},"spec":{
    "holderIdentity":"a","leaseDurationSeconds":15,"renewTime":"2026-01-01T00:00:00.000001Z",
    "leaseTransitions":2}})"));
  ASSERT_TRUE(lease.ok()) << lease.status();
  EXPECT_EQ(lease->holder, "a");
  EXPECT_EQ(lease->duration, std::chrono::seconds(15));
  EXPECT_FALSE(lease->acquired.has_value());
  EXPECT_EQ(lease->renewed, *ParseTimestamp("2026-01-01T00:00:00.000001Z"));
  EXPECT_EQ(lease->transitions, 2);
  EXPECT_EQ(
      Message(ReadLease(Parse(R"({"metadata":{"name":"l"},"spec":{"leaseDurationSeconds":-1}})"))
                  .status()),
      "spec.leaseDurationSeconds: -1 is not within 0..86400");
  EXPECT_FALSE(ReadLease(Parse(R"({"metadata":{"name":"l"},"spec":{"renewTime":"now"}})")).ok());
}

}  // namespace
}  // namespace trimtab
