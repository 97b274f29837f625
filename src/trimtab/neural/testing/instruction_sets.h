// Runs a test on every instruction set that this machine has.
#pragma once

#include <cstdint>
#include <functional>

#include "hwy/highway.h"

namespace trimtab::testing {

// Calls body(mask) once for each compiled instruction set, with the kernels forced onto it; `mask`
// is Highway's bit of it. The normal choice is back afterwards.
inline void ForEachInstructionSet(const std::function<void(std::int64_t)>& body) {
  const std::int64_t usable = hwy::SupportedTargets() & HWY_TARGETS;
  for (std::int64_t left = usable; left != 0; left &= left - 1) {
    hwy::SetSupportedTargetsForTest(left & -left);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
    body(left & -left);
  }
  hwy::SetSupportedTargetsForTest(0);
  hwy::GetChosenTarget().Update(hwy::SupportedTargets());
}

inline bool HasFusedMultiplyAdd(std::int64_t mask) {
  return (mask & (HWY_AVX2 | HWY_AVX3 | HWY_AVX3_DL)) != 0;
}

}  // namespace trimtab::testing
