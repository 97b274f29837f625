// What Helm does not do: a newer schema of the resource comes by hand.
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/deploy/chart_test.h"
#include "tests/servers/temporary_folder.h"

namespace trimtab::servers {
namespace {

constexpr ResourceType kDefinitions{"apiextensions.k8s.io", "v1", "customresourcedefinitions"};
constexpr char kDefinition[] = "appscalers.trimtab.dev";
// The words on the field spec.mode, which Helm wrote.
constexpr char kWords[] =
    "/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/mode/description";

class ChartCrdUpgradeTest : public ChartTest {
 protected:
  std::string Words() {
    return Read(ResourcePath(kDefinitions, "", kDefinition))
        .value(nlohmann::json::json_pointer(kWords), "");
  }
};

TEST_F(ChartCrdUpgradeTest, ANewSchemaIsAppliedByHandAndKeepsTheResources) {
  Chart("install", "trimtab", name_space(), {"replicaCount=0"});
  const nlohmann::json scaler = Parsed(R"({"apiVersion":"trimtab.dev/v1alpha1",
    "kind":"AppScaler","metadata":{"name":"shop"},"spec":{"entry":{"serviceName":"web"},
    "objective":{"latency":"300ms"},"workloads":[{"name":"web","targetRef":
    {"apiVersion":"apps/v1","kind":"Deployment","name":"web"}}]}})");
  ASSERT_TRUE(Eventually(
      [&] { return client().Create(ResourcePath(kAppScalers, name_space()), scaler).ok(); }));
  const nlohmann::json before = Read(ResourcePath(kAppScalers, name_space(), "shop"));

  nlohmann::json newer = Read(ResourcePath(kDefinitions, "", kDefinition));
  newer.erase("status");
  newer["metadata"] = {{"name", kDefinition}};
  newer[nlohmann::json::json_pointer(kWords)] = "changed";
  const auto folder = TemporaryFolder::Make("crd");
  ASSERT_TRUE(folder.ok()) << folder.status();
  const auto file = folder->Write("crd.json", newer.dump());
  ASSERT_TRUE(file.ok()) << file.status();
  // As docs/operations.md has it.
  const auto applied =
      control_plane().Kubectl({"apply", "--server-side", "--force-conflicts", "-f", *file});
  ASSERT_TRUE(applied.ok()) << applied.status();
  EXPECT_EQ(Words(), "changed");
  EXPECT_EQ(Read(ResourcePath(kAppScalers, name_space(), "shop")), before);
  // And an upgrade of the release leaves it as it is.
  Chart("upgrade", "trimtab", name_space(), {"replicaCount=0"});
  EXPECT_EQ(Words(), "changed");
  Uninstall("trimtab", name_space());
}

}  // namespace
}  // namespace trimtab::servers
