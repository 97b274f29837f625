// `trimtab run` in a cluster that fails: pods that are never ready, resizes that never end, a node
// that is lost, a hand that scales. Nothing becomes smaller by it, and the reason stands in the
// status, the own metrics and `trimtab explain`.
#include <string>
#include <vector>

#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/safety/run_test.h"
#include "tests/servers/eventually.h"
#include "trimtab/kubernetes/json_view.h"

namespace trimtab {
namespace {

using Json = nlohmann::json;

class RunClusterFaultsTest : public RunTest {
 protected:
  static void Kubectl(std::vector<std::string> arguments) {
    const auto done = world().plane().Kubectl(std::move(arguments));
    EXPECT_TRUE(done.ok()) << done.status();
  }
  // The pods of the entry that are not on their way out.
  static std::vector<Json> FrontPods(const RunCase& of) {
    std::vector<Json> front;
    const auto pods = world().client().List(ResourcePath(kPods, of.name()));
    EXPECT_TRUE(pods.ok()) << pods.status();
    for (const Json& pod : pods.ok() ? pods->items : std::vector<Json>()) {
      const bool is_front = TextAt(pod, {"metadata", "name"}).starts_with(kFrontWorkload);
      if (is_front && TextAt(pod, {"metadata", "deletionTimestamp"}).empty()) front.push_back(pod);
    }
    return front;
  }
  static void Annotate(const RunCase& of, const Json& pod, const std::string& fault) {
    Kubectl({"annotate", "pod", TextAt(pod, {"metadata", "name"}), "--namespace", of.name(),
             "--overwrite", fault});
  }
  static void PatchScaler(const RunCase& of, const std::string& json_patch) {
    Kubectl({"patch", "appscaler", of.name(), "--namespace", of.name(), "--type", "json", "-p",
             json_patch});
  }

  // The word of a workload's reason, in all three places.
  static void ExpectWaiting(RunCase& each, const std::string& reason) {
    EXPECT_TRUE(Holds(each, [&](RunCase& of) {
      return of.Condition("AbleToScale").starts_with("False/" + reason);
    })) << reason;
    EXPECT_TRUE(Holds(each, [&](RunCase& of) {
      return of.Metric(fmt::format(
                 R"(trimtab_workload_waiting{{namespace="{0}",app="{0}",workload="front",reason="{1}"}})",
                 of.name(), reason)) == 1;
    })) << reason;
    EXPECT_TRUE(Holds(each, [&](RunCase& of) {
      return of.Explains(fmt::format(R"("waitsBecause":"{}: )", reason));
    })) << reason;
  }
};

struct ResizeFault {
  std::string fault;   // of the node that does it
  std::string reason;  // of the workload
  std::string state;   // of the pods, in the own metrics; empty: it is taken back at once
};

TEST_F(RunClusterFaultsTest, AResizeThatDoesNotEndIsToldByItsReason) {
  const std::vector<ResizeFault> faults = {
      {"resize-stuck", "Resizing", "inprogress"},
      {"resize-deferred", "ResizeDeferred", "deferred"},
      {"resize-infeasible", "ResizeInfeasible", ""},
      {"resize-error", "ResizeFailed", ""},
  };
  RunCases cases;
  for (const ResizeFault& fault : faults) cases.push_back(Make({.name = fault.fault}));
  ASSERT_TRUE(ForEach(cases, [](RunCase& each) { return each.PodsAreReady(); }));
  for (std::size_t i = 0; i < cases.size(); ++i) {
    for (const Json& pod : FrontPods(*cases[i])) {
      Annotate(*cases[i], pod, "trimtab.dev/fault=" + faults[i].fault);
    }
  }
  ASSERT_TRUE(StartAll(cases));
  for (std::size_t i = 0; i < cases.size(); ++i) {
    SCOPED_TRACE(faults[i].fault);
    ExpectWaiting(*cases[i], faults[i].reason);
    if (!faults[i].state.empty()) {
      EXPECT_TRUE(Holds(*cases[i], [&](RunCase& each) {
        return each.Metric(
                       fmt::format(R"(trimtab_pod_resize_state{{state="{}"}})", faults[i].state))
                   .value_or(0) > 0;
      }));
    }
    EXPECT_EQ(cases[i]->Smaller(), "");
  }
}

// The pods that the decision asks for are born with the fault; the two that are there are well.
TEST_F(RunClusterFaultsTest, APodThatIsNeverReadyIsToldAndGivenBack) {
  const auto made = Make({.name = "never-ready"});
  RunCase& each = *made;
  PatchScaler(each, R"([
    {"op":"add","path":"/spec/behavior/provisioningTimeout","value":"10s"},
    {"op":"replace","path":"/spec/workloads/0/vertical","value":{"apply":"Off"}},
    {"op":"replace","path":"/spec/workloads/1/vertical","value":{"apply":"Off"}}])");
  Kubectl({"patch", "deployment", kFrontWorkload, "--namespace", each.name(), "-p",
           R"({"spec":{"template":{"metadata":{"annotations":
              {"trimtab.dev/fault":"never-ready"}}}}})"});
  ASSERT_TRUE(Holds(each, [&](RunCase& of) {
    for (const Json& pod : FrontPods(of)) {
      if (!TextAt(pod, {"metadata", "annotations", "trimtab.dev/fault"}).empty()) {
        Annotate(of, pod, "trimtab.dev/fault-");
      }
    }
    const auto front = world().client().Get(ResourcePath(kDeployments, of.name(), kFrontWorkload));
    return front.ok() && IntegerAt(*front, {"status", "updatedReplicas"}) == 2 &&
           IntegerAt(*front, {"status", "replicas"}) == 2 && of.PodsAreReady();
  }));
  ASSERT_TRUE(each.StartTrimtab().ok());
  ExpectWaiting(each, "NotReady");
  EXPECT_EQ(each.Smaller(), "");
  ExpectWaiting(each, "ProvisioningTimedOut");
  const auto front = world().client().Get(ResourcePath(kDeployments, each.name(), kFrontWorkload));
  ASSERT_TRUE(front.ok()) << front.status();
  EXPECT_EQ(IntegerAt(*front, {"status", "readyReplicas"}), 2) << "the Ready pods stay";
  EXPECT_EQ(each.Smaller(), "");
}

