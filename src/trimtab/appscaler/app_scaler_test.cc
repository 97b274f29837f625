// The resource as the API server gives it and as a file has it: defaults, contradictions, places.
#include "trimtab/appscaler/app_scaler.h"

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "trimtab/kubernetes/json_view.h"

namespace trimtab {
namespace {

using Json = nlohmann::json;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): durations

Json Parse(std::string_view text) {
  auto json = JsonFromText(text);
  EXPECT_TRUE(json.ok()) << json.status();
  return json.value_or(Json());
}

Json Shop() {
  return Parse(R"({"apiVersion": "trimtab.dev/v1alpha1", "kind": "AppScaler",
    "metadata": {"name": "hotel", "namespace": "shop", "generation": 4, "resourceVersion": "7"},
    "spec": {"mode": "Apply", "entry": {"serviceName": "web-svc", "operations": ["GET /hotels"]},
      "objective": {"latency": "300ms", "percentile": "99"},
      "defaults": {"horizontal": {"maxReplicas": 10}, "vertical": {"memory": {"min": "50Mi"}}},
      "workloads": [
        {"name": "frontend", "serviceNames": ["web-svc", "web-old"], "containers": ["app"],
         "targetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"},
         "horizontal": {"minReplicas": 2}, "vertical": {"cpu": {"max": 2, "min": "100m"}}},
        {"name": "search", "targetRef": {"apiVersion": "apps/v1", "kind": "StatefulSet",
         "name": "search"}, "behavior": {"scaleUp": {"stabilization": "30s", "tolerance": "5%"},
         "scaleDown": {"maxChange": "10%", "maxThrottling": "40%"}}, "vertical": {"apply": "Off", "limits": "RequestsOnly"}}],
      "behavior": {"scaleDown": {"stabilization": "5m", "maxChange": "20%"},
        "provisioningTimeout": "3m"}}})");
}

std::string ErrorOf(const Json& object) {
  const auto scaler = ReadAppScaler(object);
  EXPECT_EQ(scaler.status().code(), absl::StatusCode::kInvalidArgument) << scaler.status();
  return std::string(scaler.status().message());
}

Json& SpecOf(Json& object) { return object["spec"]; }

TEST(AppScalerTest, IsReadWithTheDefaultsOfResourceAndSchema) {
  const auto scaler = ReadAppScaler(Shop());
  ASSERT_TRUE(scaler.ok()) << scaler.status();
  EXPECT_EQ(scaler->meta.generation, 4);
  EXPECT_EQ(scaler->mode, ScalerMode::kApply);
  EXPECT_EQ(scaler->algorithm, ScalerAlgorithm::kGrad);
  EXPECT_EQ(scaler->objective.quantile, Quantile(0.99));
  EXPECT_EQ(scaler->objective.latency, Latency(300));
  EXPECT_EQ(scaler->objective.window, 60s);
  EXPECT_EQ(scaler->provisioning_timeout, 3min);
  EXPECT_EQ(scaler->behavior.down.stabilization, 5min);
  EXPECT_EQ(scaler->behavior.down.largest_change, 0.2);
  EXPECT_EQ(scaler->behavior.up, DirectionBehavior());
  EXPECT_FALSE(scaler->is_paused);

  ASSERT_EQ(scaler->workloads.size(), 2u);
  EXPECT_EQ(scaler->workloads[0].behavior, ScaleBehavior());
  const ScaleBehavior& own = scaler->workloads[1].behavior;
  EXPECT_EQ(own.up.stabilization, 30s);
  EXPECT_EQ(own.up.tolerance, 0.05);
  EXPECT_EQ(own.up.largest_change, std::nullopt);
  EXPECT_EQ(own.down.largest_change, 0.1);
  EXPECT_EQ(own.most_throttled, 0.4);
  const ScaledWorkload& front = scaler->workloads[0];
  EXPECT_EQ(front.target, (ScaleTarget{"apps/v1", "Deployment", "web"}));
  EXPECT_EQ(front.horizontal.fewest, 2);
  EXPECT_EQ(front.horizontal.most, 10);  // of spec.defaults
  EXPECT_EQ(front.horizontal.enabled, std::nullopt);
  EXPECT_EQ(front.vertical.largest.cpu, Cores(2));
  EXPECT_EQ(front.vertical.smallest.memory, Mebibytes(50));
  EXPECT_THAT(front.containers, ElementsAre("app"));
  const ScaledWorkload& search = scaler->workloads[1];
  EXPECT_THAT(search.service_names, ElementsAre("search"));
  EXPECT_EQ(search.vertical.apply, VerticalApply::kOff);
  EXPECT_EQ(search.vertical.limits, LimitsRule::kRequestsOnly);
  EXPECT_EQ(scaler->FindService("web-old"), &front);
  EXPECT_EQ(scaler->FindService("frontend"), nullptr);
}

