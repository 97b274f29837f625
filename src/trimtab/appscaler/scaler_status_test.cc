// The status as JSON and back, and the patches between two of them.
#include "trimtab/appscaler/scaler_status.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "trimtab/kubernetes/json_view.h"

namespace trimtab {
namespace {

using Json = nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const MicroserviceAllocation kSmall{.replicas = 1, .container = {Millicores(200), Mebibytes(100)}};
const MicroserviceAllocation kLarge{.replicas = 3, .container = {Cores(1), Gibibytes(1)}};

AppScalerStatus FullStatus() {
  AppScalerStatus status{.observed_generation = 4, .mode = "Apply"};
  status.observed = Latency(284.04);
  status.predicted = Latency(251);
  status.satisfied = true;
  status.model = {.digest = "sha256:00",
                  .error_percent = 11,
                  .samples = 12000,
                  .trained_at = Instant(std::chrono::seconds(1'790'000'000))};
  status.workloads = {{"web", kSmall, kLarge, {"MaxCPU"}}};
  status.pod_sizes = {{.kind = "Deployment",
                       .name = "web",
                       .container = "app",
                       .requests = {Millicores(500), Mebibytes(200)},
                       .limits = {Cores(1), std::nullopt},
                       .template_requests = {Millicores(100), Mebibytes(100)}}};
  status.commit = {.id = "42",
                   .step = CommitStep::kLower,
                   .started = Instant(std::chrono::seconds(1'800'000'000)),
                   .changes = {{"web", kSmall, kLarge}}};
  status.last_decision = {.id = "42", .reason = "PredictedAboveTarget", .summary = "web +2"};
  status.conditions = {{.type = "Ready",
                        .status = "True",
                        .reason = "Reconciled",
                        .observed_generation = 4,
                        .since = Instant(std::chrono::seconds(1'800'000'000))}};
  return status;
}

TEST(ScalerStatusTest, IsWrittenAsTheSchemaHasIt) {
  const Json json = ScalerStatusToJson(FullStatus());
  EXPECT_EQ(json["objective"],
            Json({{"observed", "284ms"}, {"predicted", "251ms"}, {"satisfied", true}}));
  EXPECT_EQ(json["workloads"][0]["current"],
            Json({{"replicas", 1}, {"cpu", "200m"}, {"memory", "100Mi"}}));
  EXPECT_EQ(json["podSizes"][0],
            Json({{"kind", "Deployment"},
                  {"name", "web"},
                  {"container", "app"},
                  {"requests", {{"cpu", "500m"}, {"memory", "200Mi"}}},
                  {"limits", {{"cpu", "1"}}},
                  {"templateRequests", {{"cpu", "100m"}, {"memory", "100Mi"}}}}));
  EXPECT_EQ(json["commit"]["step"], "Lower");
  EXPECT_EQ(json["commit"]["startedAt"], "2027-01-15T08:00:00Z");
  EXPECT_EQ(json["conditions"][0]["lastTransitionTime"], "2027-01-15T08:00:00Z");
}

TEST(ScalerStatusTest, IsReadBackAsWritten) {
  const Json json = ScalerStatusToJson(FullStatus());
  std::vector<std::string> faults;
  const AppScalerStatus read = ReadScalerStatus(json, &faults);
  EXPECT_THAT(faults, IsEmpty());
  EXPECT_EQ(read.pod_sizes, FullStatus().pod_sizes);
  EXPECT_EQ(read.commit, FullStatus().commit);
  EXPECT_EQ(ScalerStatusToJson(read), json);
}

TEST(ScalerStatusTest, WhatCannotBeReadIsLeftOutAndNamed) {
  Json json = ScalerStatusToJson(FullStatus());
  json["podSizes"][0]["requests"]["cpu"] = "much";
  json["workloads"][0]["current"]["replicas"] = -1;
  json["objective"]["observed"] = "soon";
  std::vector<std::string> faults;
  const AppScalerStatus read = ReadScalerStatus(json, &faults);
  EXPECT_THAT(read.pod_sizes, IsEmpty());
  EXPECT_EQ(read.workloads[0].current, std::nullopt);
  EXPECT_EQ(read.workloads[0].desired, kLarge);
  EXPECT_THAT(faults,
              ElementsAre(HasSubstr("status.objective.observed: "), HasSubstr("status.current: "),
                          HasSubstr("status.podSizes: requests.cpu: ")));
  EXPECT_EQ(ScalerStatusToJson(ReadScalerStatus(Json("nonsense"), nullptr)), Json::object());
}

// A list is replaced whole; an object key by key; what is gone is null (RFC 7386).
TEST(MergePatchTest, HoldsOnlyWhatDiffers) {
  const Json from = {{"a", 1}, {"b", {{"x", 1}, {"y", 2}}}, {"c", {1, 2}}, {"d", 4}};
  const Json to = {{"a", 1}, {"b", {{"x", 1}, {"y", 3}}}, {"c", {1}}, {"e", 5}};
  const Json patch = MergePatchOf(from, to);
  EXPECT_EQ(patch, Json({{"b", {{"y", 3}}}, {"c", {1}}, {"d", nullptr}, {"e", 5}}));
  Json merged = from;
  merged.merge_patch(patch);
  EXPECT_EQ(merged, to);
  EXPECT_TRUE(MergePatchOf(to, to).empty());
}

TEST(MergePatchTest, AnUnchangedStatusNeedsNoWrite) {
  AppScalerStatus status = FullStatus();
  const Json before = ScalerStatusToJson(status);
  status.observed = Latency(284.02);  // the same within 100 us
  EXPECT_TRUE(MergePatchOf(before, ScalerStatusToJson(status)).empty());
}

}  // namespace
}  // namespace trimtab
