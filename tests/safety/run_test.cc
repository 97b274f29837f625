#include "tests/safety/run_test.h"

#include <iostream>
#include <utility>

#include "tests/servers/eventually.h"
#include "tests/servers/programs.h"

namespace trimtab {
namespace {

// GoogleTest owns it, and calls TearDown after the last test.
class SharedRunWorld : public testing::Environment {
 public:
  void TearDown() override { world_.reset(); }
  // The failure of the first start is the answer to all that ask.
  absl::StatusOr<RunWorld*> Get() {
    if (!has_asked_) {
      has_asked_ = true;
      auto started = RunWorld::Start();
      failure_ = started.status();
      if (started.ok()) world_ = *std::move(started);
    }
    if (!failure_.ok()) return failure_;
    return world_.get();
  }

 private:
  bool has_asked_ = false;
  absl::Status failure_;
  std::unique_ptr<RunWorld> world_;
};

auto* const shared =
    static_cast<SharedRunWorld*>(testing::AddGlobalTestEnvironment(new SharedRunWorld));

}  // namespace

void RunTest::SetUp() {
  servers::RequirePrograms({"etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler",
                            "kubectl", "prometheus"});
  if (IsSkipped() || HasFatalFailure()) return;
  const auto world = shared->Get();
  ASSERT_TRUE(world.ok()) << world.status();
}

RunWorld& RunTest::world() { return **shared->Get(); }

std::unique_ptr<RunCase> RunTest::Make(RunOptions options) {
  auto made = std::make_unique<RunCase>(world(), std::move(options));
  const absl::Status status = made->Make();
  EXPECT_TRUE(status.ok()) << made->name() << ": " << status;
  return made;
}

bool RunTest::StartAll(const RunCases& cases) {
  if (!ForEach(cases, [](RunCase& each) { return each.PodsAreReady(); })) return false;
  for (const auto& each : cases) {
    const absl::Status started = each->StartTrimtab();
    EXPECT_TRUE(started.ok()) << each->name() << ": " << started;
  }
  return true;
}

bool RunTest::Holds(RunCase& each, const std::function<bool(RunCase&)>& condition,
                    std::chrono::seconds limit) {
  if (servers::Eventually([&] { return condition(each); }, limit)) return true;
  std::cout << each.Describe();
  return false;
}

bool RunTest::ForEach(const RunCases& cases, const std::function<bool(RunCase&)>& condition) {
  bool hold = true;
  for (const auto& each : cases) {
    if (Holds(*each, condition, std::chrono::seconds(hold ? 60 : 1))) continue;
    ADD_FAILURE() << each->name();
    hold = false;
  }
  return hold;
}

}  // namespace trimtab
