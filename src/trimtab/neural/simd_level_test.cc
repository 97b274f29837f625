#include "trimtab/neural/simd_level.h"

#include <gtest/gtest.h>

namespace trimtab {
namespace {

TEST(SimdLevelTest, NamesReadBack) {
  for (const SimdLevel level : {SimdLevel::kPortable, SimdLevel::kNative}) {
    EXPECT_EQ(ParseSimdLevel(SimdLevelName(level)).value(), level);
  }
}

TEST(SimdLevelTest, RefusesAnotherNameAndListsBoth) {
  EXPECT_EQ(ParseSimdLevel("avx").status().message(),
            "SIMD level is 'avx', expected 'portable' or 'native'");
}

TEST(SimdLevelTest, KnowsTheInstructionSet) { EXPECT_FALSE(InstructionSetName().empty()); }

}  // namespace
}  // namespace trimtab
