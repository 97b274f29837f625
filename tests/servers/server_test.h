// Fixtures of tests against real servers.
#pragma once

#include <gtest/gtest.h>

#include "tests/servers/control_plane.h"

namespace trimtab::servers {

// The control plane that the tests of this binary share: started when the first asks for it,
// stopped after the last. It is skipped, or fails where CI is set, when a program is missing. Tests
// keep apart by namespaces of their own.
class ControlPlaneTest : public ::testing::Test {
 protected:
  void SetUp() override;
  // REQUIRES: SetUp has neither failed nor skipped.
  ControlPlane& control_plane() const { return *control_plane_; }

 private:
  ControlPlane* control_plane_ = nullptr;
};

}  // namespace trimtab::servers
