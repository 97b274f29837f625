// The resource AppScaler on a real API server: what it takes, fills in, refuses and shows.
#include <fmt/format.h>

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/servers/server_test.h"

namespace trimtab::servers {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view kSmallest = R"(
apiVersion: trimtab.dev/v1alpha1
kind: AppScaler
metadata: {name: NAME, namespace: default}
spec:
  entry: {serviceName: frontend}
  objective: {latency: 300ms}
  workloads:
  - name: frontend
    targetRef: {apiVersion: apps/v1, kind: Deployment, name: frontend}
)";

// What every field may hold.
constexpr std::string_view kWhole = R"(
apiVersion: trimtab.dev/v1alpha1
kind: AppScaler
metadata: {name: whole, namespace: default}
spec:
  mode: Apply
  algorithm: Derm
  entry:
    serviceName: web
    operations: ["HTTP GET /hotels"]
    arguments: [{attribute: app.distance, buckets: ["1", "3", "6"]}]
  objective: {percentile: "99.9", latency: 1s500ms, window: 5m, share: "0.99"}
  workloads:
  - name: frontend
    targetRef: {apiVersion: apps/v1, kind: Deployment, name: frontend}
    serviceNames: [web, web-canary]
    containers: [app]
    horizontal: {enabled: true, minReplicas: 2, maxReplicas: 20}
    vertical: {apply: InPlace, cpu: {min: 100m, max: 2}, memory: {min: 100Mi, max: 2Gi}, limits: KeepRatio}
  - name: store
    targetRef: {apiVersion: apps/v1, kind: StatefulSet, name: store}
    behavior:
      scaleUp: {stabilization: 30s, tolerance: 5%}
      scaleDown: {stabilization: 30m, maxChange: 10%, tolerance: 100%, maxThrottling: 40%}
  defaults:
    horizontal: {minReplicas: 1, maxReplicas: 10}
    vertical: {apply: "Off"}
  behavior:
    scaleUp: {stabilization: 0s, maxChange: 100%, tolerance: 10%}
    scaleDown: {stabilization: 5m, maxChange: 20%}
    provisioningTimeout: 15m
)";

class AppScalerCrdTest : public ControlPlaneTest {
 protected:
  void SetUp() override {
    ControlPlaneTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    const auto applied = control_plane().Kubectl(
        {"apply", "-f",
         TRIMTAB_SOURCE_DIR "/deploy/helm/trimtab/crds/appscalers.trimtab.dev.yaml"});
    ASSERT_TRUE(applied.ok()) << applied.status();
    const auto established = control_plane().Kubectl(
        {"wait", "--for=condition=Established", "--timeout=60s", "crd/appscalers.trimtab.dev"});
    ASSERT_TRUE(established.ok()) << established.status();
  }

  absl::StatusOr<std::string> Apply(std::string_view resource) const {
    return control_plane().Kubectl({"apply", "--validate=strict", "-f", "-"}, resource);
  }
  absl::StatusOr<std::string> Get(std::string_view name, std::string_view path) const {
    return control_plane().Kubectl(
        {"get", "asc", std::string(name), "-o", fmt::format("jsonpath={{{}}}", path)});
  }
  // The smallest resource under this name, with `from` replaced.
  static std::string Changed(std::string_view name, std::string_view from, std::string_view to) {
    std::string text(kSmallest);
    text.replace(text.find("NAME"), 4, name);
    const std::size_t at = text.find(from);
    EXPECT_NE(at, text.npos) << from;
    if (at != text.npos) text.replace(at, from.size(), to);
    return text;
  }
};

TEST_F(AppScalerCrdTest, FillsInWhatIsNotSaid) {
  const auto applied = Apply(Changed("smallest", "300ms", "300ms"));
  ASSERT_TRUE(applied.ok()) << applied.status();
  const auto spec = Get("smallest", ".spec");
  ASSERT_TRUE(spec.ok()) << spec.status();
  // Nothing writes until somebody says so.
  EXPECT_THAT(*spec, HasSubstr(R"("mode":"Recommend")"));
  EXPECT_THAT(*spec, HasSubstr(R"("algorithm":"Grad")"));
  EXPECT_THAT(*spec, HasSubstr(R"("percentile":"95")"));
  EXPECT_THAT(*spec, HasSubstr(R"("share":"0.95")"));
  EXPECT_THAT(*spec, HasSubstr(R"("window":"60s")"));
}

TEST_F(AppScalerCrdTest, TakesAllThatItDescribes) {
  const auto applied = Apply(kWhole);
  ASSERT_TRUE(applied.ok()) << applied.status();
  const auto cpu = Get("whole", ".spec.workloads[0].vertical.cpu");
  ASSERT_TRUE(cpu.ok()) << cpu.status();
  EXPECT_EQ(*cpu, R"({"max":2,"min":"100m"})");
  const auto behavior = Get("whole", ".spec.workloads[1].behavior");
  ASSERT_TRUE(behavior.ok()) << behavior.status();
  EXPECT_EQ(*behavior,
            R"({"scaleDown":{"maxChange":"10%","maxThrottling":"40%","stabilization":"30m",)"
            R"("tolerance":"100%"},"scaleUp":{"stabilization":"30s","tolerance":"5%"}})");
}

