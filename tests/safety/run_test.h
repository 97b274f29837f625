// The world that the tests of `trimtab run` in one binary share.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <vector>

#include "gtest/gtest.h"
#include "tests/safety/run_world.h"

namespace trimtab {

using RunCases = std::vector<std::unique_ptr<RunCase>>;

class RunTest : public testing::Test {
 protected:
  void SetUp() override;
  static RunWorld& world();

  // An application whose pods are about to start; a failure of the test when it cannot be made.
  static std::unique_ptr<RunCase> Make(RunOptions options);
  // Starts `trimtab run` for each once its pods are ready.
  static bool StartAll(const RunCases& cases);
  // Until it holds; otherwise prints all that there is to see of the case.
  static bool Holds(RunCase& each, const std::function<bool(RunCase&)>& condition,
                    std::chrono::seconds limit = std::chrono::seconds(30));
  // Until it holds for each of them.
  static bool ForEach(const RunCases& cases, const std::function<bool(RunCase&)>& condition);
};

}  // namespace trimtab
