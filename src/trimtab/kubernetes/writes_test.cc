// The bodies of every write, and what is refused before anything is sent.
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "trimtab/kubernetes/cluster_event.h"
#include "trimtab/kubernetes/json_view.h"
#include "trimtab/kubernetes/lease.h"
#include "trimtab/kubernetes/testing/fake_api.h"
#include "trimtab/kubernetes/timestamp.h"
#include "trimtab/kubernetes/workload_writes.h"

namespace trimtab {
namespace {

using ::testing::HasSubstr;
using Json = nlohmann::json;

LoopbackServer::Responder Answer(int status, std::string body) {
  return [=](const FakeApi::Request&, const LoopbackConnection& connection) {
    connection.Answer(status, body);
  };
}

constexpr const char* kScale =
    R"({"kind":"Scale","metadata":{"name":"web","resourceVersion":"8"},"spec":{"replicas":5}})";
const ObjectName kWeb{kDeployments, "shop", "web"};

TEST(SetReplicasTest, SendsTheVersionAlong) {
  FakeApi api(Answer(200, kScale));
  const auto scale = SetReplicas(api.client(), kWeb, 5, "7");
  ASSERT_TRUE(scale.ok()) << scale.status();
  EXPECT_EQ(scale->replicas, 5);
  EXPECT_EQ(scale->meta.resource_version, "8");
  EXPECT_EQ(api.requests()[0].target,
            "/apis/apps/v1/namespaces/shop/deployments/web/scale?fieldManager=trimtab&"
            "fieldValidation=Strict");
  EXPECT_EQ(api.requests()[0].body,
            R"({"metadata":{"resourceVersion":"7"},"spec":{"replicas":5}})");
}

TEST(SetReplicasTest, RefusesBlindAndNegativeWrites) {
  FakeApi api(Answer(200, kScale));
  EXPECT_EQ(SetReplicas(api.client(), kWeb, -1, "7").status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(SetReplicas(api.client(), kWeb, 1, "").status().message()),
              HasSubstr("scaling 'shop/web' to 1 replicas at version ''"));
  EXPECT_TRUE(api.requests().empty());
}

PodView Pod() {
  return {.meta = {.name = "web-1", .name_space = "shop", .uid = "u1"},
          .containers = {{.name = "log", .resources_text = "{}"},
                         {.name = "app",
                          .resources_text = R"({"requests":{"cpu":"0.2","memory":"100Mi"},)"
                                            R"("limits":{"cpu":"1"}})"}},
          .init_containers = {{.name = "setup"},
                              {.name = "proxy", .is_sidecar = true, .resources_text = "{}"}}};
}

TEST(ResizePatchTest, TestsNameAndResourcesAndKeepsWhatIsNotNamed) {
  const auto patch = ResizePatch(Pod(), {{.container = "app",
                                          .requests = {.cpu = Millicores(300)},
                                          .limits = {.cpu = Cores(2), .memory = Mebibytes(200)}}});
  ASSERT_TRUE(patch.ok()) << patch.status();
  EXPECT_EQ(DumpJson(*patch),
            R"([{"op":"test","path":"/spec/containers/1/name","value":"app"},)"
            R"({"op":"test","path":"/spec/containers/1/resources","value":{"limits":{"cpu":"1"},)"
            R"("requests":{"cpu":"0.2","memory":"100Mi"}}},)"
            R"({"op":"replace","path":"/spec/containers/1/resources","value":{"limits":{"cpu":"2",)"
            R"("memory":"200Mi"},"requests":{"cpu":"300m","memory":"100Mi"}}}])");
}

TEST(ResizePatchTest, ReachesSidecarsAndRefusesOtherInitContainers) {
  const auto patch =
      ResizePatch(Pod(), {{.container = "proxy", .requests = {.cpu = Millicores(1)}}});
  EXPECT_EQ(TextAt((*patch)[0], {"path"}), "/spec/initContainers/1/name");
  EXPECT_EQ(std::string(ResizePatch(Pod(), {{.container = "setup"}}).status().message()),
            "resizing pod 'shop/web-1': container 'setup' is an init container that is no sidecar");
  EXPECT_EQ(std::string(ResizePatch(Pod(), {{.container = "none"}}).status().message()),
            "resizing pod 'shop/web-1': container 'none' does not exist");
}

TEST(ResizePodTest, ASubresourceThatIsMissingIsTold) {
  FakeApi api(Answer(404, "404 page not found"));
  EXPECT_EQ(ResizePod(api.client(), Pod(), {{.container = "app"}}).status().code(),
            absl::StatusCode::kUnimplemented);
  FakeApi gone(Answer(404, StatusBody(404, "NotFound", R"(pods \"web-1\" not found)")));
  EXPECT_EQ(ResizePod(gone.client(), Pod(), {{.container = "app"}}).status().code(),
            absl::StatusCode::kNotFound);
}

TEST(ResizePodTest, APatchThatDoesNotApplyIsAConflictAndAnInvalidPodIsNot) {
  FakeApi changed(Answer(422, StatusBody(422, "Invalid")));
  EXPECT_EQ(ResizePod(changed.client(), Pod(), {{.container = "app"}}).status().code(),
            absl::StatusCode::kAborted);
  FakeApi invalid(Answer(
      422, StatusBody(422, "Invalid", "m", R"({"causes":[{"reason":"FieldValueInvalid"}]})")));
  EXPECT_EQ(ResizePod(invalid.client(), Pod(), {{.container = "app"}}).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(PatchStatusTest, WritesTheSubresourceWithAVersionIfAsked) {
  FakeApi api(Answer(200, "{}"));
  const ObjectName scaler{{"trimtab.dev", "v1alpha1", "appscalers"}, "shop", "hotel"};
  ASSERT_TRUE(PatchStatus(api.client(), scaler, {{"a", 1}}, std::nullopt).ok());
  ASSERT_TRUE(PatchStatus(api.client(), scaler, {{"a", 1}}, "7").ok());
  EXPECT_THAT(api.requests()[0].target,
              HasSubstr("/apis/trimtab.dev/v1alpha1/namespaces/shop/appscalers/hotel/status?"));
  EXPECT_EQ(api.requests()[0].body, R"({"status":{"a":1}})");
  EXPECT_EQ(api.requests()[1].body, R"({"metadata":{"resourceVersion":"7"},"status":{"a":1}})");
}

const LeaseClaim kClaim{.name_space = "shop", .name = "trimtab", .identity = "me"};
const Instant kNow = *ParseTimestamp("2026-01-01T00:00:10Z");

LeaseView LeaseOf(const std::string& holder) {
  return {.meta = {.name = "trimtab", .resource_version = "5"},
          .holder = holder,
          .acquired = *ParseTimestamp("2026-01-01T00:00:00Z"),
          .transitions = 3};
}

// The spec that a write sent.
Json SpecOf(const FakeApi& api) { return JsonFromText(api.requests().back().body)->at("spec"); }

TEST(LeaseTest, EachWriteSendsWhatItMeans) {
  FakeApi api(Answer(200, R"({"metadata":{"name":"trimtab"}})"));
  ASSERT_TRUE(CreateLease(api.client(), kClaim, kNow).ok());
  EXPECT_EQ(api.requests()[0].method, "POST");
  EXPECT_EQ(SpecOf(api), (Json{{"holderIdentity", "me"},
                               {"leaseDurationSeconds", 15},
                               {"acquireTime", "2026-01-01T00:00:10.000000Z"},
                               {"renewTime", "2026-01-01T00:00:10.000000Z"},
                               {"leaseTransitions", 0}}));
  ASSERT_TRUE(TakeLease(api.client(), LeaseOf("other"), kClaim, kNow).ok());
  EXPECT_EQ(SpecOf(api).at("leaseTransitions"), 4);
  EXPECT_THAT(api.requests().back().body, HasSubstr(R"("resourceVersion":"5")"));
  ASSERT_TRUE(RenewLease(api.client(), LeaseOf("me"), kClaim, kNow).ok());
  EXPECT_EQ(SpecOf(api).at("acquireTime"), "2026-01-01T00:00:00.000000Z");
  EXPECT_EQ(SpecOf(api).at("renewTime"), "2026-01-01T00:00:10.000000Z");
  EXPECT_EQ(SpecOf(api).at("leaseTransitions"), 3);
  ASSERT_TRUE(ReleaseLease(api.client(), LeaseOf("me"), kClaim, kNow).ok());
  EXPECT_EQ(SpecOf(api).at("holderIdentity"), "");
  EXPECT_EQ(SpecOf(api).at("leaseDurationSeconds"), 1);
}

TEST(LeaseTest, OnlyTheHolderRenewsAndReleases) {
  FakeApi api(Answer(200, "{}"));
  const absl::Status status = RenewLease(api.client(), LeaseOf("other"), kClaim, kNow).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(std::string(status.message()), "lease 'shop/trimtab' is held by 'other', not by 'me'");
  EXPECT_FALSE(ReleaseLease(api.client(), LeaseOf(""), kClaim, kNow).ok());
  EXPECT_TRUE(api.requests().empty());
}

TEST(CreateEventTest, CutsNotesBetweenCharacters) {
  FakeApi api(Answer(201, "{}"));
  ClusterEvent event{.api_version = "apps/v1",
                     .kind = "Deployment",
                     .name_space = "shop",
                     .name = "web",
                     .uid = "u",
                     .reason = "ScaledUp",
                     .action = "Scale",
                     .note = std::string(1023, 'a') + "é",
                     .instance = "pod-1"};
  ASSERT_TRUE(CreateEvent(api.client(), event, kNow).ok());
  const Json body = *JsonFromText(api.requests()[0].body);
  EXPECT_EQ(TextAt(body, {"note"}), std::string(1023, 'a'));
  // 1767225610 s in nanoseconds, in hexadecimal digits
  EXPECT_EQ(TextAt(body, {"metadata", "name"}), "web.scaledup.188672544205e400");
  EXPECT_EQ(TextAt(body, {"type"}), "Normal");
  EXPECT_EQ(TextAt(body, {"regarding", "uid"}), "u");
  event.reason = std::string(300, 'r');
  EXPECT_EQ(CreateEvent(api.client(), event, kNow).code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace trimtab