struct Refusal {
  std::string_view name;
  std::string_view from;  // in the smallest resource
  std::string_view to;
  std::string_view message;
};

TEST_F(AppScalerCrdTest, RefusesWhatContradictsItself) {
  const Refusal refusals[] = {
      {"mode", "spec:\n", "spec:\n  mode: Always\n", "spec.mode: Unsupported value"},
      {"entry", "serviceName: frontend", "serviceName: gateway",
       "entry.serviceName is the service of no workload"},
      {"zero", "300ms", "0s", "latency must be above 0"},
      {"unit", "300ms", "300 ms", "spec.objective.latency"},
      {"percentile", "latency: 300ms", "latency: 300ms, percentile: \"0\"",
       "percentile must lie between 0 and 100"},
      {"share", "latency: 300ms", "latency: 300ms, share: \"1.2\"", "spec.objective.share"},
      {"window", "latency: 300ms", "latency: 300ms, window: 2h",
       "window must lie between 10s and 1h"},
      {"replicas", "name: frontend}",
       "name: frontend}\n    horizontal: {minReplicas: 5, maxReplicas: 2}",
       "minReplicas is above maxReplicas"},
      {"cpu", "name: frontend}", "name: frontend}\n    vertical: {cpu: {min: 2, max: 500m}}",
       "min is above max"},
      {"memory", "name: frontend}", "name: frontend}\n    vertical: {memory: {min: lots}}",
       "must be a quantity above 0"},
      {"negative", "name: frontend}", "name: frontend}\n    vertical: {cpu: {min: -1}}",
       "must be a quantity above 0"},
      {"twice", "workloads:\n",
       "workloads:\n  - name: frontend\n    targetRef: {apiVersion: apps/v1, kind: Deployment, "
       "name: x}\n",
       "Duplicate value"},
      {"none", "name: frontend}", "name: \"\"}", "spec.workloads[0].targetRef.name"},
      {"unknown", "spec:\n", "spec:\n  modes: Apply\n", "unknown field \"spec.modes\""},
      {"eviction", "name: frontend}", "name: frontend}\n    vertical: {apply: InPlaceOrEvict}",
       "Unsupported value"},
  };
  for (const Refusal& refusal : refusals) {
    const auto applied = Apply(Changed(refusal.name, refusal.from, refusal.to));
    ASSERT_FALSE(applied.ok()) << refusal.name << ": " << *applied;
    EXPECT_THAT(std::string(applied.status().message()), HasSubstr(refusal.message))
        << refusal.name;
  }
}

TEST_F(AppScalerCrdTest, TheEntryOfAnApplicationStays) {
  ASSERT_TRUE(Apply(Changed("fixed", "300ms", "300ms")).ok());
  std::string moved = Changed("fixed", "serviceName: frontend", "serviceName: other");
  const std::size_t at = moved.find("- name: frontend");
  moved.replace(at, std::string_view("- name: frontend").size(), "- name: other");
  const auto applied = Apply(moved);
  ASSERT_FALSE(applied.ok());
  EXPECT_THAT(std::string(applied.status().message()),
              HasSubstr("the entry of an application cannot be changed"));
}

TEST_F(AppScalerCrdTest, StatusIsItsOwnAndDoesNotCountAsAChange) {
  ASSERT_TRUE(Apply(Changed("seen", "300ms", "300ms")).ok());
  const auto patched = control_plane().Kubectl(
      {"patch", "asc", "seen", "--subresource=status", "--type=merge", "-p",
       R"({"status":{"observedGeneration":1,"objective":{"observed":"284ms","predicted":"251ms",
           "satisfied":true},"podSizes":[{"kind":"Deployment","name":"frontend","container":"app",
           "requests":{"cpu":"400m"},"limits":{"cpu":"400m"},"templateRequests":{"cpu":"200m"}}],
           "conditions":[{"type":"Ready","status":"True","reason":"Reconciled","message":"",
           "lastTransitionTime":"2026-11-21T10:00:00Z"}]}})"});
  ASSERT_TRUE(patched.ok()) << patched.status();
  const auto generation = Get("seen", ".metadata.generation");
  ASSERT_TRUE(generation.ok()) << generation.status();
  EXPECT_EQ(*generation, "1");
  const auto size = Get("seen", ".status.podSizes[0].requests.cpu");
  ASSERT_TRUE(size.ok()) << size.status();
  EXPECT_EQ(*size, "400m");

  const auto table = control_plane().Kubectl({"get", "asc", "seen"});
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_THAT(*table, testing::ContainsRegex("NAME +MODE +ALGO +TARGET +OBSERVED +PREDICTED +READY "
                                             "+REASON +AGE"));
  EXPECT_THAT(*table, testing::ContainsRegex("seen +Recommend +Grad +300ms +284ms +251ms +True "
                                             "+Reconciled"));
}

}  // namespace
}  // namespace trimtab::servers
