// The contract of the port `Actuator`, kept on a real API server.
#include "gtest/gtest.h"
#include "trimtab/cluster/testing/cluster_world.h"
#include "trimtab/deployment/testing/actuator_contract.h"

namespace trimtab {
namespace {

class RealCluster : public ActuatorWorld {
 public:
  RealCluster() { cluster_.Begin(); }
  Actuator& actuator() override { return cluster_.actuator(); }
  Duration settle() override { return std::chrono::seconds(30); }
  // No longer than it takes.
  void LetPass(Duration time) override {
    servers::Eventually(
        [&] {
          cluster_.actuator().Tend().IgnoreError();
          const auto states = cluster_.actuator().State();
          return states.ok() && std::ranges::all_of(*states, [](const MicroserviceState& state) {
                   return state.Effective() && state.draining == 0;
                 });
        },
        std::chrono::duration_cast<std::chrono::milliseconds>(time));
  }

 private:
  class Cluster : public ClusterTest {
   public:
    void Begin() {
      SetUp();
      if (IsSkipped() || HasFatalFailure()) return;
      options_.memory_in_use = [](MicroserviceId) { return Mebibytes(32); };
      Run("Deployment", "front", 2);
      Run("StatefulSet", "store", 1);
      ASSERT_TRUE(BecomesEffective(0));
      ASSERT_TRUE(BecomesEffective(1));
      runner_->SetStartDelay(std::chrono::milliseconds(500));
    }
    using ClusterTest::actuator;

   private:
    void TestBody() override {}
  };
  Cluster cluster_;
};

INSTANTIATE_TEST_SUITE_P(RealCluster, ActuatorContract,
                         testing::Values([] { return std::make_unique<RealCluster>(); }));

}  // namespace
}  // namespace trimtab
