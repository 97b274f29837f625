#include "trimtab/cli/interrupt.h"

#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>

namespace trimtab {
namespace {

TEST(InterruptDeathTest, TheFirstSignalSetsTheFlagAndTheSecondEndsTheProcess) {
  EXPECT_EXIT(
      {
        const auto& stop = CatchInterrupts();
        if (stop.load() || InterruptSignal() != 0) std::_Exit(1);
        std::raise(SIGINT);
        if (!stop.load() || InterruptSignal() != SIGINT) std::_Exit(2);
        std::raise(SIGINT);
        std::_Exit(3);
      },
      testing::KilledBySignal(SIGINT), "");
}

}  // namespace
}  // namespace trimtab
