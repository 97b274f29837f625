// The chart's fence on a real API server: of its pods only the holder of the lease may write.
#include <memory>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/deploy/chart_test.h"

namespace trimtab::servers {
namespace {

using ::testing::HasSubstr;

class ChartFenceTest : public ChartTest {
 protected:
  // With the token of a pod of the release.
  std::unique_ptr<ApiClient> AsPod(const std::string& pod) {
    const auto kubeconfig = ServiceAccountKubeconfig(control_plane(), name_space(), "trimtab", pod);
    if (!kubeconfig.ok()) {
      ADD_FAILURE() << kubeconfig.status();
      return nullptr;
    }
    return MakeApiClient({.kubeconfig_flag = *kubeconfig}, clock());
  }
  absl::Status Scale(ApiClient& client) {
    return client
        .Patch(Path(kDeployments, "web", "scale"), PatchType::kMerge,
               Parsed(R"({"spec":{"replicas":1}})"))
        .status();
  }
  absl::Status Resize(ApiClient& client, const std::string& pod) {
    return client
        .Patch(Path(kPods, pod, "resize"), PatchType::kStrategicMerge,
               Parsed(R"({"spec":{"containers":[{"name":"app",
                 "resources":{"requests":{"cpu":"200m"}}}]}})"))
        .status();
  }
  void Hold(const std::string& holder) {
    const auto held = client().Patch(Path(kLeases, "trimtab"), PatchType::kMerge,
                                     {{"spec", {{"holderIdentity", holder}}}});
    ASSERT_TRUE(held.ok()) << held.status();
  }
};

TEST_F(ChartFenceTest, OnlyTheHolderOfTheLeaseMayWrite) {
  MakeWorkload(name_space());
  const std::string web = PodOf(name_space());
  Chart("install", "trimtab", name_space(), {"mode=Apply", "replicaCount=2"});
  ASSERT_TRUE(Eventually([&] {
    return client().Get(Path(kPods, "trimtab-0")).ok() &&
           client().Get(Path(kPods, "trimtab-1")).ok();
  }));
  const auto first = AsPod("trimtab-0");
  const auto second = AsPod("trimtab-1");
  const auto no_pod = As("trimtab", name_space());
  ASSERT_TRUE(first != nullptr && second != nullptr && no_pod != nullptr);

  Make(kLeases, Parsed(R"({"apiVersion":"coordination.k8s.io/v1","kind":"Lease",
    "metadata":{"name":"trimtab"},"spec":{"holderIdentity":"trimtab-0"}})"));
  EXPECT_TRUE(Eventually([&] { return absl::IsPermissionDenied(Scale(*second)); }));
  EXPECT_TRUE(Scale(*first).ok());
  EXPECT_TRUE(Resize(*first, web).ok());
  for (const absl::Status& refused : {Scale(*second), Resize(*second, web)}) {
    EXPECT_TRUE(absl::IsPermissionDenied(refused)) << refused;
    EXPECT_THAT(std::string(refused.message()), HasSubstr("lease trimtab is held by 'trimtab-0'"));
  }

  Hold("trimtab-1");
  EXPECT_TRUE(Eventually([&] { return absl::IsPermissionDenied(Scale(*first)); }));
  EXPECT_TRUE(absl::IsPermissionDenied(Resize(*first, web)));
  EXPECT_TRUE(Scale(*second).ok());

  Hold("");
  EXPECT_TRUE(Eventually([&] { return absl::IsPermissionDenied(Scale(*second)); }));
  // Others are not its business.
  EXPECT_TRUE(Scale(*no_pod).ok());
  EXPECT_TRUE(Scale(client()).ok());
  // A lease that is not there keeps nobody from scaling.
  ASSERT_TRUE(client().Delete(Path(kLeases, "trimtab")).ok());
  EXPECT_TRUE(Scale(client()).ok());
  EXPECT_TRUE(Eventually([&] { return Scale(*first).ok(); }));
  EXPECT_TRUE(Scale(client()).ok());
  Uninstall("trimtab", name_space());
}

}  // namespace
}  // namespace trimtab::servers