TEST(AppScalerTest, ArgumentsAreReadAndTwoOfOneNameAreNot) {
  Json shop = Shop();
  Json& arguments = SpecOf(shop)["entry"]["arguments"];
  arguments = {{{"attribute", "seats"}, {"buckets", {"2", "5"}}},
               {{"attribute", "tier"}, {"buckets", {"gold"}}}};
  const auto scaler = ReadAppScaler(shop);
  ASSERT_TRUE(scaler.ok()) << scaler.status();
  ArgumentBins::Request request(scaler->entry.arguments);
  request.Add("seats", "3");
  request.Add("tier", "free");
  EXPECT_EQ(request.Take(), "seats=2..5;tier=(other)");
  arguments.push_back(arguments[0]);
  EXPECT_THAT(ErrorOf(shop),
              HasSubstr("arguments[2].buckets: the argument 'seats' is given twice"));
}

TEST(AppScalerTest, TheApplicationHasItsWorkloadsBoundsAndEntry) {
  const auto scaler = ReadAppScaler(Shop());
  ASSERT_TRUE(scaler.ok());
  const auto application = ApplicationOf(*scaler);
  ASSERT_TRUE(application.ok()) << application.status();
  EXPECT_EQ(application->name(), "shop/hotel");
  EXPECT_EQ(application->Find("search"), MicroserviceId(1));
  EXPECT_EQ(application->microservice(MicroserviceId(0)).bounds.most_replicas, 10);
  ASSERT_EQ(application->operations().size(), 1u);
  EXPECT_EQ(application->operations()[0].entry_microservice, "frontend");
}

TEST(AppScalerTest, WhatIsFixedLeavesNoRoomInTheBounds) {
  const auto scaler = ReadAppScaler(Shop());
  ASSERT_TRUE(scaler.ok());
  const ContainerConfig size{Millicores(700), Mebibytes(70)};
  const std::vector<FixedAllocation> fixed = {{}, {.replicas = 3, .container = size}};
  const auto application = ApplicationOf(*scaler, fixed);
  ASSERT_TRUE(application.ok());
  const ScalingBounds& bounds = application->microservice(MicroserviceId(1)).bounds;
  EXPECT_EQ(bounds.fewest_replicas, 3);
  EXPECT_EQ(bounds.most_replicas, 3);
  EXPECT_EQ(bounds.smallest, size);
  EXPECT_EQ(bounds.largest, size);
  EXPECT_FALSE(ApplicationOf(*scaler, std::vector<FixedAllocation>(3)).ok());
}

TEST(AppScalerTest, AnAnnotationPauses) {
  Json shop = Shop();
  shop["metadata"]["annotations"] = {{"trimtab.dev/paused", "true"},
                                     {"trimtab.dev/paused-reason", "load test"}};
  const auto scaler = ReadAppScaler(shop);
  ASSERT_TRUE(scaler.ok());
  EXPECT_TRUE(scaler->is_paused);
  EXPECT_EQ(scaler->paused_reason, "load test");
}

TEST(AppScalerTest, AnUnknownFieldOfANewerVersionIsPassedOver) {
  Json shop = Shop();
  shop["spec"]["workloads"][0]["weather"] = "fine";
  EXPECT_TRUE(ReadAppScaler(shop).ok());
}

TEST(AppScalerTest, AContradictionNamesFieldValueAndBound) {
  Json shop = Shop();
  Json& workload = SpecOf(shop)["workloads"][0];
  workload["horizontal"]["minReplicas"] = 11;
  workload["vertical"]["cpu"]["min"] = "2500m";
  workload["vertical"]["memory"] = {{"min", "2Gi"}, {"max", "1Gi"}};
  EXPECT_THAT(
      ErrorOf(shop),
      AllOf(HasSubstr("spec.workloads[0].horizontal.minReplicas: is 11, above maxReplicas 10"),
            HasSubstr("spec.workloads[0].vertical.cpu.min: is 2500m, above max 2"),
            HasSubstr("spec.workloads[0].vertical.memory.min: is 2Gi, above max 1Gi")));
}

TEST(AppScalerTest, DuplicateNamesTargetsAndServicesAreNamed) {
  Json shop = Shop();
  Json& workload = SpecOf(shop)["workloads"][1];
  workload["name"] = "frontend";
  workload["serviceNames"] = {"web-old"};
  workload["targetRef"] = {{"apiVersion", "apps/v1beta1"}, {"kind", "Deployment"}, {"name", "web"}};
  EXPECT_THAT(ErrorOf(shop),
              AllOf(HasSubstr("spec.workloads[1].name: 'frontend' is named twice"),
                    HasSubstr("spec.workloads[1].targetRef: Deployment 'web' is the target of two"),
                    HasSubstr("spec.workloads[1].serviceNames: 'web-old' is the service of two")));
}

struct BadField {
  std::string pointer;  // in the spec
  Json value;
  std::string error;
};

class BadFieldTest : public testing::TestWithParam<BadField> {};

TEST_P(BadFieldTest, IsNamedWithItsValueAndBound) {
  Json shop = Shop();
  SpecOf(shop)[Json::json_pointer(GetParam().pointer)] = GetParam().value;
  EXPECT_THAT(ErrorOf(shop), HasSubstr(GetParam().error));
}

