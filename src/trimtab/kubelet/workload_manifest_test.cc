#include "trimtab/kubelet/workload_manifest.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "trimtab/simulation/testing/three_tiers.h"

namespace trimtab {
namespace {

using ::testing::HasSubstr;

// Names as ThreeTiers() has them; its own name has a space, which no label may have. What the
// server makes of it is seen in simulated_nodes_server_test.cc.
TEST(WorkloadManifestTest, HasADeploymentForEachMicroservice) {
  const std::string manifest = WorkloadManifest(ThreeTiers());
  for (const char* name : {"front", "middle", "store"}) {
    EXPECT_THAT(manifest, HasSubstr(std::string("kind: Deployment\nmetadata:\n  name: ") + name));
  }
  EXPECT_THAT(manifest, HasSubstr("nodeSelector: {trimtab.dev/simulated: three-tiers}"));
  EXPECT_THAT(manifest, HasSubstr("limits: {cpu: \"300m\", memory: 100Mi}"));
  EXPECT_THAT(manifest, HasSubstr("replicas: 3\n"));
}

}  // namespace
}  // namespace trimtab
