#include "tests/servers/server_test.h"

#include <memory>
#include <utility>

#include "tests/servers/programs.h"

namespace trimtab::servers {
namespace {

// GoogleTest owns it, and calls TearDown after the last test.
class SharedControlPlane : public ::testing::Environment {
 public:
  void TearDown() override { plane_.reset(); }

  // The failure of the first start is the answer to all that ask.
  absl::StatusOr<ControlPlane*> Get() {
    if (!asked_) {
      asked_ = true;
      absl::StatusOr<std::unique_ptr<ControlPlane>> started = ControlPlane::Start();
      failure_ = started.status();
      if (started.ok()) plane_ = *std::move(started);
    }
    if (!failure_.ok()) return failure_;
    return plane_.get();
  }

 private:
  bool asked_ = false;
  absl::Status failure_;
  std::unique_ptr<ControlPlane> plane_;
};

auto* const shared =
    static_cast<SharedControlPlane*>(::testing::AddGlobalTestEnvironment(new SharedControlPlane));

}  // namespace

void ControlPlaneTest::SetUp() {
  RequirePrograms(
      {"etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubectl"});
  if (IsSkipped() || HasFatalFailure()) return;
  absl::StatusOr<ControlPlane*> plane = shared->Get();
  ASSERT_TRUE(plane.ok()) << plane.status().message();
  control_plane_ = *plane;
}

}  // namespace trimtab::servers
