// Runs the loop on the simulated cluster: the same ports, a world with queues and delays.
#include <memory>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "trimtab/controller/control_loop.h"
#include "trimtab/controller/testing/fake_world.h"
#include "trimtab/scaling/hpa/hpa_policy.h"
#include "trimtab/simulation/simulated_cluster.h"
#include "trimtab/simulation/testing/three_tiers.h"

namespace trimtab {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::IsEmpty;

Instant At(Duration since_start) { return Instant(since_start); }

// 150 requests/s, and twice that from minute 5 to 10.
StepSeries Surge() { return *StepSeries::Create(minutes(5), {150, 300, 150}); }

// An HPA on three tiers under control for `length`.
class ControlledCluster {
 public:
  explicit ControlledCluster(Duration length, StepSeries load = StepSeries::Constant(150)) {
    SimulatedClusterOptions world;
    world.load = std::move(load);
    world.span_share = 0.2;
    cluster_ = *SimulatedCluster::Create(ThreeTiers(), std::move(world));
    policy_ = *HpaPolicy::Create({});
    options_.sla.latency = Latency(300);
    options_.capacity = ClusterCapacity{Cores(32), Gibibytes(32)};
    loop_ = *ControlLoop::Create({.application = cluster_->application(),
                                  .clock = cluster_->clock(),
                                  .traces = cluster_->traces(),
                                  .metrics = cluster_->metrics(),
                                  .actuator = cluster_->actuator(),
                                  .policy = *policy_,
                                  .journal = journal_},
                                 options_);
    length_ = length;
  }
  const ControlRecord& Run() { return loop_->Run(cluster_->clock().Now() + length_); }

  SimulatedCluster& cluster() { return *cluster_; }
  ControlLoop& loop() { return *loop_; }
  const FakeJournal& journal() const { return journal_; }
  int Replicas(std::size_t index) {
    return (*cluster_->actuator().State())[index].desired.replicas;
  }

 private:
  std::unique_ptr<SimulatedCluster> cluster_;
  std::unique_ptr<HpaPolicy> policy_;
  FakeJournal journal_;
  ControlOptions options_;
  std::unique_ptr<ControlLoop> loop_;
  Duration length_{0};
};

TEST(SimulatedLoopTest, FollowsASurgeUpAndDownAgain) {
  ControlledCluster controlled(minutes(8), Surge());
  const ControlRecord& record = controlled.Run();
  EXPECT_EQ(record.decisions, 32);
  EXPECT_GT(record.commits, 0);
  EXPECT_EQ(record.held, 0);
  // Twice the load on middle, 0.6 of 0.9 cores busy: at 80 % it needs 1.2 / 0.24 = 5 of 3.
  EXPECT_GE(controlled.Replicas(1), 5);
  const int peak = controlled.Replicas(1);
  // The HPA's own window is 5 minutes, the loop's one; the surge ends at minute 10.
  controlled.loop().Run(At(minutes(18)));
  EXPECT_LT(controlled.Replicas(1), peak);
}

TEST(SimulatedLoopTest, SeesAWholeObservation) {
  ControlledCluster controlled(minutes(2));
  controlled.Run();
  const Decision decision = controlled.loop().RunOnce();
  EXPECT_THAT(decision.observation.gaps, IsEmpty());
  EXPECT_THAT(decision.troubles, IsEmpty());
  const MicroserviceObservation& middle = decision.observation.microservices[1];
  // One call a request. 45 s of Poisson arrivals at 150/s: standard error 1.2 %, tolerance 4 of it.
  EXPECT_NEAR(decision.observation.application_load->value(), 150, 7.3);
  EXPECT_NEAR(middle.arrival_rate->value(), 150, 7.3);
  // 4 ms each: 0.6 cores; a lognormal of CV 1.5 and 6750 requests give 2.5 % together.
  double cpu = 0;
  for (const ContainerObservation& container : middle.containers) {
    cpu += container.cpu_usage->value;
    EXPECT_TRUE(container.interference.AllPresent());
    EXPECT_TRUE(container.own_latency_tail.has_value());
  }
  EXPECT_NEAR(cpu, 0.6, 0.06);
  EXPECT_GT(decision.observation.tail_samples, 1000U);  // 20 % of 9000
  EXPECT_GT(decision.observation.measured_tail_latency->count(), 10);
}

TEST(SimulatedLoopTest, ReadsTheInterferenceThatWasInjected) {
  ControlledCluster controlled(minutes(4));
  const double shares[] = {0.3, 0.4, 0.5, 0.2};
  for (const InterferenceKind kind : kInterferenceKinds) {
    ASSERT_TRUE(controlled.cluster()
                    .anomalies()
                    .Inject({.host = HostId(0),
                             .kind = kind,
                             .intensity = Ratio(shares[static_cast<std::size_t>(kind)]),
                             .start = At(minutes(2)),
                             .end = At(minutes(60))})
                    .ok());
  }
  controlled.Run();
  const Decision decision = controlled.loop().RunOnce();
  for (const InterferenceKind kind : kInterferenceKinds) {
    // What belongs to the application is subtracted: only the anomaly is left, on its host alone.
    EXPECT_NEAR(decision.observation.hosts[0].interference[kind]->value(),
                shares[static_cast<std::size_t>(kind)], 0.01)
        << InterferenceName(kind);
    EXPECT_NEAR(decision.observation.hosts[1].interference[kind]->value(), 0, 0.01)
        << InterferenceName(kind);
  }
}

TEST(SimulatedLoopTest, TheSameSeedGivesTheSameJournal) {
  ControlledCluster first(minutes(8), Surge());
  ControlledCluster second(minutes(8), Surge());
  first.Run();
  second.Run();
  EXPECT_EQ(first.cluster().latency_digest(), second.cluster().latency_digest());
  ASSERT_EQ(first.journal().entries.size(), second.journal().entries.size());
  for (std::size_t i = 0; i < first.journal().entries.size(); ++i) {
    EXPECT_EQ(first.journal().entries[i].observation, second.journal().entries[i].observation);
    EXPECT_EQ(first.journal().entries[i].plan, second.journal().entries[i].plan);
    EXPECT_EQ(first.journal().entries[i].commitment, second.journal().entries[i].commitment);
  }
  ASSERT_EQ(first.journal().outcomes.size(), second.journal().outcomes.size());
  for (std::size_t i = 0; i < first.journal().outcomes.size(); ++i) {
    EXPECT_EQ(first.journal().outcomes[i].body, second.journal().outcomes[i].body);
  }
}

TEST(SimulatedLoopTest, EveryCommitThatAWindowFollowsIsVerified) {
  ControlledCluster controlled(minutes(8), Surge());
  const ControlRecord& record = controlled.Run();
  std::int64_t applied = 0;
  std::int64_t verified = 0;
  for (const FakeJournal::Outcome& outcome : controlled.journal().outcomes) {
    ++(outcome.kind == OutcomeKind::kApplied ? applied : verified);
  }
  EXPECT_EQ(applied, record.commits);
  EXPECT_GT(verified, 0);
  EXPECT_LE(verified, applied);
  EXPECT_EQ(record.unverified, 0);
}

}  // namespace
}  // namespace trimtab