TEST_F(RunClusterFaultsTest, ALostNodeAndAHandThatScalesLowerNothing) {
  RunCases cases;
  cases.push_back(Make({.name = "lost-node", .wants = Wants::kLower}));
  cases.push_back(Make({.name = "by-hand", .wants = Wants::kLower}));
  for (const auto& each : cases) {
    PatchScaler(*each, R"([{"op":"replace","path":"/spec/behavior/scaleDown/stabilization",
                            "value":"25s"}])");
  }
  ASSERT_TRUE(StartAll(cases));
  ASSERT_TRUE(ForEach(cases, [](RunCase& each) {
    return each.Condition("MetricsAvailable").starts_with("True/");
  }));
  RunCase& lost = *cases[0];
  RunCase& by_hand = *cases[1];
  Kubectl({"annotate", "node", lost.name(), "trimtab.dev/fault=lost"});
  Kubectl({"scale", "deployment", kFrontWorkload, "--replicas=3", "--namespace", by_hand.name()});

  EXPECT_TRUE(Holds(by_hand, [](RunCase& of) {
    return of.Condition("ScalingActive").find("someone else asks for 3") != std::string::npos;
  })) << "until the window is over";
  EXPECT_TRUE(Holds(by_hand, [](RunCase& of) {
    return of.Metric(R"(trimtab_actions_suppressed_total{reason="FieldConflict"})").value_or(0) > 0;
  }));
  EXPECT_TRUE(Holds(by_hand, [](RunCase& of) { return of.Explains("foreign-change"); }));
  EXPECT_EQ(by_hand.Smaller(), "");

  EXPECT_TRUE(Holds(lost, [](RunCase& of) {
    return of.Condition("MetricsAvailable").starts_with("False/StaleMetrics");
  }));
  EXPECT_TRUE(Holds(lost, [](RunCase& of) {
    return of.Metric(R"(trimtab_actions_suppressed_total{reason="StaleMetrics"})").value_or(0) > 0;
  }));
  EXPECT_TRUE(Holds(lost, [](RunCase& of) { return of.Explains("no cpu samples within"); }));
  EXPECT_EQ(lost.Smaller(), "");

  Kubectl({"annotate", "node", lost.name(), "trimtab.dev/fault-"});
  // It was wanted all the time.
  for (RunCase* each : {&by_hand, &lost}) {
    EXPECT_TRUE(
        Holds(*each, [](RunCase& of) { return of.HasLowered(); }, std::chrono::seconds(90)));
  }
}

}  // namespace
}  // namespace trimtab
