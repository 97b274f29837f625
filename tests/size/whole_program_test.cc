// 200 Deployments and 1,000 pods under 20 AppScalers: what the shipped program asks for and writes
// when nothing changes, and what it costs.
#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/servers/eventually.h"
#include "tests/servers/programs.h"
#include "tests/size/size_world.h"

namespace trimtab {
namespace {

using std::chrono::seconds;
using ::testing::AnyOf;
using ::testing::IsEmpty;
using ::testing::StartsWith;

constexpr WorldSize kSize;
constexpr int kCycles = 4;  // of each AppScaler, that are looked at together

// What leads and what is not there are asked for however quiet the cluster is: the lease, and
// whether the kinds of a VPA and of KEDA are known by now.
std::map<std::string, int> RequestsBetween(const ProgramAccount& before,
                                           const ProgramAccount& after) {
  std::map<std::string, int> since;
  for (const auto& [request, count] : after.api_requests) {
    const auto found = before.api_requests.find(request);
    const int more = count - (found == before.api_requests.end() ? 0 : found->second);
    const bool is_of_all_times =
        request.starts_with("update leases") || request.starts_with("get leases") ||
        request == "list verticalpodautoscalers" || request == "list scaledobjects";
    if (more > 0 && !is_of_all_times) since[request] = more;
  }
  return since;
}

class WholeProgramTest : public ::testing::Test {
 protected:
  void SetUp() override {
    servers::RequirePrograms({"etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler",
                              "kubectl", "helm", "prometheus"});
    if (IsSkipped() || HasFatalFailure()) return;
    auto started = SizeWorld::Start(kSize);
    ASSERT_TRUE(started.ok()) << started.status();
    world_ = *std::move(started);
    for (const auto step : {&SizeWorld::Train, &SizeWorld::Deploy, &SizeWorld::Run}) {
      const absl::Status status = (world_.get()->*step)();
      ASSERT_TRUE(status.ok()) << status;
    }
  }

  // The account once there are so many decisions; a failure when they do not come.
  ProgramAccount AwaitDecisions(double decisions) {
    double made = 0;
    const bool came = servers::Eventually(
        [&] {
          made = world_->Decisions().value_or(made);
          return !world_->Alive().ok() || made >= decisions;
        },
        seconds(120));
    EXPECT_TRUE(came && world_->Alive().ok()) << made << " decisions; " << world_->ControllerLog();
    const auto account = world_->Account();
    EXPECT_TRUE(account.ok()) << account.status();
    return account.value_or(ProgramAccount());
  }

  // The accounts before and after some cycles in which nothing was asked for.
  std::pair<ProgramAccount, ProgramAccount> AwaitQuiet(ProgramAccount before) {
    ProgramAccount after;
    std::map<std::string, int> requests;
    for (int tries = 0; tries < 12 && !HasFailure(); ++tries) {
      after = AwaitDecisions(before.decisions + kCycles * kSize.applications);
      requests = RequestsBetween(before, after);
      if (requests.empty()) return {before, after};
      before = after;
    }
    EXPECT_THAT(requests, IsEmpty());
    return {before, after};
  }

  std::unique_ptr<SizeWorld> world_;
};

TEST_F(WholeProgramTest, AQuietClusterGetsNoWriteAndNoReadOfItsPods) {
  // The prediction leans on what is measured and needs some windows until it changes no more.
  const auto [before, after] = AwaitQuiet(AwaitDecisions(kSize.applications));

  const auto conditions = world_->Conditions();
  ASSERT_TRUE(conditions.ok()) << conditions.status();
  EXPECT_EQ(conditions->size(), static_cast<std::size_t>(kSize.applications));
  for (const auto& [name, each] : *conditions) {
    for (const char* type : {"Ready", "MetricsAvailable", "TracesAvailable", "ObjectiveMet"}) {
      EXPECT_THAT(each, ::testing::HasSubstr(std::string(type) + "=True")) << name;
    }
  }
  // Each decision asks a dozen queries, whatever it finds.
  const double decisions = after.decisions - before.decisions;
  const double queries = after.prometheus_requests - before.prometheus_requests;
  EXPECT_GT(queries, 0);
  EXPECT_LE(queries / decisions, 14);
  EXPECT_GT(after.spans, before.spans);

  const auto whole = [](double number) { return static_cast<int>(number + 0.5); };
  RecordProperty("decisions", whole(decisions));
  RecordProperty("queries_of_prometheus", whole(queries));
  RecordProperty("spans", whole(after.spans - before.spans));
  RecordProperty("processor_milliseconds",
                 whole(1000 * (after.processor_seconds - before.processor_seconds)));
  RecordProperty("largest_resident_mebibytes", whole(after.resident_mebibytes));

  // What changes is written, and nothing else: a resize for each pod of one Deployment of 200, no
  // scale, the events of one AppScaler. A status is written whenever what it says has changed.
  ASSERT_TRUE(world_->RaiseLeastCpu(3, 7).ok());
  ASSERT_TRUE(servers::Eventually(
      [&] {
        const auto now = world_->Account();
        return now.ok() &&
               RequestsBetween(after, *now)["patch pods/resize a3-m7"] >= kSize.replicas;
      },
      seconds(120)));
  const auto requests = RequestsBetween(after, AwaitQuiet(*world_->Account()).second);
  for (const auto& [request, count] : requests) {
    if (request == "patch pods/resize a3-m7") {
      EXPECT_EQ(count, kSize.replicas);
    } else {
      EXPECT_THAT(request, AnyOf(StartsWith("patch appscalers/status "), "get appscalers a3",
                                 "create events a3"));
    }
  }
}

}  // namespace
}  // namespace trimtab