INSTANTIATE_TEST_SUITE_P(
    Fields, BadFieldTest,
    testing::Values(
        BadField{"/mode", "apply", "spec.mode: is 'apply', must be one of Recommend, Apply"},
        BadField{"/entry/serviceName", "x", "spec.entry.serviceName: 'x' is the service of no"},
        BadField{"/entry/serviceName", nullptr, "spec.entry.serviceName: is missing"},
        BadField{"/entry/arguments", {{{"attribute", "d"}}}, "arguments[0].buckets: is missing"},
        BadField{"/entry/arguments",
                 {{{"attribute", ""}, {"buckets", {"1"}}}},
                 "spec.entry.arguments[0].attribute: is empty"},
        BadField{"/entry/arguments",
                 {{{"attribute", "d"}, {"buckets", {"4", "2"}}}},
                 "arguments[0].buckets: argument 'd=4,2' has bounds that do not rise"},
        BadField{"/entry/arguments",
                 {{{"attribute", "d"}, {"buckets", {"a,b"}}}},
                 "arguments[0].buckets: 'a,b' has a ','"},
        BadField{"/objective/latency", "0s", "spec.objective.latency: must be above 0s"},
        BadField{"/objective/latency", 300, "spec.objective.latency: "},
        BadField{"/objective/percentile", "100", "is 100, must lie between 0 and 100"},
        BadField{"/objective/window", "5s", "spec.objective.window: is 5s, must lie between 10s"},
        BadField{"/objective/share", "1", "spec.objective.share: is 1, must lie between 0 and 1"},
        BadField{"/workloads", Json::array(), "spec.workloads: is empty"},
        BadField{"/workloads", "x", "spec.workloads: is a string, must be a list"},
        BadField{"/workloads/0", 3, "spec.workloads[0]: is a number, must be an object"},
        BadField{"/workloads/0/horizontal/minReplicas", 0, "is '0', must be a whole number from 1"},
        BadField{"/workloads/0/vertical/cpu/max", "-1", "spec.workloads[0].vertical.cpu.max: "},
        BadField{"/workloads/0/vertical/cpu/max", "0", "is 0, must be above 0"},
        BadField{"/workloads/0/vertical/memory/min", "many", "vertical.memory.min: "},
        BadField{"/workloads/0/containers", {"a", "a"}, "containers[1]: 'a' is named twice"},
        BadField{"/workloads/0/targetRef", {{"kind", "D"}}, "targetRef.apiVersion: is missing"},
        BadField{"/behavior/scaleDown/maxChange", "0%", "is '0%', must be from 1% to 9999%"},
        BadField{"/workloads/1/behavior/scaleUp/tolerance", "101%",
                 "spec.workloads[1].behavior.scaleUp.tolerance: is 101 %, must be at most 100 %"},
        BadField{"/behavior/scaleDown/stabilization", "5", "scaleDown.stabilization: "}));

constexpr std::string_view kFile = R"(apiVersion: trimtab.dev/v1alpha1
kind: AppScaler
metadata: {name: hotel}
spec:
  entry: {serviceName: web}
  objective: {latency: 300ms}
  workloads:
    - name: web
      targetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
      horizontal: {enabled: true, minReplicas: 2}
      vertical: {apply: Off, cpu: {max: 2}}
)";

TEST(AppScalerYamlTest, AFileIsReadAsTheObject) {
  const auto scaler = ReadAppScalerYaml(kFile, "hotel.yaml");
  ASSERT_TRUE(scaler.ok()) << scaler.status();
  EXPECT_EQ(scaler->workloads[0].horizontal.enabled, true);
  EXPECT_EQ(scaler->workloads[0].horizontal.fewest, 2);
  EXPECT_EQ(scaler->workloads[0].vertical.apply, VerticalApply::kOff);
  EXPECT_EQ(scaler->workloads[0].vertical.largest.cpu, Cores(2));
}

TEST(AppScalerYamlTest, EveryFaultHasItsLine) {
  std::string text(kFile);
  text.replace(text.find("minReplicas: 2"), 14, "minReplicas: 30");
  text.replace(text.find("apply: Off"), 10, "aply: Off");
  text.insert(text.find("  objective"), "  colour: red\n");
  const auto scaler = ReadAppScalerYaml(text, "hotel.yaml");
  EXPECT_THAT(std::string(scaler.status().message()),
              AllOf(HasSubstr("hotel.yaml:6: spec.colour: is unknown; known are "),
                    HasSubstr("hotel.yaml:12: spec.workloads[0].vertical.aply: is unknown"),
                    HasSubstr("hotel.yaml:11: spec.workloads[0].horizontal.minReplicas: is 30")));
}

TEST(AppScalerYamlTest, WhatIsNoYamlSaysWhere) {
  EXPECT_THAT(std::string(ReadAppScalerYaml("a: [", "x.yaml").status().message()),
              HasSubstr("x.yaml:"));
  EXPECT_FALSE(ReadAppScalerYaml("", "x.yaml").ok());
}

}  // namespace
}  // namespace trimtab
